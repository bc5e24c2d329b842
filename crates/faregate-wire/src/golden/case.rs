//! The file of cases.

use std::collections::HashMap;

use faregate::{CatalogLayer, Context, Date, Decision, Record, Request, Told};
use faregate_syntax::{Diagnostic, Sources};

use super::compare::is_of_run;
use super::play::observed;
use super::{compare, compare_diagnostics, compare_run, merge};
use crate::near::unknown_field;
use crate::outcome::{Scripted, script_at};
use crate::path::Path;
use crate::sink::Sink;
use crate::slot::{Tree, read, shape};
use crate::{
    Error, Node, catalog, context, context_to_node, decision_to_node, read_one, record_to_node, request,
    scalar,
};

/// A case, read.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Case {
    /// Its name, unique in its file.
    pub name: String,
    /// What is decided or checked; or what is wrong with these data, which a case may expect.
    pub input: Result<Input, Error>,
    /// What should come out; or what is wrong with the case itself.
    pub expect: Result<Expect, Error>,
}

/// What is decided or checked.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Input {
    /// The files of the policy set, in order.
    pub policies: Vec<Policy>,
    /// The layers of the catalog, in order; none where the case has no catalog.
    pub catalog: Vec<CatalogLayer>,
    /// The request; always there where a decision is expected.
    pub request: Option<Request>,
    /// The context; always there where a decision is expected.
    pub context: Option<Context>,
    /// What the calls of a run come to, one after the other.
    pub outcomes: Option<Vec<Scripted>>,
    /// The day on which `check` runs.
    pub check_now: Option<Date>,
}

/// A file of a policy set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// The last part of its path; of text in the case itself the name that it gives, or `policy.fare`, `policy-2.fare`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// What should come out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expect {
    /// A decision with these fields, and a run where `steps`, `record` or `cost` as an amount are among them.
    Decision(Node),
    /// These findings of `check`, all of them, in order.
    Diagnostics(Node),
    /// An error of the data with this part.
    Error(String),
}

