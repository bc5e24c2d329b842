//! Two engines, one meaning: what is compiled decides as the reference does, to the byte.

use faregate::{Context, Credential, Decision, Engine, Request, Scratch};
use faregate_wire::{decision_to_json, decision_to_json_pretty};

use super::Verdict;
use crate::generate::{context, market, request};
use crate::{Draw, World};

/// What a verdict says without an explanation, and what a decision says of the same things.
type Summary = (Option<String>, Option<String>, Vec<String>);

/// Both engines give the same bytes.
///
/// # Errors
/// What differs.
pub fn engines_agree(world: &World) -> Verdict {
    let engine = world.engine()?;
    let mut scratch = Scratch::new();
    agree(&engine, &mut scratch, &world.request, &world.context)
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
