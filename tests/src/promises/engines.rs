//! Two engines, one meaning: what is compiled decides as the reference does, to the byte.

use faregate::{
    Context, Counted, Credential, CredentialState, Decision, Engine, Health, Money, Ratio, Request, Scratch,
    Step, Timestamp,
};
use faregate_wire::{decision_to_json, decision_to_json_pretty};

use super::Verdict;
use crate::generate::outcomes::{Event, outcome, script};
use crate::generate::{context, market, request};
use crate::{Draw, World};

/// What a verdict says without an explanation, and what a decision says of the same things.
type Summary = (Option<String>, Option<String>, Vec<String>);

/// Both engines give the same bytes, for eight requests that one scratch sees one after the other.
///
/// # Errors
/// What differs.
pub fn engines_agree(world: &World) -> Verdict {
    let engine = world.engine()?;
    let mut scratch = Scratch::new();
    agree(&engine, &mut scratch, &world.request, &world.context)?;
    let seed = world.spare.iter().fold(1_u64, |seed, byte| seed.rotate_left(7) ^ u64::from(*byte));
    let mut byte = bytes_of(seed);
    for _ in 0..7 {
        let bytes: Vec<u8> = (0..800).map(|_| byte()).collect();
        let mut draw = Draw::new(&bytes);
        let request = request(&mut draw.part(160), &world.scope);
        let context = context(&mut draw.part(640), &world.scope, &world.catalog, &request);
        agree(&engine, &mut scratch, &request, &context)
            .map_err(|what| format!("{what}\nrequest: {request:?}\ncontext: {context:?}"))?;
    }
    Ok(())
}

/// Returns a source of bytes, the same for the same seed.
fn bytes_of(seed: u64) -> impl FnMut() -> u8 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    }
}

/// Both engines give the same bytes in a market of 10 to 500 endpoints, for several requests that one scratch sees one
/// after the other, and after the market was bound anew.
///
/// # Errors
/// What differs.
pub fn engines_agree_in_a_market(world: &World) -> Verdict {
    // Few bytes are spread over many rows.
    let seeds = &world.spare;
    let size = 10 + usize::from(seeds[0]) * 490 / 255;
    let bytes: Vec<u8> = (0..size * 64)
        .map(|n| {
            seeds[n % seeds.len()]
                .wrapping_mul(31)
                .wrapping_add(seeds[(n / 7 + n) % 97])
                .rotate_left(n as u32 % 7)
        })
        .collect();
    let mut large = world.clone();
    large.catalog.push(market(&mut Draw::new(&bytes), size));
    let small = world.engine()?;
    let engine = small.with_catalog(large.merged()?).map_err(|e| e.to_string())?;
    let mut scratch = Scratch::new();
    agree(&small, &mut scratch, &world.request, &world.context)?;
    let mut draw = Draw::new(&bytes);
    for _ in 0..2 {
        agree(&engine, &mut scratch, &large.request, &large.context)?;
        large.request = request(&mut draw.part(160), &world.scope);
        large.context = context(&mut draw.part(640), &world.scope, &large.catalog, &large.request);
    }
    agree(&engine, &mut scratch, &large.request, &large.context)?;

    // Where prices are plain and nothing is known of health, costs are sorted as numbers: of 64 bits, if no price is out of
    // all proportion.
    for (least, most) in [("0.000000000000001", "1000"), ("0.0000001", "0.001")] {
        plain(&mut large, least, most);
        let engine = engine.with_catalog(large.merged()?).map_err(|e| e.to_string())?;
        agree(&engine, &mut scratch, &large.request, &large.context)?;
        large.request.max_output_tokens.get_or_insert(500);
        agree(&engine, &mut scratch, &large.request, &large.context)?;
    }
    Ok(())
}

