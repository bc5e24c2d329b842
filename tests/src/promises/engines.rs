//! Two engines, one meaning: what is compiled decides as the reference does, to the byte.

use faregate::{Context, Credential, Decision, Engine, Request, Scratch};
use faregate_wire::{decision_to_json, decision_to_json_pretty};

use super::Verdict;
use crate::World;

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
