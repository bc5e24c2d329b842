//! What holds of every run, whatever its calls come to.

use std::collections::BTreeSet;

use faregate::syntax::ast::Commit;
use faregate::{
    Credential, Decision, Engine, ErrorClass, Failure, Money, Outcome, Phase, Plan, Run, Step, Timestamp,
};
use faregate_tests::generate::outcomes::{Event, Walk, script, walk, within_bounds};
use faregate_tests::promises::Verdict;
use faregate_tests::{Draw, World};
use faregate_wire::{read_one, saved_run_from, saved_run_to_json};

use crate::hold::{hold, some_worlds};

/// An engine, a plan and what comes of its calls.
type Scene = (Engine, Box<Plan>, Vec<Event>);

/// Returns the engine and the plan of a world, and a script; `None`: it is denied.
fn scene(world: &World, priced: bool, observing: bool) -> Result<Option<Scene>, String> {
    let engine = world.engine()?;
    let Decision::Route(plan) = engine.decide(&world.request, &world.context) else { return Ok(None) };
    let script = script(&mut Draw::new(&world.spare), world, priced, observing);
    Ok(Some((engine, plan, script)))
}

/// Takes the run of a world to its end.
fn ended(world: &World, plan: &Plan, script: &[Event]) -> Result<Walk, String> {
    walk(plan, &world.context, script, |_, _| Ok(())).map_err(|what| format!("{what}\nscript: {script:?}"))
}

fn runs_end_within_bounds(world: &World) -> Verdict {
    for (priced, observing) in [(false, false), (true, false), (true, true)] {
        let Some((_, plan, script)) = scene(world, priced, observing)? else { return Ok(()) };
        let walk = ended(world, &plan, &script)?;
        within_bounds(&plan, &world.context, &walk, priced)
            .map_err(|what| format!("{what}\nscript: {script:?}\nsteps: {:?}", walk.record.steps))?;
    }
    Ok(())
}

fn every_call_is_admitted_when_it_begins(world: &World) -> Verdict {
    let Some((engine, plan, script)) = scene(world, true, true)? else { return Ok(()) };
    for tried in ended(world, &plan, &script)?.tries {
        let who = (&tried.attempt.endpoint, &tried.attempt.credential);
        if !plan.attempts.iter().any(|a| (&a.endpoint, &a.credential) == who) {
            return Err(format!("{who:?} is not in the plan\nscript: {script:?}"));
        }
        let fresh = engine.decide(&world.request, &tried.known);
        let told = fresh.explanation();
        let degraded = !plan.explanation.degraded.is_empty() || !told.degraded.is_empty();
        if degraded || told.workload != plan.explanation.workload {
            continue;
        }
        let reasons =
            told.excluded.iter().filter(|e| (&e.endpoint, &e.credential) == who).flat_map(|e| &e.reasons);
        let other = reasons.clone().find(|r| !matches!(r.code.as_str(), "fallback" | "budget" | "credits"));
        if let Some(reason) = other {
            return Err(format!(
                "{who:?} is tried at {} in spite of {reason:?}\nscript: {script:?}",
                tried.at
            ));
        }
        if let Decision::Route(now) = &fresh {
            let there = now.attempts.iter().any(|a| (&a.endpoint, &a.credential) == who);
            if !there && reasons.count() == 0 {
                return Err(format!(
                    "{who:?} is tried at {}, and is no candidate\nscript: {script:?}",
                    tried.at
                ));
            }
        }
    }
    Ok(())
}

/// Returns a run as it is after it was written and read.
fn kept(engine: &Engine, run: &Run) -> Result<Run, String> {
    let json = saved_run_to_json(&run.save());
    let node = read_one(&json).map_err(|e| e.to_string())?;
    let saved = saved_run_from(&node).map_err(|e| format!("{e}\nin {json}"))?;
    if saved != run.save() {
        return Err(format!("{json} is read as {}", saved_run_to_json(&saved)));
    }
    engine.restore(saved).map_err(|e| e.to_string())
}

fn a_restored_run_goes_on_alike(world: &World) -> Verdict {
    let Some((engine, plan, script)) = scene(world, true, true)? else { return Ok(()) };
    let through = ended(world, &plan, &script)?;
    let restored = walk(&plan, &world.context, &script, |run, now| {
        let mut again = kept(&engine, run)?;
        if again.step(now) != run.clone().step(now) {
            return Err(format!("restored at {now}, it steps otherwise"));
        }
        // From here on with one that was kept in the middle of its step.
        *run = kept(&engine, &again)?;
        Ok(())
    })
    .map_err(|what| format!("{what}\nscript: {script:?}"))?;
    if restored.record != through.record {
        return Err(format!("{:?}\nis not {:?}\nscript: {script:?}", restored.record, through.record));
    }
    Ok(())
}

fn what_is_dead_or_begun_is_let_be(world: &World) -> Verdict {
    let Some((_, plan, script)) = scene(world, true, true)? else { return Ok(()) };
    let mut dead: Vec<(String, Credential)> = Vec::new();
    let mut begun = false;
    for tried in ended(world, &plan, &script)?.tries {
        let (provider, credential) = (&tried.attempt.provider, &tried.attempt.credential);
        let same = |(of, key): &(String, Credential)| {
            key == credential && (*key != Credential::Shared || of == provider)
        };
        if dead.iter().any(same) {
            return Err(format!("{credential:?} of {provider} is dead\nscript: {script:?}"));
        }
        if begun {
            return Err(format!("what has begun is begun anew\nscript: {script:?}"));
        }
        let Outcome::Failure(failure) = &tried.outcome else { continue };
        use ErrorClass::{Authentication, InsufficientCredits, Network, QuotaExhausted, Timeout};
        if matches!(failure.class, Authentication | QuotaExhausted | InsufficientCredits) {
            dead.push((provider.clone(), credential.clone()));
        }
        let output = world.request.stream && plan.commit == Commit::FirstToken && failure.emitted_tokens > 0;
        let unclear = failure.phase != Phase::BeforeOutput || matches!(failure.class, Timeout | Network);
        let effects = world.request.side_effects && unclear;
        begun = (output || effects) && !world.request.idempotent;
    }
    Ok(())
}

