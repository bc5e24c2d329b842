//! The golden cases as every binding takes them: texts in, and the bytes that the native engine gives for them.
//!
//! A binding replays a case through its own functions ([`replay`] for those that Rust can call; `golden-lines` writes the same
//! as JSON lines for other languages) and must give the same bytes: findings, decision, steps, record.

use std::fs;
use std::path::{Path, PathBuf};

use faregate::{Catalog, Completeness, Decision, Engine, Step, Timestamp, check_set};
use faregate_wire::golden::{Case, Expect, Input, merge, read_cases};
use faregate_wire::{
    Node, catalog_layer_to_node, context_to_node, decision_to_json, diagnostics_to_node, outcome_to_node,
    request_to_node, step_to_json,
};

use crate::repository;

mod random;

pub use random::random;

/// A policy set with a catalog, and the golden cases that speak of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// The file, and the first case.
    pub name: String,
    /// Names and texts of the policy set.
    pub policies: Vec<(String, String)>,
    /// Layers of the catalog, as JSON.
    pub catalogs: Vec<String>,
    /// The day on which `check` runs.
    pub today: Option<String>,
    /// All findings of `check`.
    pub findings: String,
    /// What is decided; nothing where the policy does not load.
    pub cases: Vec<Decided>,
}

/// What a case decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The name of the case.
    pub name: String,
    /// The request, as JSON.
    pub request: String,
    /// The context, as JSON.
    pub context: String,
    /// The decision.
    pub decision: String,
    /// What happens in the run: nothing where there is no script or no plan.
    pub run: Vec<Move>,
}

/// A step of a run: what it asks, then what it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// When it is asked.
    pub at_ms: i64,
    /// What it asks.
    pub step: String,
    /// How the call ends, and when.
    pub outcome: Option<(String, i64)>,
    /// A context that is observed then.
    pub observe: Option<String>,
}

/// What replays a case: the functions of a binding. Errors are texts.
pub trait Binding {
    /// A loaded engine.
    type Engine;
    /// A decision.
    type Decision;
    /// A run.
    type Run;

    /// `check` as JSON.
    ///
    /// # Errors
    /// What the binding says.
    fn check(&self, files: &[(String, String)], layers: &[String], today: &str) -> Result<String, String>;
    /// Loads an engine.
    ///
    /// # Errors
    /// What the binding says.
    fn load(&self, files: &[(String, String)], layers: &[String]) -> Result<Self::Engine, String>;
    /// Decides.
    ///
    /// # Errors
    /// What the binding says.
    fn decide(&self, engine: &Self::Engine, request: &str, context: &str) -> Result<Self::Decision, String>;
    /// The decision as JSON.
    ///
    /// # Errors
    /// What the binding says.
    fn json(&self, decision: &Self::Decision) -> Result<String, String>;
    /// The run of a decision.
    ///
    /// # Errors
    /// What the binding says.
    fn run(&self, decision: &Self::Decision) -> Result<Self::Run, String>;
    /// What the run asks.
    ///
    /// # Errors
    /// What the binding says.
    fn step(&self, run: &Self::Run, now_ms: i64) -> Result<String, String>;
    /// Tells how a call ended.
    ///
    /// # Errors
    /// What the binding says.
    fn next(&self, run: &Self::Run, outcome: &str, now_ms: i64) -> Result<(), String>;
    /// Tells fresher facts.
    ///
    /// # Errors
    /// What the binding says.
    fn observe(&self, run: &Self::Run, context: &str) -> Result<(), String>;
    /// Saves the run and restores it.
    ///
    /// # Errors
    /// What the binding says.
    fn carried_over(&self, engine: &Self::Engine, run: Self::Run) -> Result<Self::Run, String>;
}

