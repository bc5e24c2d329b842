//! Running a promise in many worlds.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use faregate_tests::promises::Verdict;
use faregate_tests::{World, reduce, worlds};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Returns how many cases a test runs: its own number, times `FAREGATE_CASES`.
pub(crate) fn cases(modest: u32) -> u32 {
    let times = std::env::var("FAREGATE_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(1_u32);
    modest.saturating_mul(times)
}

/// Returns this many worlds, one after the other, always the same ones for a name and a seed.
pub(crate) fn some_worlds(name: &str, modest: u32) -> impl Iterator<Item = World> {
    let seed = std::env::var("FAREGATE_SEED").ok().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
    let mut bytes = [0_u8; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    for (slot, byte) in bytes[8..].iter_mut().zip(name.bytes()) {
        *slot = byte;
    }
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config { failure_persistence: None, ..Config::default() }, rng);
    let strategy = worlds();
    (0..cases(modest)).map(move |_| strategy.new_tree(&mut runner).expect("a world").current())
}

/// Holds a promise in many worlds. Where it breaks, the world is made small and shown.
pub(crate) fn hold(name: &str, modest: u32, promise: fn(&World) -> Verdict) {
    for (number, world) in some_worlds(name, modest).enumerate() {
        if kept(promise, &world).is_ok() {
            continue;
        }
        let breaks = |world: &World| world.engine().is_ok() && kept(promise, world).is_err();
        let small = if breaks(&world) { reduce(&world, &breaks) } else { world };
        let what = kept(promise, &small).err().unwrap_or_default();
        panic!("{name}, case {number}: {what}\n\n{small:?}");
    }
}

/// Holds a promise in one world; a panic breaks it.
fn kept(promise: fn(&World) -> Verdict, world: &World) -> Verdict {
    match catch_unwind(AssertUnwindSafe(|| promise(world))) {
        Ok(verdict) => verdict,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
            Err(format!("it panics: {}", text.unwrap_or_default()))
        }
    }
}
