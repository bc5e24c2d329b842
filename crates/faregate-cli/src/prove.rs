//! `faregate prove`

use std::collections::BTreeMap;
use std::path::PathBuf;

use faregate::{Completeness, Decision, Engine};
use faregate_analysis::{Counterexample, Outcome, Proof, prove};
use faregate_wire::{Node, context_to_node, request_to_node};

use crate::args::{Format, Prove};
use crate::{Exit, Failure, Surroundings, files, manifest, paint};

/// So many attempts of a plan are told.
const MOST_ATTEMPTS: usize = 8;

/// Policies to be proved together, with their catalogs.
struct Set {
    /// The name in the manifest, where there is one.
    name: Option<String>,
    policies: Vec<PathBuf>,
    catalogs: Vec<PathBuf>,
}

pub(crate) fn run(args: &Prove, surroundings: &mut Surroundings<'_>) -> Result<Exit, Failure> {
    let sets = sets(args, surroundings)?;
    let several = sets.len() > 1;
    let mut proofs: Vec<(Option<String>, Vec<Proof>)> = Vec::new();
    // Sets that share their catalogs share the reading of them.
    let mut engines: BTreeMap<Vec<PathBuf>, faregate::Catalog> = BTreeMap::new();
    for set in sets {
        let checked = files::policies(&set.policies, Completeness::Whole, surroundings)?;
        let Some(policy) = checked.policy else {
            files::report(&checked.diagnostics, surroundings);
            return files::unread(&checked.diagnostics, args.format, surroundings);
        };
        if !engines.contains_key(&set.catalogs) {
            let catalog = files::catalog(&set.catalogs, surroundings)?;
            engines.insert(set.catalogs.clone(), catalog);
        }
        let Some(catalog) = engines.get(&set.catalogs).cloned() else { continue };
        let name = set.name.filter(|_| several);
        let engine = Engine::new(policy, catalog)?;
        let asked =
            |name: &str| args.names.is_empty() || args.names.iter().any(|n| name.contains(n.as_str()));
        let found = prove(&engine, &asked);
        if args.format == Format::Text {
            write(name.as_deref(), &found, surroundings)?;
        }
        proofs.push((name, found));
    }
    if let Some(named) = unmet(args, &proofs) {
        return Err(Failure(named));
    }
    let all = || proofs.iter().flat_map(|(_, p)| p);
    let count = |which: fn(&Outcome) -> bool| all().filter(|p| which(&p.outcome)).count();
    let proved = count(|o| matches!(o, Outcome::Proved));
    let broken = count(|o| matches!(o, Outcome::Broken(_)));
    let undecided = count(|o| matches!(o, Outcome::Undecided(_)));
    match args.format {
        Format::Text => {
            surroundings.out.flush()?;
            let colour = surroundings.colour_errors;
            let mut counts = vec![format!("{proved} proved")];
            counts.extend((broken > 0).then(|| format!("{broken} broken")));
            counts.extend((undecided > 0).then(|| format!("{undecided} undecided")));
            let counts = counts.join(", ");
            let counts = match (broken, undecided) {
                (0, 0) => paint::good(&counts, colour),
                (0, _) => paint::note(&counts, colour),
                _ => paint::error(&counts, colour),
            };
            if all().count() == 0 {
                let nothing = "nothing to prove: the policies have no invariant";
                writeln!(surroundings.err, "{}", paint::note(nothing, colour))?;
                return Ok(Exit::Done);
            }
            let noun = if all().count() == 1 { "invariant" } else { "invariants" };
            writeln!(surroundings.err, "{counts} of {} {noun}", all().count())?;
        }
        Format::Json => {
            let nodes = proofs.iter().flat_map(|(set, p)| p.iter().map(|p| node(set.as_deref(), p)));
            let report = Node::Map(vec![("invariants".to_owned(), Node::Seq(nodes.collect()))]);
            writeln!(surroundings.out, "{}", serde_json::to_string_pretty(&report)?)?;
        }
    }
    Ok(if broken > 0 || undecided > 0 { Exit::No } else { Exit::Done })
}

/// Says that no invariant has one of the names that are asked for.
fn unmet(args: &Prove, proofs: &[(Option<String>, Vec<Proof>)]) -> Option<String> {
    let met = |part: &str| proofs.iter().flat_map(|(_, p)| p).any(|p| p.name.contains(part));
    let unmet: Vec<String> =
        args.names.iter().filter(|part| !met(part)).map(|part| format!("`{part}`")).collect();
    (!unmet.is_empty()).then(|| format!("no invariant has a name that holds {}", unmet.join(" or ")))
}

/// Says which policies belong together, and to which catalogs.
fn sets(args: &Prove, surroundings: &mut Surroundings<'_>) -> Result<Vec<Set>, Failure> {
    let mut sets = Vec::new();
    let mut policies = Vec::new();
    for path in &args.policies {
        if !path.is_dir() {
            policies.push(path.clone());
            continue;
        }
        let Some(found) = manifest::of_folder(path, surroundings)? else {
            return Err(Failure(format!(
                "{0} has no {1}; write one that says which policies and catalogs belong together, or name the files: \
                 `faregate prove {0}/POLICY.fare --catalog CATALOG.yaml`",
                path.display(),
                manifest::NAME
            )));
        };
        sets.extend(found.sets.into_iter().map(|set| Set {
            name: Some(set.name),
            policies: set.policies,
            catalogs: set.catalogs.into_iter().chain(args.catalogs.iter().cloned()).collect(),
        }));
    }
    if !policies.is_empty() {
        sets.push(Set { name: None, policies, catalogs: args.catalogs.clone() });
    }
    if let Some(set) = sets.iter().find(|s| s.catalogs.is_empty()) {
        return Err(Failure(match &set.name {
            Some(name) => format!(
                "the set `{name}` has no catalog, and what may be reached depends on it; write \
                 `{name}: {{ policies: […], catalogs: [CATALOG.yaml] }}` in {}, or give --catalog",
                manifest::NAME
            ),
            None => {
                "what may be reached depends on the catalog; give one: `--catalog CATALOG.yaml`".to_owned()
            }
        }));
    }
    Ok(sets)
}