/// Takes away what makes prices and candidates other than plain, and prices that do not lie between these two.
pub fn plain(world: &mut World, least: &str, most: &str) {
    let dear = most.parse().expect("money");
    let small = least.parse().expect("money");
    for row in world.catalog.iter_mut().flat_map(|layer| &mut layer.endpoints) {
        let prices = &mut row.facts.prices;
        prices.overrides = Some(Vec::new());
        for price in [
            &mut prices.prompt,
            &mut prices.completion,
            &mut prices.request,
            &mut prices.image,
            &mut prices.cache_read,
            &mut prices.cache_write,
            &mut prices.reasoning,
        ] {
            *price = price.filter(|p| *p < dear && *p > small);
        }
        prices.prompt.get_or_insert(small);
        prices.completion.get_or_insert(small);
    }
    world.request.tools.clear();
    world.context.endpoints.clear();
    world.context.credentials.clear();
}

/// Both engines give the same bytes for one request, and the verdict says what the decision says.
///
/// # Errors
/// What differs.
pub fn agree(engine: &Engine, scratch: &mut Scratch, request: &Request, context: &Context) -> Verdict {
    let reference = engine.decide_by_reference(request, context);
    let verdict = engine.decide_with(scratch, request, context);
    let said = (
        verdict.workload().map(str::to_owned),
        verdict.denial().map(|code| code.as_str().to_owned()),
        verdict
            .attempts()
            .map(|a| {
                let credential = a.credential().map(|own| own.id.clone());
                let costs = (a.expected_cost(), a.worst_cost(), a.max_output_tokens());
                format!("{} {credential:?} tier {} {costs:?}", a.endpoint().id, a.tier())
            })
            .collect(),
    );
    let meant = summary(&reference);
    if said != meant {
        return Err(format!("the verdict is {said:?}\nand the reference says {meant:?}"));
    }
    let (compiled, reference) = (verdict.explain(), reference);
    if decision_to_json(&compiled) != decision_to_json(&reference) {
        let (a, b) = (decision_to_json_pretty(&compiled), decision_to_json_pretty(&reference));
        let first = a.lines().zip(b.lines()).find(|(a, b)| a != b);
        return Err(format!("they part at {first:?}\ncompiled: {a}\nreference: {b}"));
    }
    Ok(())
}

/// A run takes the same steps and knows the same things by both engines, whatever is observed on the way and wherever it is
/// saved and restored.
///
/// # Errors
/// What differs.
pub fn runs_agree(world: &World) -> Verdict {
    let engine = world.engine()?;
    for number in 0..8 {
        let mut script = script(&mut Draw::new(&world.spare[number * 11..]), world, number % 3 > 0, true);
        if number % 2 == 1 {
            // Hours, so that prices and windows change on the way.
            script.iter_mut().for_each(|event| event.took_ms = event.took_ms.saturating_mul(3000));
        }
        run_agrees(&engine, &world.request, &world.context, &script)
            .map_err(|what| format!("{what}\nscript: {script:?}"))?;
    }
    Ok(())
}

/// Runs of a request that somebody thought of go alike by both engines, whatever comes of the calls and however what is known
/// changes on the way: `seed` draws it, `runs` times.
///
/// # Errors
/// What differs.
pub fn shaken_runs_agree(
    engine: &Engine,
    request: &Request,
    context: &Context,
    runs: usize,
    seed: u64,
) -> Verdict {
    let mut byte = bytes_of(seed);
    for _ in 0..runs {
        let bytes: Vec<u8> = (0..600).map(|_| byte()).collect();
        let mut draw = Draw::new(&bytes);
        let priced = draw.percent(30);
        let events = (0..1 + draw.below(6)).map(|_| Event {
            outcome: outcome(&mut draw, priced),
            took_ms: draw.of(&[250, 0, 1000, 5000, 60_000, 3_600_000, 30_000_000]),
            observed: draw.percent(60).then(|| shaken(&mut draw, engine, context)),
        });
        let script: Vec<Event> = events.collect();
        run_agrees(engine, request, context, &script)
            .map_err(|what| format!("{what}\nscript: {script:?}"))?;
    }
    Ok(())
}

