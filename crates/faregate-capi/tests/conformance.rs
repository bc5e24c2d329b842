//! The golden cases through the C ABI: findings, decisions, steps and records are the native engine's, to the byte.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test that panics has failed"
)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

mod c;

use c::{Decision, Engine, Run, Through};
use faregate_tests::replay::{Binding, Set, random, replay, replays};

struct C;

impl Binding for C {
    type Engine = Engine;
    type Decision = Decision;
    type Run = Run;

    fn check(&self, files: &[(String, String)], layers: &[String], today: &str) -> Result<String, String> {
        Through.check(files, layers, today)
    }
    fn load(&self, files: &[(String, String)], layers: &[String]) -> Result<Engine, String> {
        Through.load(files, layers)
    }
    fn decide(&self, engine: &Engine, request: &str, context: &str) -> Result<Decision, String> {
        engine.decide(request, context)
    }
    fn json(&self, decision: &Decision) -> Result<String, String> {
        decision.json()
    }
    fn run(&self, decision: &Decision) -> Result<Run, String> {
        decision.run()?.ok_or_else(|| "no run".to_owned())
    }
    fn step(&self, run: &Run, now_ms: i64) -> Result<String, String> {
        run.step(now_ms)
    }
    fn next(&self, run: &Run, outcome: &str, now_ms: i64) -> Result<(), String> {
        run.next(outcome, now_ms)
    }
    fn observe(&self, run: &Run, context: &str) -> Result<(), String> {
        run.observe(context)
    }
    fn carried_over(&self, engine: &Engine, run: Run) -> Result<Run, String> {
        engine.restore(&run.save()?)
    }
}

/// Replays sets by two threads, as a gateway would; returns what failed.
fn failures(sets: &[Set]) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut failed = Vec::new();
        while let Some(set) = sets.get(next.fetch_add(1, Ordering::Relaxed)) {
            failed.extend(replay(&C, set).err().map(|error| format!("{}: {error}", set.name)));
        }
        failed
    };
    thread::scope(|threads| {
        let other = threads.spawn(work);
        let mut failed = work();
        failed.extend(other.join().unwrap_or_else(|_| vec!["a thread panicked".to_owned()]));
        failed
    })
}

/// Were the cases not found, nothing would be compared.
fn counted(sets: &[Set]) -> (usize, usize) {
    let cases = sets.iter().map(|set| set.cases.len()).sum();
    (cases, sets.iter().flat_map(|set| &set.cases).filter(|case| !case.run.is_empty()).count())
}

#[test]
fn every_golden_case_gives_the_bytes_of_the_native_engine() {
    let sets = replays();
    let (cases, runs) = counted(&sets);
    assert!(sets.len() > 300 && cases > 600 && runs > 150, "{} {cases} {runs}", sets.len());
    assert_eq!(failures(&sets), Vec::<String>::new(), "of {} sets", sets.len());
}

#[test]
fn random_worlds_give_the_bytes_of_the_native_engine() {
    let sets = random(200);
    let (cases, runs) = counted(&sets);
    assert!(cases >= 200 && runs > 30, "{cases} {runs}");
    assert_eq!(failures(&sets), Vec::<String>::new(), "of {} worlds", sets.len());
}
