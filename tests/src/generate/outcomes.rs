//! How attempts end, what is observed meanwhile, and walks through runs by such scripts.

use std::sync::LazyLock;

use faregate::{
    Attempt, Catalog, Context, Decision, Engine, ErrorClass, Failure, Outcome, Phase, Plan, PolicySet,
    Record, Request, Run, Step, Success, Timestamp, Usage,
};
use faregate_wire::{catalog_layer, classify_event, classify_response};

use super::words::TOOLS;
use super::{Scope, context, request};
use crate::{Draw, World};

/// What comes of one call: how it ends, after how long, and what is observed before the next step.
#[derive(Clone, Debug)]
pub struct Event {
    /// How the call ends.
    pub outcome: Outcome,
    /// How long it takes, in milliseconds.
    pub took_ms: i64,
    /// What is observed then.
    pub observed: Option<Context>,
}

/// A call that a run asked for.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The attempt.
    pub attempt: Attempt,
    /// When it began.
    pub at: Timestamp,
    /// What was known then, with that instant as `now`.
    pub known: Context,
    /// How it ended.
    pub outcome: Outcome,
}

/// A run from its beginning to its end.
#[derive(Clone, Debug)]
pub struct Walk {
    /// Its calls.
    pub tries: Vec<Tried>,
    /// Its record.
    pub record: Record,
}

/// Returns how an attempt may end; costs and usage are reported only where `priced`.
pub fn outcome(draw: &mut Draw<'_>, priced: bool) -> Outcome {
    let cost = draw.text(&["0", "0.001", "0.25", "3"]).parse().ok().filter(|_| priced && draw.percent(30));
    if draw.percent(12) {
        let usage = (priced && draw.percent(60)).then(|| usage(draw));
        return Outcome::Success(Success::new(usage, cost));
    }
    let often = [
        ErrorClass::RateLimit,
        ErrorClass::Timeout,
        ErrorClass::Overloaded,
        ErrorClass::ProviderError,
        ErrorClass::Authentication,
    ];
    let mut failure =
        Failure::new(if draw.percent(50) { draw.of(&often) } else { draw.of(&ErrorClass::ALL) });
    failure.phase =
        draw.of(&[Phase::BeforeOutput, Phase::BeforeOutput, Phase::MidStream, Phase::AfterCompletion]);
    failure.emitted_tokens = draw.of(&[0, 0, 0, 1, 40, 5000]);
    failure.retry_after_ms = draw.percent(50).then(|| draw.of(&[2000, 0, 500, 20_000, 60_000, 86_400_000]));
    failure.should_retry = draw.of(&[None, None, Some(true), Some(false)]);
    failure.status = draw.of(&[None, Some(429), Some(500), Some(401)]);
    failure.cost = cost;
    Outcome::Failure(failure)
}

fn usage(draw: &mut Draw<'_>) -> Usage {
    let mut usage = Usage::new(draw.of(&[100, 0, 1500, 9_007_199_254_740_991]), draw.of(&[50, 0, 4000]));
    usage.cached_input_tokens = draw.of(&[0, 0, 50, 9000]);
    usage.reasoning_tokens = draw.of(&[0, 0, 20, 9000]);
    if draw.percent(30) {
        let used = faregate::ToolUse { calls: draw.of(&[1, 0, 7]), results: draw.of(&[0, 5]) };
        usage.tools.insert(draw.text(TOOLS), used);
    }
    usage
}

/// Returns a script for the runs of a world. What is observed leaves the key alone, but for its credits.
pub fn script(draw: &mut Draw<'_>, world: &World, priced: bool, observing: bool) -> Vec<Event> {
    (0..1 + draw.below(8))
        .map(|_| {
            let mut part = draw.part(18);
            let outcome = outcome(&mut part, priced);
            let took_ms = part.of(&[0, 1, 250, 1000, 5000, 20_000, 60_000]);
            let mut observed = None;
            if observing && part.percent(30) {
                // The same bytes from another place make a like context of other facts.
                let skip = usize::from(part.byte()) % 60;
                let mut other = context(
                    &mut Draw::new(&world.spare[skip..]),
                    &world.scope,
                    &world.catalog,
                    &world.request,
                );
                let credits = other.key.credits.take();
                other.key = world.context.key.clone();
                other.key.credits = credits;
                observed = Some(other);
            }
            Event { outcome, took_ms, observed }
        })
        .collect()
}

/// Takes a run to its end by a script that begins anew where it is over. `each` sees the run before every step.
///
/// # Errors
/// The run asks for more calls than the plan allows, answers the same question in two ways, or waits for the past.
pub fn walk(
    plan: &Plan,
    context: &Context,
    script: &[Event],
    mut each: impl FnMut(&mut Run, Timestamp) -> Result<(), String>,
) -> Result<Walk, String> {
    let mut run = plan.run();
    let mut now = context.now;
    let mut known = context.clone();
    let mut tries: Vec<Tried> = Vec::new();
    let mut events = script.iter().cycle();
    loop {
        each(&mut run, now)?;
        match run.step(now) {
            Step::Try(attempt) => {
                if tries.len() as u64 >= plan.calls_at_most {
                    return Err(format!("more calls than {}: {tries:?}", plan.calls_at_most));
                }
                if run.step(now) != Step::Try(attempt.clone()) {
                    return Err(format!("asked twice, it does not say {attempt:?} twice"));
                }
                let event = events.next().ok_or("an empty script")?;
                known.now = now;
                let (attempt, outcome) = (*attempt, event.outcome.clone());
                tries.push(Tried { attempt, at: now, known: known.clone(), outcome: outcome.clone() });
                now = Timestamp(now.0 + event.took_ms);
                run.next(outcome, now);
                if let Some(observed) = &event.observed {
                    run.observe(observed);
                    known = observed.clone();
                }
            }
            Step::Wait { until } if until <= now => return Err(format!("at {now} it waits until {until}")),
            Step::Wait { until } => now = until,
            Step::Done(record) | Step::Failed(record) => return Ok(Walk { tries, record: *record }),
        }
    }
}