/// What came out.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Got<'a> {
    /// A decision, which nothing was run after.
    Decision(&'a Decision),
    /// A decision and the run that followed it.
    Run {
        /// The decision.
        decision: &'a Decision,
        /// What happened in the run.
        record: &'a Record,
    },
    /// The findings of `check`.
    Diagnostics(&'a [Diagnostic], &'a Sources),
    /// No decision, since policy or catalog do not load; or no run, since it does not fit its script.
    Error(&'a str),
}

/// Fields that an expectation may name: those of a decision, and of a run.
const EXPECTED_FIELDS: [&str; 22] = [
    "outcome",
    "request",
    "workload",
    "denial",
    "attempts",
    "cost",
    "calls_at_most",
    "deadline_ms",
    "disable_client_retries",
    "retry",
    "tools",
    "stream",
    "budgets",
    "alerts",
    "degraded",
    "excluded",
    "waivers",
    "aliases",
    "ignored_budget_rows",
    "digests",
    "steps",
    "record",
];

/// Reads a file of cases. `load` returns the text of a path, which is relative to the file.
///
/// # Errors
/// Faults of the file's form. What is wrong within one case, its data included, fails that case alone.
pub fn read_cases(
    text: &str,
    load: &mut dyn FnMut(&str) -> Result<String, String>,
) -> Result<Vec<Case>, Error> {
    let node = read_one(text)?;
    let sink = Sink::default();
    let root = Path::Root("");
    let file = read::<CaseFileDto>(&node, &root, &sink);
    let file = sink.finish(file)?;
    let base: Vec<_> =
        node.as_map().unwrap_or_default().iter().filter(|(name, _)| name != "cases").cloned().collect();
    let base = Node::Map(base);
    let mut loader = Loader { load, texts: HashMap::new(), layers: HashMap::new() };
    let mut cases: Vec<Case> = Vec::new();
    let mut issues = Vec::new();
    for (n, Tree(node)) in file.cases.into_iter().enumerate() {
        let case = read_case(n, &base, &node, &mut loader);
        if cases.iter().any(|other| other.name == case.name) {
            issues
                .push(crate::Issue::new(format!("cases[{n}].name"), format!("{:?} stands twice", case.name)));
        }
        cases.push(case);
    }
    match Error::all(issues) {
        Some(error) => Err(error),
        None => Ok(cases),
    }
}

impl Case {
    /// Returns the verdict, where it is clear before anything runs: differences, or none. `None`: it has to run.
    ///
    /// Clear are cases that are wrong themselves, whose data cannot be read, or whose data should not be readable but
    /// for policy and catalog (those have to be loaded).
    #[must_use]
    pub fn settled(&self) -> Option<Vec<String>> {
        let lines = |error: &Error| error.issues().iter().map(ToString::to_string).collect();
        match (&self.expect, &self.input) {
            (Err(error), _) => Some(lines(error)),
            (Ok(Expect::Error(part)), Err(error)) => Some(expected_error(part, &error.to_string())),
            (Ok(_), Err(error)) => Some(lines(error)),
            _ => None,
        }
    }

    /// Whether a plan is to be run: the case has outcomes, or expects what only a run has.
    #[must_use]
    pub fn runs(&self) -> bool {
        let scripted = self.input.as_ref().is_ok_and(|input| input.outcomes.is_some());
        let expected = match &self.expect {
            Ok(Expect::Decision(expect)) => {
                expect.as_map().unwrap_or_default().iter().any(|(name, value)| is_of_run(name, value))
            }
            _ => false,
        };
        expected || scripted && matches!(self.expect, Ok(Expect::Decision(_)))
    }

    /// Returns how what came out differs from what is expected; nothing where the case holds.
    #[must_use]
    pub fn differences(&self, got: Got<'_>) -> Vec<String> {
        if let Some(settled) = self.settled() {
            return settled;
        }
        match (&self.expect, got) {
            (Ok(Expect::Decision(_)), Got::Decision(Decision::Route(_))) if self.runs() => {
                vec!["expected a run, got a plan alone".to_owned()]
            }
            (Ok(Expect::Decision(expect)), Got::Decision(decision)) => {
                let mut differences = compare(expect, &decision_to_node(decision));
                differences.extend(self.unused(0));
                differences
            }
            (Ok(Expect::Decision(expect)), Got::Run { decision, record }) => {
                let mut differences =
                    compare_run(expect, &decision_to_node(decision), &record_to_node(record));
                let told = record.told.iter().filter(|told| matches!(told, Told::Outcome { .. })).count();
                differences.extend(self.unused(told));
                differences
            }
            (Ok(Expect::Diagnostics(expect)), Got::Diagnostics(found, sources)) => {
                compare_diagnostics(expect, found, sources)
            }
            (Ok(Expect::Error(part)), Got::Error(error)) => expected_error(part, error),
            (Ok(expect), got) => {
                let expected = match expect {
                    Expect::Decision(_) if self.runs() => "a run".to_owned(),
                    Expect::Decision(_) => "a decision".to_owned(),
                    Expect::Diagnostics(_) => "diagnostics".to_owned(),
                    Expect::Error(part) => format!("an error with {part:?}"),
                };
                let got = match got {
                    Got::Decision(_) => "a decision".to_owned(),
                    Got::Run { .. } => "a run".to_owned(),
                    Got::Diagnostics(..) => "diagnostics".to_owned(),
                    Got::Error(error) => format!("the error: {error}"),
                };
                vec![format!("expected {expected}, got {got}")]
            }
            (Err(error), _) => vec![error.to_string()],
        }
    }

    /// Says how many outcomes of the script no call came to.
    fn unused(&self, used: usize) -> Option<String> {
        let outcomes = self.input.as_ref().ok()?.outcomes.as_ref()?.len();
        match outcomes.saturating_sub(used) {
            0 => None,
            1 => Some("1 outcome was not used".to_owned()),
            n => Some(format!("{n} outcomes were not used")),
        }
    }
}

fn expected_error(part: &str, error: &str) -> Vec<String> {
    if error.contains(part) { Vec::new() } else { vec![format!("error: expected {part:?}, got {error:?}")] }
}

shape! {
    /// Golden cases of one file. What stands beside `cases` is the base of every case.
    pub(crate) struct CaseFileDto as "CaseFile" {
        /// the policy set: a path relative to this file, a text of several lines, `{ name, text }`, or a list of these
        policy: Option<Tree>,
        /// the catalog: a path relative to this file, a map, or a list of these
        catalog: Option<Tree>,
        /// fields of the request
        request: Option<Tree>,
        /// fields of the context
        context: Option<Tree>,
        /// what the calls of a run come to
        #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<crate::outcome::ScriptedDto>>"))]
        outcomes: Option<Vec<Tree>>,
        /// the day on which `check` runs
        check_now: Option<scalar::Date>,
        /// the cases
        #[cfg_attr(feature = "schema", schemars(with = "Vec<CaseDto>"))]
        cases: Vec<Tree>,
    }
}

shape! {
    /// A case: laid over the base, where maps merge, lists and scalars replace, and `null` removes.
    struct CaseDto as "Case" {
        /// its name, unique in the file
        name: String,
        /// what should come out: fields of the decision, and of a run `steps`, `record`, `cost` as an amount; or
        /// `diagnostics`, or `error`
        expect: Tree,
        /// in place of the base's
        policy: Option<Tree>,
        /// in place of the base's, or laid over it where both are maps
        catalog: Option<Tree>,
        /// laid over the base's
        request: Option<Tree>,
        /// laid over the base's
        context: Option<Tree>,
        /// in place of the base's
        #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<crate::outcome::ScriptedDto>>"))]
        outcomes: Option<Vec<Tree>>,
        /// in place of the base's
        check_now: Option<scalar::Date>,
    }
}

fn read_case(n: usize, base: &Node, node: &Node, loader: &mut Loader<'_>) -> Case {
    let sink = Sink::default();
    let merged = match node {
        Node::Map(entries) => merged(base, entries),
        other => other.clone(),
    };
    let dto = read::<CaseDto>(&merged, &Path::Root(""), &sink);
    let expect = dto.as_ref().and_then(|dto| read_expect(&dto.expect.0, &sink));
    let (dto, expect) = match sink.finish(dto.zip(expect)) {
        Ok(read) => read,
        Err(error) => {
            let name = node.get("name").and_then(Node::as_text).map(str::to_owned);
            let name = name.unwrap_or_else(|| format!("case {}", n.saturating_add(1)));
            return Case { name, input: Err(error.clone()), expect: Err(error) };
        }
    };
    let name = dto.name.clone();
    let input = read_input(dto, matches!(expect, Expect::Decision(_)), loader);
    Case { name, input, expect: Ok(expect) }
}

/// Lays a case over the base. What it expects is taken as it stands, since `null` removes nothing there: it is a value to
/// be compared.
fn merged(base: &Node, entries: &[(String, Node)]) -> Node {
    let (expect, rest): (Vec<_>, Vec<_>) = entries.iter().cloned().partition(|(name, _)| name == "expect");
    match merge(base, &Node::Map(rest)) {
        Node::Map(mut merged) => {
            merged.extend(expect);
            Node::Map(merged)
        }
        other => other,
    }
}

fn read_expect(node: &Node, sink: &Sink) -> Option<Expect> {
    let root = Path::Root("expect");
    let Some(entries) = node.as_map() else {
        sink.push(root, format!("expected a map, found {}", node.found()));
        return None;
    };
    for alone in ["diagnostics", "error"] {
        if node.get(alone).is_some() && entries.len() > 1 {
            sink.push(Path::Key(&root, alone), "stands alone, and here are other fields");
            return None;
        }
    }
    match entries {
        [(name, list)] if name == "diagnostics" && list.as_seq().is_some() => {
            Some(Expect::Diagnostics(list.clone()))
        }
        [(name, Node::Text(part))] if name == "error" => Some(Expect::Error(part.clone())),
        [(name, other)] if name == "diagnostics" || name == "error" => {
            let wanted = if name == "error" { "text" } else { "a list" };
            sink.push(Path::Key(&root, name), format!("expected {wanted}, found {}", other.found()));
            None
        }
        [] => {
            sink.push(root, "names nothing, so that anything would do");
            None
        }
        _ => {
            let unknown = entries.iter().filter(|(name, _)| !EXPECTED_FIELDS.contains(&name.as_str()));
            for (name, _) in unknown {
                sink.push(Path::Key(&root, name), unknown_field(name, &EXPECTED_FIELDS));
            }
            Some(Expect::Decision(node.clone()))
        }
    }
}

fn read_input(dto: CaseDto, decides: bool, loader: &mut Loader<'_>) -> Result<Input, Error> {
    let sink = Sink::default();
    let policies = match &dto.policy {
        Some(Tree(node)) => loader.policies(node, &sink),
        None => {
            sink.push("policy", "is missing");
            Vec::new()
        }
    };
    let catalog = dto.catalog.as_ref().map(|Tree(node)| loader.catalog(node, &sink)).unwrap_or_default();
    let request = dto.request.and_then(|Tree(node)| request::read_at(&node, &Path::Root("request"), &sink));
    let context = dto.context.and_then(|Tree(node)| context::read_at(&node, &Path::Root("context"), &sink));
    if decides && sink.len() == 0 {
        for (name, there) in [("request", request.is_some()), ("context", context.is_some())] {
            if !there {
                sink.push(name, "is missing");
            }
        }
    }
    let outcomes = dto
        .outcomes
        .map(|outcomes| script_at(&Node::Seq(outcomes.into_iter().map(|Tree(node)| node).collect()), &sink));
    if let (Some(context), Some(script), 0) = (&context, &outcomes, sink.len()) {
        check_observed(context, script, &sink);
    }
    let check_now = dto.check_now.map(|day| day.0);
    sink.finish(Some(Input { policies, catalog, request, context, outcomes, check_now }))
}

/// Looks whether what a script observes makes a context.
fn check_observed(context: &Context, script: &[Scripted], sink: &Sink) {
    let base = context_to_node(context);
    for (n, scripted) in script.iter().enumerate() {
        let Some(Err(error)) = scripted.observe.as_ref().map(|over| observed(&base, over, context.now))
        else {
            continue;
        };
        let root = Path::Root("outcomes");
        for issue in error.issues() {
            sink.push(Path::Key(&Path::Index(&root, n), "observe"), issue.to_string());
        }
    }
}

/// Files of a case, each read once.
struct Loader<'a> {
    load: &'a mut dyn FnMut(&str) -> Result<String, String>,
    texts: HashMap<String, Result<String, String>>,
    layers: HashMap<String, Result<CatalogLayer, Error>>,
}

