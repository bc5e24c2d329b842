//! What one decision costs: natively, and through the texts that bindings share. Microseconds, the median of many rounds.
//!
//! ```text
//! cargo run --release -p faregate-embed --example cost
//! ```

#![expect(clippy::float_arithmetic, reason = "time is measured, no decision is made of it")]

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use faregate::Scratch;
use faregate_embed::{Data, Engine, File};
use faregate_wire::{context_from, read_one, request_from};

fn main() -> Result<(), Box<dyn Error>> {
    let world = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/one-decision");
    let text = |name: &str| std::fs::read_to_string(world.join(name));
    let (policy, catalog) = (text("policy.fare")?, text("catalog.json")?);
    let (request, context) = (text("request.json")?, text("context.json")?);
    let engine = Engine::load(&[File::new("policy.fare", &policy)], &[Data::Text(&catalog)])?;
    let (asked, now) = (Data::Text(&request), Data::Text(&context));

    let native = engine.native();
    let (typed, facts) = (request_from(&read_one(&request)?)?, context_from(&read_one(&context)?)?);
    let mut scratch = Scratch::new();
    assert_eq!(native.decide_with(&mut scratch, &typed, &facts).attempts().count(), 3);

    tell("decide_with, brief", || {
        black_box(native.decide_with(&mut scratch, &typed, &facts).attempts().count());
    });
    tell("decide, explained", || {
        black_box(native.decide(&typed, &facts));
    });
    tell("from texts", || {
        black_box(engine.decide(&asked, &now).is_ok());
    });
    tell("from texts, to text", || {
        black_box(engine.decide(&asked, &now).map(|decision| decision.json()).is_ok());
    });
    Ok(())
}

/// Prints the median of 50 rounds of 2,000 calls, after ten that warm up.
fn tell(what: &str, mut work: impl FnMut()) {
    let mut rounds: Vec<f64> = (0..60)
        .map(|_| {
            let begun = Instant::now();
            for _ in 0..2000 {
                work();
            }
            begun.elapsed().as_secs_f64() * 1e6 / 2000.0
        })
        .skip(10)
        .collect();
    rounds.sort_by(f64::total_cmp);
    println!("Rust    {what:28} {:8.2} µs", rounds.get(rounds.len() / 2).copied().unwrap_or_default());
}