fn write(set: Option<&str>, proofs: &[Proof], surroundings: &mut Surroundings<'_>) -> Result<(), Failure> {
    let colour = surroundings.colour;
    if let Some(set) = set {
        writeln!(surroundings.out, "{set}")?;
    }
    let indent = if set.is_some() { "  " } else { "" };
    for proof in proofs {
        match &proof.outcome {
            Outcome::Proved => {
                writeln!(surroundings.out, "{indent}{}     {}", paint::good("proved", colour), proof.name)?;
            }
            Outcome::Undecided(why) => {
                let label = paint::note("undecided", colour);
                writeln!(surroundings.out, "{indent}{label}  {} ({})", proof.name, proof.at)?;
                writeln!(surroundings.out, "{indent}  {why}")?;
            }
            Outcome::Broken(found) => {
                let label = paint::error("broken", colour);
                writeln!(surroundings.out, "{indent}{label}     {} ({})", proof.name, proof.at)?;
                for line in counterexample(found) {
                    writeln!(surroundings.out, "{indent}  {line}")?;
                }
            }
        }
    }
    Ok(())
}

/// Tells what breaks an invariant: why, who asks, what is decided, by which rules.
fn counterexample(found: &Counterexample) -> Vec<String> {
    let told = found.decision.explanation();
    let mut lines = vec![format!("because {}", found.why)];
    lines.push(format!("request: {}", request_to_node(&found.request).to_json()));
    lines.push(format!("context: {}", context_to_node(&found.context).to_json()));
    for step in &told.degraded {
        lines.push(format!(
            "budget {} at {} leads from workload {} to {}",
            step.budget, step.at, step.from, step.to
        ));
    }
    let workload = told.workload.as_ref().map(|w| format!(" by workload {w}")).unwrap_or_default();
    match &found.decision {
        Decision::Deny(denial) => {
            let rule = match (&denial.rule, &denial.at) {
                (Some(rule), Some(at)) => format!(" ({rule} at {at})"),
                (Some(rule), None) => format!(" ({rule})"),
                _ => String::new(),
            };
            lines.push(format!("denied{workload}{rule}: {}", denial.message));
        }
        Decision::Route(plan) => {
            lines.push(format!("routed{workload}, at most {} calls:", plan.calls_at_most));
            for (number, attempt) in plan.attempts.iter().enumerate() {
                // A long plan is not told whole; JSON has all of it.
                if number >= MOST_ATTEMPTS && found.attempt != Some(number) {
                    continue;
                }
                let mark = if found.attempt == Some(number) { "this one: " } else { "" };
                let key = match &attempt.credential {
                    faregate::Credential::Shared => String::new(),
                    faregate::Credential::Own(id) => format!(" with the own key {id}"),
                };
                let why = if attempt.why.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", attempt.why.join(", "))
                };
                lines.push(format!("  {mark}{}{key}{why}", attempt.endpoint));
            }
            let shown = MOST_ATTEMPTS
                .saturating_add(usize::from(found.attempt.is_some_and(|at| at >= MOST_ATTEMPTS)));
            if let Some(more @ 1..) = plan.attempts.len().checked_sub(shown) {
                lines.push(format!("  and {more} more"));
            }
        }
    }
    for waiver in &told.waivers {
        lines.push(format!(
            "guardrail {} is waived at {} until {}",
            waiver.guardrail, waiver.at, waiver.until
        ));
    }
    lines
}

fn node(set: Option<&str>, proof: &Proof) -> Node {
    let text = |t: &str| Node::text(t);
    let mut fields: Vec<(String, Node)> = Vec::new();
    fields.extend(set.map(|set| ("set".to_owned(), text(set))));
    let (result, why, witness) = match &proof.outcome {
        Outcome::Proved => ("proved", Node::Null, Node::Null),
        Outcome::Undecided(why) => ("undecided", text(why), Node::Null),
        Outcome::Broken(found) => {
            let attempt = found.attempt.map_or(Node::Null, |at| Node::Number(at.to_string()));
            let witness = vec![
                ("request".to_owned(), request_to_node(&found.request)),
                ("context".to_owned(), context_to_node(&found.context)),
                ("decision".to_owned(), faregate_wire::decision_to_node(&found.decision)),
                ("attempt".to_owned(), attempt),
            ];
            ("broken", text(&found.why), Node::Map(witness))
        }
    };
    fields.push(("name".to_owned(), text(&proof.name)));
    fields.push(("at".to_owned(), text(&proof.at)));
    fields.push(("result".to_owned(), text(result)));
    fields.push(("why".to_owned(), why));
    fields.push(("witness".to_owned(), witness));
    Node::Map(fields)
}