/// Checks the bounds of a run: calls, cost where no cost was reported, and time.
///
/// # Errors
/// Which bound is broken.
pub fn within_bounds(plan: &Plan, context: &Context, walk: &Walk, reported: bool) -> Result<(), String> {
    let record = &walk.record;
    if record.calls != walk.tries.len() as u64 || record.calls > plan.calls_at_most {
        return Err(format!("{} calls, {} asked for", record.calls, walk.tries.len()));
    }
    if let (Some(worst), false) = (plan.worst_cost, reported)
        && (record.cost > worst || record.unknown_costs > 0)
    {
        return Err(format!("it cost {} and {} unknown, at most {worst}", record.cost, record.unknown_costs));
    }
    let Some(deadline) = plan.deadline_ms else { return Ok(()) };
    for tried in &walk.tries {
        let left = context.now.0.saturating_add(i64::try_from(deadline).unwrap_or(i64::MAX)) - tried.at.0;
        let fits = tried.attempt.timeout_ms.is_some_and(|ms| i64::try_from(ms).is_ok_and(|ms| ms <= left));
        if left <= 0 || !fits {
            return Err(format!("{left} ms before the deadline a call of {:?} ms", tried.attempt.timeout_ms));
        }
    }
    Ok(())
}

/// Texts of which [`runs`] takes one.
const POLICIES: [(&str, &str); 4] = [
    ("coding.fare", include_str!("../../../policies/coding.fare")),
    ("incident.fare", include_str!("../../../policies/incident.fare")),
    ("prototype.fare", include_str!("../../../policies/prototype.fare")),
    ("support.fare", include_str!("../../../policies/support.fare")),
];

/// Engines of [`POLICIES`] with the desk's catalog.
static ENGINES: LazyLock<Vec<Engine>> = LazyLock::new(|| {
    let layer = catalog_layer(include_str!("../../../policies/catalogs/desk.yaml")).expect("a catalog");
    let catalog = Catalog::new(vec![layer]).expect("a catalog that makes sense");
    let engine = |file| Engine::new(PolicySet::parse([file]).expect("a policy"), catalog.clone());
    POLICIES.into_iter().map(|file| engine(file).expect("an engine")).collect()
});

/// Runs a request by any script: no panic, and it ends within its bounds. Even first bytes take a random world, others a
/// policy of `policies/`.
pub fn runs(bytes: &[u8]) {
    let mut draw = Draw::new(bytes);
    let (first, priced) = (usize::from(draw.byte()), draw.percent(50));
    let mut events = draw.part(160);
    let mut world = World::draw(&mut draw);
    let engine = if first % 2 == 0 {
        let Ok(engine) = world.engine() else { return };
        engine
    } else {
        world.scope = Scope::default();
        let spare = world.spare.clone();
        world.request = asked(&spare);
        world.context = context(&mut Draw::new(&spare), &world.scope, &world.catalog, &world.request);
        ENGINES[first / 2 % ENGINES.len()].clone()
    };
    let Decision::Route(plan) = engine.decide(&world.request, &world.context) else { return };
    let script = script(&mut events, &world, priced, false);
    let walk = walk(&plan, &world.context, &script, |_, _| Ok(())).expect("a run that ends");
    within_bounds(&plan, &world.context, &walk, priced).expect("a run within its bounds");
}

fn asked(bytes: &[u8]) -> Request {
    let mut draw = Draw::new(bytes);
    let mut asked = request(&mut draw, &Scope::default());
    if draw.percent(70) {
        asked.model = None;
        asked.models.clear();
    }
    asked
}

/// Tells what any answer means: no panic, and the same twice.
///
/// The bytes are a provider, a phase, a status and then up to four lines of headers before the body.
pub fn classifies(bytes: &[u8]) {
    let mut draw = Draw::new(bytes.get(..4).unwrap_or_default());
    let provider =
        draw.text(&["openai", "anthropic", "google", "openrouter", "azure", "bedrock", "mistral", "", "x"]);
    let phase = draw.of(&Phase::ALL);
    let status = u16::from_le_bytes([draw.byte(), draw.byte()]) % 1000;
    let rest = bytes.get(4..).unwrap_or_default();
    let mut lines = rest.splitn(5, |byte| *byte == b'\n');
    let heads: Vec<String> =
        lines.by_ref().take(4).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    let headers: Vec<(&str, &str)> = heads.iter().filter_map(|line| line.split_once(':')).collect();
    let body = lines.next().unwrap_or(rest);
    let now = Timestamp(1_795_428_000_000);
    let response = || classify_response(&provider, status, headers.iter().copied(), body, phase, now);
    assert_eq!(response(), response());
    let event = || classify_event(&provider, headers.iter().copied(), body, phase, now);
    assert_eq!(event(), event());
}