/// Replays the cases of a set through a binding: the same bytes at every step.
///
/// # Errors
/// What is different, or what the binding says.
pub fn replay<B: Binding>(binding: &B, set: &Set) -> Result<(), String> {
    let today = set.today.as_deref().unwrap_or_default();
    same("check", &set.findings, &binding.check(&set.policies, &set.catalogs, today)?)?;
    if set.cases.is_empty() {
        return Ok(());
    }
    let engine = binding.load(&set.policies, &set.catalogs)?;
    let replay =
        |case| replay_case(binding, &engine, case).map_err(|error| format!("{}: {error}", case.name));
    set.cases.iter().try_for_each(replay)
}

fn replay_case<B: Binding>(binding: &B, engine: &B::Engine, case: &Decided) -> Result<(), String> {
    let decision = binding.decide(engine, &case.request, &case.context)?;
    same("the decision", &case.decision, &binding.json(&decision)?)?;
    if case.run.is_empty() {
        return Ok(());
    }
    let mut run = binding.run(&decision)?;
    for (n, step) in case.run.iter().enumerate() {
        run = binding.carried_over(engine, run)?;
        same(&format!("step {n}"), &step.step, &binding.step(&run, step.at_ms)?)?;
        if let Some((outcome, at)) = &step.outcome {
            binding.next(&run, outcome, *at)?;
        }
        if let Some(context) = &step.observe {
            binding.observe(&run, context)?;
        }
    }
    Ok(())
}

fn same(what: &str, native: &str, got: &str) -> Result<(), String> {
    if native == got { Ok(()) } else { Err(format!("{what}\n  native: {native}\n  here:   {got}")) }
}