/// A context of which some facts have changed.
fn shaken(draw: &mut Draw<'_>, engine: &Engine, context: &Context) -> Context {
    let mut context = context.clone();
    for _ in 0..draw.below(4) {
        let endpoints = engine.catalog().endpoints();
        let Some(endpoint) = endpoints.get(draw.below(endpoints.len().min(256))) else { break };
        let name = if draw.percent(70) { &endpoint.id } else { &endpoint.provider };
        let facts = context.endpoints.entry(name.clone()).or_default();
        facts.health = draw.of(&[Some(Health::Down), Some(Health::Degraded), Some(Health::Up), None]);
        facts.uptime = draw.of(&["0.999", "0.9", "0"]).parse().ok().map(Ratio);
        facts.latency_ms = [draw.of(&[None, Some(50), Some(5000)]); 4];
        let later = draw.of(&[1000, 60_000, 90_000_000]);
        facts.cooling_until = draw.percent(40).then(|| Timestamp(context.now.0.saturating_add(later)));
    }
    match draw.below(4) {
        0 => context.credentials.clear(),
        1 => context.credentials.iter_mut().for_each(|own| own.state = CredentialState::Exhausted),
        _ => {}
    }
    if draw.percent(30) {
        context.key.credits = draw.of(&[None, Some(Money::ZERO), "0.01".parse().ok(), "9".parse().ok()]);
    }
    match (draw.below(5), &mut context.budgets) {
        (0, budgets) => *budgets = None,
        (1, Some(budgets)) => budgets.clear(),
        (2, Some(budgets)) => {
            for row in budgets {
                row.counted = match row.counted {
                    Counted::Spend(_) => Counted::Spend("1000000".parse().expect("money")),
                    Counted::Requests(_) => Counted::Requests(1_000_000),
                    Counted::Tokens(_) => Counted::Tokens(1_000_000_000),
                    Counted::Concurrency(_) => Counted::Concurrency(1_000_000),
                };
            }
        }
        _ => {}
    }
    context
}

fn run_agrees(engine: &Engine, request: &Request, context: &Context, script: &[Event]) -> Verdict {
    let Decision::Route(plan) = engine.decide(request, context) else { return Ok(()) };
    let (mut compiled, mut reference) = (plan.run(), plan.run().by_reference());
    let mut now = context.now;
    let mut events = script.iter().cycle().enumerate();
    loop {
        let steps = (compiled.step(now), reference.step(now));
        if steps.0 != steps.1 {
            return Err(format!("at {now} {:?}\nand by the reference {:?}", steps.0, steps.1));
        }
        let (a, b) = (compiled.save(), reference.save());
        if a != b {
            return Err(format!("at {now} the run knows {a:?}\nand by the reference {b:?}"));
        }
        match steps.0 {
            Step::Try(_) => {
                let (number, event) = events.next().ok_or("an empty script")?;
                now = Timestamp(now.0 + event.took_ms);
                compiled.next(event.outcome.clone(), now);
                reference.next(event.outcome.clone(), now);
                if let Some(observed) = &event.observed {
                    compiled.observe(observed);
                    reference.observe(observed);
                }
                if number % 3 == 1 {
                    compiled = engine.restore(compiled.save()).map_err(|e| e.to_string())?;
                    reference = engine.restore(reference.save()).map_err(|e| e.to_string())?.by_reference();
                }
            }
            Step::Wait { until } => now = until,
            Step::Done(_) | Step::Failed(_) => return Ok(()),
        }
    }
}

fn summary(decision: &Decision) -> Summary {
    let workload = decision.explanation().workload.clone();
    match decision {
        Decision::Deny(denial) => (workload, Some(denial.code.as_str().to_owned()), Vec::new()),
        Decision::Route(plan) => {
            let attempts = plan.attempts.iter().map(|a| {
                let credential = match &a.credential {
                    Credential::Shared => None,
                    Credential::Own(id) => Some(id),
                };
                let costs = (a.expected_cost, a.worst_cost, a.max_output_tokens);
                format!("{} {credential:?} tier {} {costs:?}", a.endpoint, a.tier)
            });
            (workload, None, attempts.collect())
        }
    }
}
