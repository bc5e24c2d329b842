//! Narrowing (rule 7): a guardrail, budget, ceiling, `require` or `forbid` more admits nobody.

use std::collections::BTreeSet;

use faregate::Decision;
use faregate::syntax::ast::LiteralKind;
use faregate::syntax::parse_literal;

use super::{Verdict, nobody_new};
use crate::generate::{budget, ceiling_line, guardrail, rule_line};
use crate::{Draw, World};

/// Adds a rule of each kind to the policy, one at a time, and looks for a candidate that only then is admitted.
///
/// # Errors
/// The rule and whom it admits.
pub fn a_rule_more_admits_nobody(world: &World) -> Verdict {
    let before = world.engine()?.decide(&world.request, &world.context);
    let Some(workload) = before.explanation().workload.clone() else { return Ok(()) };
    let mut draw = Draw::new(&world.spare);
    let scope = &world.scope;
    let guardrail = guardrail(&mut draw.part(40), scope, "added", None);
    let (budget, _) = budget(&mut draw.part(48), scope, "added", None);
    let ceiling = ceiling_line(&mut draw.part(32), scope);
    let rule = rule_line(&mut draw.part(32), scope);
    let mut changed = vec![appended(world, &guardrail), appended(world, &budget)];
    let (with, under) = with_ceiling(world, &workload, &ceiling);
    match output_limit(world, &ceiling) {
        None => changed.push((with, under)),
        Some(limit) => whom_it_admits_it_bounds(&before, &under, limit, &with)?,
    }
    changed.extend(with_rule(world, &workload, &rule));
    for (change, world) in changed {
        // What reduces a world may leave a name out that the added rule reads.
        let Ok(engine) = world.engine() else { continue };
        nobody_new(&before, &engine.decide(&world.request, &world.context), &BTreeSet::new(), &change)?;
    }
    Ok(())
}

/// Returns the output limit that a ceiling sets for a request that names none (rule 28).
fn output_limit(world: &World, ceiling: &str) -> Option<u64> {
    let amount = ceiling.strip_prefix("output ").filter(|_| world.request.max_output_tokens.is_none())?;
    match parse_literal(amount.split(' ').next()?).ok()? {
        LiteralKind::Count(limit) => Some(limit),
        _ => None,
    }
}

/// An `output` ceiling shortens the answer and so lowers its cost, which may admit (rule 28); but no one goes without the
/// limit then.
fn whom_it_admits_it_bounds(before: &Decision, under: &World, limit: u64, change: &str) -> Verdict {
    let Ok(engine) = under.engine() else { return Ok(()) };
    let after = engine.decide(&under.request, &under.context);
    let Decision::Route(plan) = &after else { return Ok(()) };
    let bounded = plan.attempts.iter().filter(|a| a.max_output_tokens.is_some_and(|sent| sent <= limit));
    let bounded = bounded.map(|a| (a.endpoint.clone(), a.credential.clone()));
    let unreached =
        plan.explanation.excluded.iter().filter(|e| e.reasons.iter().all(|r| r.code == "fallback"));
    let unreached = unreached.map(|e| (e.endpoint.clone(), e.credential.clone()));
    nobody_new(before, &after, &bounded.chain(unreached).collect(), change)
}

fn appended(world: &World, text: &str) -> (String, World) {
    let mut changed = world.clone();
    if let Some((_, file)) = changed.policies.last_mut() {
        file.push_str(text);
    }
    (format!("added:\n{text}"), changed)
}

fn with_ceiling(world: &World, workload: &str, ceiling: &str) -> (String, World) {
    let change = format!("added to workload {workload}: ceiling {{ {ceiling} }}");
    match inserted(world, workload, "  ceiling {", &format!("    {ceiling}\n")) {
        Some(changed) => (change, changed),
        None => {
            let section = format!("  ceiling {{\n    {ceiling}\n  }}\n");
            let head = format!("workload {workload} {{");
            (change, inserted(world, workload, &head, &section).unwrap_or_else(|| world.clone()))
        }
    }
}

fn with_rule(world: &World, workload: &str, rule: &str) -> Option<(String, World)> {
    let changed = inserted(world, workload, "  route {", &format!("    {rule}\n"))?;
    Some((format!("added to workload {workload}: route {{ {rule} }}"), changed))
}

/// Puts text behind a line of a workload.
fn inserted(world: &World, workload: &str, behind: &str, put: &str) -> Option<World> {
    let mut changed = world.clone();
    let head = format!("workload {workload} {{\n");
    let (_, text) = changed.policies.iter_mut().find(|(_, text)| text.contains(&head))?;
    let start = text.find(&head)?;
    let end = start + text[start..].find("\n}\n")?;
    let line = format!("{behind}\n");
    let at = start + text[start..end].find(&line)? + line.len();
    text.insert_str(at, put);
    Some(changed)
}