/// Returns the next call after the present one failed: when it begins and where it goes; `None`: there is none.
fn next_call(
    mut run: Run,
    failure: &Failure,
    now: Timestamp,
) -> Option<(Timestamp, String, Credential, Vec<u64>)> {
    run.next(Outcome::Failure(failure.clone()), now);
    let mut at = now;
    while let Step::Wait { until } = run.step(at) {
        at = until;
    }
    match run.step(at) {
        Step::Try(attempt) => Some((at, attempt.endpoint, attempt.credential, run.save().used)),
        _ => None,
    }
}

/// Where the same rule makes the same call again: another rule may take what is longer than an `up to` (rule 15).
fn a_longer_retry_after_is_no_earlier(world: &World) -> Verdict {
    let Some((_, plan, script)) = scene(world, false, false)? else { return Ok(()) };
    let asked = [0, 1, 999, 1000, 2000, 9000, 20_000, 30_000, 30_001, 60_000, 86_400_000];
    let mut run = plan.run();
    let mut now = world.context.now;
    for event in &script {
        while let Step::Wait { until } = run.step(now) {
            now = until;
        }
        let (Step::Try(_), Outcome::Failure(failure)) = (run.step(now), &event.outcome) else {
            return Ok(());
        };
        now = Timestamp(now.0.saturating_add(event.took_ms));
        let mut last: Vec<(Timestamp, String, Credential, Vec<u64>)> = Vec::new();
        for ms in asked {
            let mut failure = failure.clone();
            failure.retry_after_ms = Some(ms);
            let Some(next) = next_call(run.clone(), &failure, now) else { continue };
            let same =
                last.iter().find(|l| (&l.1, &l.2, &l.3) == (&next.1, &next.2, &next.3) && l.0 > next.0);
            if let Some(before) = same {
                return Err(format!("{ms} ms asked: {next:?}, less asked: {before:?}\nscript: {script:?}"));
            }
            last.push(next);
        }
        run.next(event.outcome.clone(), now);
    }
    Ok(())
}

#[test]
fn runs_end_within_their_bounds() {
    hold("runs_end_within_their_bounds", 200, runs_end_within_bounds);
}

#[test]
fn calls_are_admitted_when_they_begin() {
    hold("calls_are_admitted_when_they_begin", 200, every_call_is_admitted_when_it_begins);
}

#[test]
fn restored_runs_go_on_alike() {
    hold("restored_runs_go_on_alike", 100, a_restored_run_goes_on_alike);
}

#[test]
fn dead_keys_and_begun_answers_are_let_be() {
    hold("dead_keys_and_begun_answers_are_let_be", 200, what_is_dead_or_begun_is_let_be);
}

#[test]
fn longer_retry_afters_are_no_earlier() {
    hold("longer_retry_afters_are_no_earlier", 120, a_longer_retry_after_is_no_earlier);
}

/// Returns the world with a caller who pays for the first call of the plan and no more.
fn that_pays_for_one_call(world: &World) -> Option<World> {
    let (_, plan, _) = scene(world, true, true).ok()??;
    let mut capped = world.clone();
    let worst = plan.attempts.first()?.worst_cost.filter(|cost| *cost != Money::ZERO)?;
    capped.request.max_price.insert("run".to_owned(), format!("${worst}"));
    Some(capped)
}

/// The scripts are worth something: runs end in every way.
#[test]
fn runs_end_in_every_way() {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let worlds = some_worlds("runs_end_in_every_way", 1000);
    for world in worlds.flat_map(|world| [that_pays_for_one_call(&world), Some(world)]).flatten() {
        let Some((_, plan, script)) = scene(&world, true, true).expect("a world that loads") else {
            continue;
        };
        let walk = ended(&world, &plan, &script).expect("a run that ends");
        seen.insert(if walk.record.ok { "done" } else { "failed" }.to_owned());
        seen.extend(walk.record.limit.map(|limit| limit.as_str().to_owned()));
        seen.extend((walk.tries.len() > 2).then(|| "three calls".to_owned()));
        let mut steps = walk.record.steps.iter();
        seen.extend(steps.any(|s| matches!(s, faregate::StepRecord::Wait { .. })).then(|| "wait".to_owned()));
        for pair in walk.tries.windows(2) {
            let [a, b] = pair else { continue };
            let same =
                a.attempt.endpoint == b.attempt.endpoint && a.attempt.credential == b.attempt.credential;
            seen.insert(if same { "retry" } else { "move" }.to_owned());
        }
        seen.extend((walk.record.discarded_tokens > 0).then(|| "discarded".to_owned()));
        seen.extend(walk.record.partial.map(|_| "partial".to_owned()));
    }
    let all =
        ["done", "failed", "deadline", "calls", "moves", "cost", "three calls", "wait", "retry", "move"];
    let missed: Vec<&str> =
        all.into_iter().chain(["discarded", "partial"]).filter(|w| !seen.contains(*w)).collect();
    assert!(missed.is_empty(), "never: {missed:?}");
}