/// Returns all golden cases whose data can be read, those together that stand under one another and speak of one set.
#[must_use]
pub fn replays() -> Vec<Set> {
    let mut all = Vec::new();
    for folder in ["tests", "policies"] {
        let root = repository(folder);
        for path in files(&root) {
            let text = fs::read_to_string(&path).expect("a file of cases");
            let beside = path.parent().expect("a folder").to_owned();
            let mut load = |file: &str| fs::read_to_string(beside.join(file)).map_err(|e| e.to_string());
            let cases = read_cases(&text, &mut load).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let short = path.strip_prefix(&root).expect("below the folder").display().to_string();
            let readable: Vec<_> = cases.iter().filter_map(|c| Some((c, c.input.as_ref().ok()?))).collect();
            let one_set = |(_, a): &(_, &Input), (_, b): &(_, &Input)| {
                a.policies == b.policies && a.catalog == b.catalog && a.check_now == b.check_now
            };
            for together in readable.chunk_by(one_set) {
                all.extend(of(&format!("{folder}/{short}: {}", together[0].0.name), together));
            }
        }
    }
    all
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is part of the repository") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.to_string_lossy().ends_with(".test.yaml") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// `None`: the catalog is none.
fn of(name: &str, cases: &[(&Case, &Input)]) -> Option<Set> {
    let (_, input) = *cases.first()?;
    let catalog = Catalog::new(input.catalog.clone()).ok()?;
    let policies: Vec<_> = input.policies.iter().map(|p| (p.name.clone(), p.text.clone())).collect();
    let checked = check_set(policies.clone(), Completeness::Whole);
    let found = match &checked.policy {
        Some(policy) => {
            let catalog = (!input.catalog.is_empty()).then_some(&catalog);
            policy.check_with(catalog, input.check_now)
        }
        None => checked.diagnostics,
    };
    let list: Vec<_> = found.iter().cloned().collect();
    let engine = checked.policy.map(|policy| Engine::new(policy, catalog).expect("both make an engine"));
    let decides = |(case, input): &(&Case, &Input)| match case.expect {
        Ok(Expect::Decision(_)) => decided(&case.name, engine.as_ref()?, input),
        _ => None,
    };
    Some(Set {
        name: name.to_owned(),
        policies,
        catalogs: input.catalog.iter().map(|layer| catalog_layer_to_node(layer).to_json()).collect(),
        today: input.check_now.map(|d| format!("{:04}-{:02}-{:02}", d.year, d.month, d.day)),
        findings: diagnostics_to_node(&list, found.sources()).to_json(),
        cases: cases.iter().filter_map(decides).collect(),
    })
}

fn decided(name: &str, engine: &Engine, input: &Input) -> Option<Decided> {
    let (request, context) = (input.request.as_ref()?, input.context.as_ref()?);
    let decision = engine.decide(request, context);
    Some(Decided {
        name: name.to_owned(),
        request: request_to_node(request).to_json(),
        context: context_to_node(context).to_json(),
        decision: decision_to_json(&decision),
        run: run(&decision, input),
    })
}

/// Plays the script of a case. Where it has too few outcomes, the run is told no more.
fn run(decision: &Decision, input: &Input) -> Vec<Move> {
    let (Decision::Route(plan), Some(script), Some(context)) = (decision, &input.outcomes, &input.context)
    else {
        return Vec::new();
    };
    let (mut run, mut now, mut script) = (plan.run(), context.now, script.iter());
    let mut moves = Vec::new();
    loop {
        let step = run.step(now);
        let mut here = Move { at_ms: now.0, step: step_to_json(&step), outcome: None, observe: None };
        match step {
            Step::Try(_) => {
                let Some(next) = script.next() else {
                    moves.push(here);
                    return moves;
                };
                now = Timestamp(now.0 + i64::try_from(next.took_ms).expect("a short call"));
                here.outcome = Some((outcome_to_node(&next.outcome).to_json(), now.0));
                run.next(next.outcome.clone(), now);
                if let Some(overlay) = &next.observe {
                    let base = context_to_node(context);
                    let fields =
                        overlay.as_map().unwrap_or_default().iter().filter(|(name, _)| name != "now");
                    let fresh = merge(&base, &Node::Map(fields.cloned().collect()));
                    run.observe(&faregate_wire::context_from(&fresh).expect("a context: the case was read"));
                    here.observe = Some(fresh.to_json());
                }
            }
            Step::Wait { until } => {
                assert!(until > now, "the run waits for what has passed");
                now = until;
            }
            Step::Done(_) | Step::Failed(_) => {
                moves.push(here);
                return moves;
            }
        }
        moves.push(here);
    }
}

impl Set {
    /// Writes the set as JSON on one line: the fields of this type, and what came out as text, byte for byte.
    #[must_use]
    pub fn to_json(&self) -> String {
        let pair = |(name, text): &(String, String)| {
            Node::Seq(vec![Node::text(name.as_str()), Node::text(text.as_str())])
        };
        let texts = |texts: &[String]| Node::Seq(texts.iter().map(|t| Node::text(t.as_str())).collect());
        let optional = |text: Option<&String>| text.map_or(Node::Null, |t| Node::text(t.as_str()));
        let number = |n: i64| Node::Number(n.to_string());
        let map = |fields: Vec<(&str, Node)>| {
            Node::Map(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
        };
        let step = |step: &Move| {
            map(vec![
                ("at_ms", number(step.at_ms)),
                ("step", Node::text(step.step.as_str())),
                ("outcome", optional(step.outcome.as_ref().map(|(outcome, _)| outcome))),
                ("ended_ms", step.outcome.as_ref().map_or(Node::Null, |(_, at)| number(*at))),
                ("observe", optional(step.observe.as_ref())),
            ])
        };
        let case = |decided: &Decided| {
            map(vec![
                ("name", Node::text(decided.name.as_str())),
                ("request", Node::text(decided.request.as_str())),
                ("context", Node::text(decided.context.as_str())),
                ("decision", Node::text(decided.decision.as_str())),
                ("run", Node::Seq(decided.run.iter().map(step).collect())),
            ])
        };
        map(vec![
            ("name", Node::text(self.name.as_str())),
            ("policies", Node::Seq(self.policies.iter().map(pair).collect())),
            ("catalogs", texts(&self.catalogs)),
            ("today", optional(self.today.as_ref())),
            ("findings", Node::text(self.findings.as_str())),
            ("cases", Node::Seq(self.cases.iter().map(case).collect())),
        ])
        .to_json()
    }
}
