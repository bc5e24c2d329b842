//! Narrowing (rule 7): a guardrail, budget, ceiling, `require` or `forbid` more admits nobody.

use std::collections::BTreeSet;

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
    if !bounds_what_was_unbounded(world, &ceiling) {
        changed.push(with_ceiling(world, &workload, &ceiling));
    }
    changed.extend(with_rule(world, &workload, &rule));
    for (change, world) in changed {
        // What reduces a world may leave a name out that the added rule reads.
        let Ok(engine) = world.engine() else { continue };
        nobody_new(&before, &engine.decide(&world.request, &world.context), &BTreeSet::new(), &change)?;
    }
    Ok(())
}

/// Whether a ceiling sets an output limit for a request that names none (rule 28): then it bounds costs that had no bound,
/// and what was out as `cost_unbounded` may come in. Rule 28 says so; rule 7 does not except it.
fn bounds_what_was_unbounded(world: &World, ceiling: &str) -> bool {
    ceiling.starts_with("output ") && world.request.max_output_tokens.is_none()
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
