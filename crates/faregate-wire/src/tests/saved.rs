//! Saved runs and told outcomes read back as they were, whatever they hold.

use std::collections::BTreeMap;

use faregate::syntax::Fixed;
use faregate::{
    Context, Credential, Digests, ErrorClass, FailedCall, Failure, Money, Outcome, Phase, Request, RunLimit,
    SavedCall, SavedRun, SavedState, StepRecord, Success, Timestamp, Told, ToolUse, Usage,
};
use proptest::prelude::*;

use crate::{outcome_to_node, read_one, saved_run_from, saved_run_to_json, scripted_from};

const TEXT: &str = "(?s).{0,6}";

fn class() -> impl Strategy<Value = ErrorClass> {
    prop::sample::select(ErrorClass::ALL.to_vec())
}

fn phase() -> impl Strategy<Value = Phase> {
    prop::sample::select(Phase::ALL.to_vec())
}

fn money() -> impl Strategy<Value = Money> {
    any::<i128>().prop_map(|units| Money(Fixed::from_units(units)))
}

/// What was spent or reported: never below zero.
fn spent() -> impl Strategy<Value = Money> {
    (0..=i128::MAX).prop_map(|units| Money(Fixed::from_units(units)))
}

fn instant() -> impl Strategy<Value = Timestamp> {
    prop_oneof![any::<i64>(), 0..4_000_000_000_000_i64].prop_map(Timestamp)
}

fn credential() -> impl Strategy<Value = Credential> {
    prop_oneof![Just(Credential::Shared), TEXT.prop_map(Credential::Own)]
}

fn usage() -> impl Strategy<Value = Usage> {
    let tool = (any::<u64>(), any::<u64>()).prop_map(|(calls, results)| ToolUse { calls, results });
    let tools = prop::collection::btree_map(TEXT, tool, 0..3);
    (any::<u64>(), any::<u64>(), any::<u64>(), 0..3_u64, tools).prop_map(
        |(input, output, cached, reasoning, tools): (_, _, _, _, BTreeMap<String, ToolUse>)| {
            let mut usage = Usage::new(input, output);
            usage.cached_input_tokens = cached;
            usage.reasoning_tokens = reasoning;
            usage.tools = tools;
            usage
        },
    )
}

fn failure() -> impl Strategy<Value = Failure> {
    let first = (class(), prop::option::of(any::<u16>()), phase(), any::<u64>());
    let rest = (prop::option::of(any::<u64>()), prop::option::of(any::<bool>()), prop::option::of(spent()));
    (first, rest).prop_map(|((class, status, phase, emitted), (retry_after, should_retry, cost))| {
        let mut failure = Failure::new(class);
        failure.status = status;
        failure.phase = phase;
        failure.emitted_tokens = emitted;
        failure.retry_after_ms = retry_after;
        failure.should_retry = should_retry;
        failure.cost = cost;
        failure
    })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let success = (prop::option::of(usage()), prop::option::of(spent()));
    prop_oneof![
        failure().prop_map(Outcome::Failure),
        success.prop_map(|(usage, cost)| Outcome::Success(Success::new(usage, cost))),
    ]
}

fn told() -> impl Strategy<Value = Told> {
    let calendar = 0..4_000_000_000_000_i64;
    prop_oneof![
        (instant(), outcome()).prop_map(|(at, outcome)| Told::Outcome { at, outcome }),
        calendar.prop_map(|now| Told::Observed(Box::new(Context::new(Timestamp(now))))),
    ]
}

fn state() -> impl Strategy<Value = SavedState> {
    let limits = [RunLimit::Deadline, RunLimit::Calls, RunLimit::Moves, RunLimit::Cost];
    let limit = prop::option::of(prop::sample::select(limits.to_vec()));
    prop_oneof![
        any::<u64>().prop_map(|waited_ms| SavedState::Ready { waited_ms }),
        (instant(), any::<u64>()).prop_map(|(until, ms)| SavedState::Waiting { until, ms }),
        Just(SavedState::Calling),
        instant().prop_map(|at| SavedState::Done { at }),
        (prop::option::of(class()), limit, any::<bool>(), instant())
            .prop_map(|(error, limit, cut, at)| SavedState::Failed { error, limit, cut, at }),
    ]
}