impl Loader<'_> {
    fn text(&mut self, path: &str) -> Result<String, String> {
        if let Some(known) = self.texts.get(path) {
            return known.clone();
        }
        let text = (self.load)(path);
        self.texts.insert(path.to_owned(), text.clone());
        text
    }

    fn policies(&mut self, node: &Node, sink: &Sink) -> Vec<Policy> {
        let root = Path::Root("policy");
        match node {
            Node::Seq(entries) => {
                let read = |(n, entry)| self.policy(n, entry, &Path::Index(&root, n), sink);
                entries.iter().enumerate().filter_map(read).collect()
            }
            entry => self.policy(0, entry, &root, sink).into_iter().collect(),
        }
    }

    fn policy(&mut self, n: usize, node: &Node, path: &Path<'_>, sink: &Sink) -> Option<Policy> {
        let unnamed =
            if n == 0 { "policy.fare".to_owned() } else { format!("policy-{}.fare", n.saturating_add(1)) };
        match node {
            Node::Text(text) if text.contains('\n') => Some(Policy { name: unnamed, text: text.clone() }),
            Node::Text(file) => match self.text(file) {
                Ok(text) => {
                    let name = file.rsplit(['/', '\\']).next().unwrap_or(file).to_owned();
                    Some(Policy { name, text })
                }
                Err(why) => {
                    sink.push(path, format!("cannot read {file:?}: {why}"));
                    None
                }
            },
            Node::Map(_) => {
                let named = read::<NamedText>(node, path, sink)?;
                Some(Policy { name: named.name, text: named.text })
            }
            _ => {
                sink.push(
                    path,
                    format!(
                        "expected a path, a text of several lines or {{ name, text }}, found {}",
                        node.found()
                    ),
                );
                None
            }
        }
    }

    fn catalog(&mut self, node: &Node, sink: &Sink) -> Vec<CatalogLayer> {
        let root = Path::Root("catalog");
        match node {
            Node::Seq(entries) => {
                let read = |(n, entry)| self.layer(entry, &Path::Index(&root, n), sink);
                entries.iter().enumerate().filter_map(read).collect()
            }
            entry => self.layer(entry, &root, sink).into_iter().collect(),
        }
    }

    fn layer(&mut self, node: &Node, path: &Path<'_>, sink: &Sink) -> Option<CatalogLayer> {
        match node {
            Node::Text(file) => {
                if !self.layers.contains_key(file) {
                    let text = if file.contains('\n') { Ok(file.clone()) } else { self.text(file) };
                    let layer = match text {
                        Ok(text) => catalog::catalog_layer(&text),
                        Err(why) => Err(Error::at("", format!("cannot read: {why}"))),
                    };
                    self.layers.insert(file.clone(), layer);
                }
                match self.layers.get(file)? {
                    Ok(layer) => Some(layer.clone()),
                    Err(error) => {
                        for issue in error.issues() {
                            sink.push(path, format!("{}: {issue}", file.lines().next().unwrap_or_default()));
                        }
                        None
                    }
                }
            }
            Node::Map(_) => catalog::read_at(node, path, sink),
            _ => {
                sink.push(path, format!("expected a path or a map, found {}", node.found()));
                None
            }
        }
    }
}

shape! {
    /// A text with the name of the file that it stands for.
    struct NamedText {
        name: String,
        text: String,
    }
}
