//! A warm decision puts nothing on the heap: every golden case is decided until the scratch has room, then counted. Nor does a
//! run that is told how its call ended.

#![expect(clippy::expect_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

use std::alloc::System;
use std::path::Path;

use faregate::{Catalog, Decision, Engine, PolicySet, Run, Scratch, Step, Timestamp};
use faregate_cli::read_cases;
use faregate_tests::repository;
use faregate_wire::Scripted;
use faregate_wire::golden::{Expect, Input};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Returns how often something is put on the heap by a decision that is made for the fourth time; `None`: there is none.
fn allocations(input: &Input) -> Option<usize> {
    let texts = input.policies.iter().map(|p| (p.name.as_str(), p.text.as_str()));
    let policy = PolicySet::parse(texts).ok()?;
    let engine = Engine::new(policy, Catalog::new(input.catalog.clone()).ok()?).ok()?;
    let (request, context) = (input.request.as_ref()?, input.context.as_ref()?);
    let mut scratch = Scratch::new();
    for _ in 0..3 {
        let _warm = engine.decide_with(&mut scratch, request, context);
    }
    // Another thread of the harness may allocate meanwhile, so the least of several counts.
    let counts = (0..3).map(|_| {
        let region = Region::new(COUNTED);
        let verdict = engine.decide_with(&mut scratch, request, context);
        let _all = verdict.attempts().last();
        let change = region.change();
        change.allocations.saturating_add(change.reallocations)
    });
    counts.min()
}

/// Returns how often something is put on the heap by each `next` of a run that follows the script of a case.
fn allocations_of_a_run(input: &Input) -> Vec<usize> {
    let texts = input.policies.iter().map(|p| (p.name.as_str(), p.text.as_str()));
    let (Ok(policy), Ok(catalog)) = (PolicySet::parse(texts), Catalog::new(input.catalog.clone())) else {
        return Vec::new();
    };
    let engine = Engine::new(policy, catalog).expect("a policy and a catalog make an engine");
    let (Some(request), Some(context)) = (&input.request, &input.context) else { return Vec::new() };
    let Decision::Route(plan) = engine.decide(request, context) else { return Vec::new() };
    // Another thread of the harness may allocate meanwhile, so the least of several counts.
    let counts = (0..3).map(|_| told(plan.run(), context.now, input.outcomes.iter().flatten()));
    let least = |a: Vec<usize>, b: Vec<usize>| a.into_iter().zip(b).map(|(a, b)| a.min(b)).collect();
    counts.reduce(least).unwrap_or_default()
}

fn told<'s>(mut run: Run, mut now: Timestamp, mut script: impl Iterator<Item = &'s Scripted>) -> Vec<usize> {
    let mut counts = Vec::new();
    loop {
        match run.step(now) {
            Step::Try(_) => {
                let Some(scripted) = script.next() else { return counts };
                now = Timestamp(now.0.saturating_add_unsigned(scripted.took_ms));
                let outcome = scripted.outcome.clone();
                let region = Region::new(COUNTED);
                run.next(outcome, now);
                let change = region.change();
                counts.push(change.allocations.saturating_add(change.reallocations));
            }
            Step::Wait { until } => now = until,
            Step::Done(_) | Step::Failed(_) => return counts,
        }
    }
}

/// Whether a case is one of the three that [`Engine::decide_with`] names: a ceiling of the caller's, a budget that counts
/// by a number, a balance that sticks to a number.
fn may_allocate(input: &Input) -> bool {
    let by_number = |p: &faregate_wire::golden::Policy| {
        let lines = p.text.lines().map(str::trim);
        let mut counting = lines.filter(|l| l.starts_with("per ") || l.contains("sticky by"));
        counting.any(|l| l.contains("_tokens") || l.contains("images") || l.contains("request.pages"))
    };
    input.request.as_ref().is_some_and(|r| !r.max_price.is_empty()) || input.policies.iter().any(by_number)
}

fn cases(folder: &Path, inputs: &mut Vec<(String, Input)>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            cases(&path, inputs);
        } else if path.to_string_lossy().ends_with(".test.yaml") {
            for case in read_cases(&path).into_iter().flatten() {
                if let (Ok(input), Ok(Expect::Decision(_))) = (case.input, case.expect) {
                    inputs.push((format!("{}: {}", path.display(), case.name), input));
                }
            }
        }
    }
}

/// What is counted is counted for the whole process, so that one test does it all.
#[test]
fn nothing_is_put_on_the_heap() {
    warm_decisions();
    runs_that_are_told_how_a_call_ended();
}

fn warm_decisions() {
    let mut inputs = Vec::new();
    for folder in ["policies", "tests"] {
        cases(&repository(folder), &mut inputs);
    }
    let (mut counted, mut exempt) = (0, 0);
    for (name, input) in &inputs {
        if may_allocate(input) {
            exempt += 1;
            continue;
        }
        if let Some(allocations) = allocations(input) {
            assert_eq!(allocations, 0, "{name}");
            counted += 1;
        }
    }
    println!("{counted} cases counted, {exempt} exempt");
    assert!(counted > 500, "only {counted} cases were counted");
    assert!(exempt * 20 < counted, "{exempt} of {counted} are exempt");
}

fn runs_that_are_told_how_a_call_ended() {
    let mut inputs = Vec::new();
    for folder in ["policies", "tests"] {
        cases(&repository(folder), &mut inputs);
    }
    let mut calls = 0;
    for (name, input) in &inputs {
        for allocations in allocations_of_a_run(input) {
            assert_eq!(allocations, 0, "{name}");
            calls += 1;
        }
    }
    assert!(calls > 700, "only {calls} calls were told of");
}
