//! Random worlds as cases to replay: always the same ones, so that what differs can be looked at again.

use faregate::{Catalog, Completeness, Context, Decision, Engine, Plan, Step, Timestamp, check_set};
use faregate_wire::{
    catalog_layer_to_node, context_to_node, decision_to_json, diagnostics_to_node, outcome_to_node,
    request_to_node, step_to_json,
};

use super::{Decided, Move, Set};
use crate::generate::outcomes::{Event, script};
use crate::{Draw, World};

/// Bytes of which a world is made: enough for the largest.
const BYTES: usize = 6000;

/// Returns this many random worlds, each a set of one case, with what the native engine gives for it: findings, decision, and
/// where there is a plan a whole run.
///
/// # Panics
/// A world does not load, which the properties hold it to.
#[must_use]
pub fn random(count: usize) -> Vec<Set> {
    let mut state = 0x5eed_u64;
    (0..count)
        .map(|number| {
            let bytes: Vec<u8> = (0..BYTES).map(|_| next(&mut state)).collect();
            of(number, &World::draw(&mut Draw::new(&bytes)))
        })
        .collect()
}

/// The next of a row of bytes that look random: `SplitMix64`, of which each number's highest byte is taken.
fn next(state: &mut u64) -> u8 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)).to_be_bytes()[0]
}

fn of(number: usize, world: &World) -> Set {
    let checked = check_set(world.policies.clone(), Completeness::Whole);
    let policy = checked.policy.expect("a world loads");
    let catalog = Catalog::new(world.catalog.clone()).expect("a catalog that makes sense");
    let found = policy.check_with((!world.catalog.is_empty()).then_some(&catalog), None);
    let list: Vec<_> = found.iter().cloned().collect();
    let engine = Engine::new(policy, catalog).expect("both make an engine");
    let decision = engine.decide(&world.request, &world.context);
    let run = match &decision {
        Decision::Route(plan) => {
            run(plan, &world.context, &script(&mut Draw::new(&world.spare), world, true, true))
        }
        Decision::Deny(_) => Vec::new(),
    };
    Set {
        name: format!("random world {number}"),
        policies: world.policies.clone(),
        catalogs: world.catalog.iter().map(|layer| catalog_layer_to_node(layer).to_json()).collect(),
        today: None,
        findings: diagnostics_to_node(&list, found.sources()).to_json(),
        cases: vec![Decided {
            name: world.request.id.clone(),
            request: request_to_node(&world.request).to_json(),
            context: context_to_node(&world.context).to_json(),
            decision: decision_to_json(&decision),
            run,
        }],
    }
}

/// Plays a script, from its beginning again where it is over, to the end of the run.
fn run(plan: &Plan, context: &Context, script: &[Event]) -> Vec<Move> {
    let (mut run, mut now, mut events) = (plan.run(), context.now, script.iter().cycle());
    let mut moves = Vec::new();
    loop {
        let step = run.step(now);
        let mut here = Move { at_ms: now.0, step: step_to_json(&step), outcome: None, observe: None };
        match step {
            Step::Try(_) => {
                let event = events.next().expect("a script has events");
                now = Timestamp(now.0 + event.took_ms);
                here.outcome = Some((outcome_to_node(&event.outcome).to_json(), now.0));
                run.next(event.outcome.clone(), now);
                if let Some(observed) = &event.observed {
                    run.observe(observed);
                    here.observe = Some(context_to_node(observed).to_json());
                }
                moves.push(here);
            }
            Step::Wait { until } => {
                now = until;
                moves.push(here);
            }
            Step::Done(_) | Step::Failed(_) => {
                moves.push(here);
                return moves;
            }
        }
    }
}