fn step() -> impl Strategy<Value = StepRecord> {
    prop_oneof![
        (TEXT, TEXT, credential(), instant()).prop_map(|(endpoint, provider, credential, at)| {
            StepRecord::Try { endpoint, provider, credential, at }
        }),
        (any::<u64>(), instant()).prop_map(|(ms, at)| StepRecord::Wait { ms, at }),
        Just(StepRecord::Done),
        prop::option::of(class()).prop_map(StepRecord::Fail),
    ]
}

fn call() -> impl Strategy<Value = SavedCall> {
    let worst = (prop::option::of(money()), prop::option::of(any::<u64>()));
    let spent = (prop::option::of(money()), prop::option::of(any::<u64>()));
    let counts_under =
        prop::collection::vec((TEXT, prop::collection::vec(prop::option::of(TEXT), 0..3)), 0..3);
    (0..9_usize, instant(), any::<u64>(), worst, spent, counts_under, prop::option::of(outcome())).prop_map(
        |(at, started_at, waited_ms, (worst, worst_tokens), (spent, tokens), counts_under, outcome)| {
            SavedCall { at, started_at, waited_ms, worst, worst_tokens, spent, tokens, counts_under, outcome }
        },
    )
}

fn failed_call() -> impl Strategy<Value = FailedCall> {
    (failure(), TEXT, credential(), any::<u64>()).prop_map(|(failure, endpoint, credential, waited_ms)| {
        let mut call = FailedCall::new(failure.class, endpoint, credential);
        call.status = failure.status;
        call.phase = failure.phase;
        call.emitted_tokens = failure.emitted_tokens;
        call.retry_after_ms = failure.retry_after_ms;
        call.waited_ms = waited_ms;
        call.cost = failure.cost;
        call
    })
}

fn few<T: std::fmt::Debug>(element: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    prop::collection::vec(element, 0..3)
}

fn saved_run() -> impl Strategy<Value = SavedRun> {
    let calendar = 0..4_000_000_000_000_i64;
    let asked = (TEXT, 0..1_000_000_u64, calendar.clone(), calendar, TEXT, few(TEXT));
    let done = (few((TEXT, credential())), state(), any::<u64>(), few(any::<u64>()), few(call()));
    let noted = (few((TEXT, credential())), few(failed_call()), few(step()), any::<u64>(), few(told()));
    (asked, done, noted, (TEXT, TEXT, TEXT)).prop_map(|(asked, done, noted, digests)| {
        let (id, input_tokens, now, observed, workload, degraded) = asked;
        let (plan, state, moves, used, calls) = done;
        let (dead, errors, steps, discarded_tokens, told) = noted;
        SavedRun {
            request: Request::new(id, input_tokens),
            context: Context::new(Timestamp(now)),
            observed: Context::new(Timestamp(observed)),
            workload,
            degraded,
            at: plan.len(),
            plan,
            state,
            moves,
            used,
            calls,
            dead,
            errors,
            steps,
            discarded_tokens,
            told,
            digests: Digests::new(digests.0, digests.1, digests.2),
        }
    })
}

proptest! {
    #[test]
    fn outcomes_read_back(outcome in outcome()) {
        let text = outcome_to_node(&outcome).to_json();
        prop_assert_eq!(scripted_from(&read_one(&text).unwrap()).unwrap().outcome, outcome);
    }

    #[test]
    fn saved_runs_read_back(saved in saved_run()) {
        let text = saved_run_to_json(&saved);
        prop_assert_eq!(saved_run_from(&read_one(&text).unwrap()).unwrap(), saved);
    }
}
