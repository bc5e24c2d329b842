//! The golden cases, each through the engine, through the reference and through the command line.
//!
//! A case is data: a policy, a catalog, a request, a context, and what a person wrote down that should come out. All
//! ways of running it must agree with the person, and so with each other.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test that panics has failed"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use faregate::{Catalog, Engine, PolicySet, Scratch};
use faregate_cli::{Evaluator, Surroundings, read_cases, run_case};
use faregate_tests::promises::engines::{agree, shaken_runs_agree};
use faregate_tests::repository;
use faregate_wire::golden::{Case, Expect, Input, compare, compare_run};
use faregate_wire::{
    Node, catalog_layer_to_node, context_to_node, read_one, request_to_node, scripted_to_node,
};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for folder in ["tests", "policies"] {
        let root = repository(folder);
        for path in files(&root) {
            let short = format!("{folder}/{}", path.strip_prefix(&root).unwrap_or(&path).display());
            let cases = match read_cases(&path) {
                Ok(cases) => cases,
                Err(error) => {
                    trials.push(Trial::test(short, move || Err(Failed::from(error))));
                    continue;
                }
            };
            for case in cases {
                let name = format!("{short}: {}", case.name);
                trials.push(Trial::test(name, move || all_ways(&case)));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the folder is part of the repository") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(".test.yaml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn all_ways(case: &Case) -> Result<(), Failed> {
    for (evaluator, name) in [(Evaluator::Compiled, "engine"), (Evaluator::Reference, "reference")] {
        let differences = run_case(case, evaluator);
        if !differences.is_empty() {
            return Err(format!("by the {name}:\n  {}", differences.join("\n  ")).into());
        }
    }
    if let (Ok(input), Ok(Expect::Decision(_))) = (&case.input, &case.expect) {
        to_the_byte(&case.name, input)?;
    }
    let by_command = match (&case.input, &case.expect) {
        (Ok(input), Ok(expect)) => by_command_line(case, input, expect),
        // Data that cannot be read cannot be written to a file again.
        _ => Vec::new(),
    };
    if by_command.is_empty() {
        Ok(())
    } else {
        Err(format!("by the command line:\n  {}", by_command.join("\n  ")).into())
    }
}

/// Both engines write the same decision, also where the person who wrote the case looked at a part of it, and take the same
/// steps in whatever runs may follow.
fn to_the_byte(name: &str, input: &Input) -> Result<(), Failed> {
    let texts = input.policies.iter().map(|p| (p.name.as_str(), p.text.as_str()));
    let (Ok(policy), Ok(catalog)) = (PolicySet::parse(texts), Catalog::new(input.catalog.clone())) else {
        return Ok(());
    };
    let engine = Engine::new(policy, catalog).expect("a policy and a catalog make an engine");
    match (&input.request, &input.context) {
        (Some(request), Some(context)) => {
            agree(&engine, &mut Scratch::new(), request, context)?;
            let seed = name.bytes().fold(0_u64, |seed, byte| seed.rotate_left(5) ^ u64::from(byte));
            Ok(shaken_runs_agree(&engine, request, context, 2, seed)?)
        }
        _ => Ok(()),
    }
}

/// A folder that goes away with the value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("faregate-case-{}-{number}", process::id()));
        fs::create_dir_all(&path).expect("a writable folder for temporary files");
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).expect("a writable file");
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

fn by_command_line(case: &Case, input: &Input, expect: &Expect) -> Vec<String> {
    let folder = Folder::new();
    let policies: Vec<String> = input.policies.iter().map(|p| folder.write(&p.name, &p.text)).collect();
    let layers: Vec<String> = input
        .catalog
        .iter()
        .enumerate()
        .map(|(n, layer)| folder.write(&format!("catalog-{n}.json"), &json(&catalog_layer_to_node(layer))))
        .collect();
    let mut arguments = vec!["faregate".to_owned()];
    match expect {
        Expect::Diagnostics(expected) => {
            arguments.extend([
                "check".to_owned(),
                "--set".to_owned(),
                "--format".to_owned(),
                "json".to_owned(),
            ]);
            arguments.extend(policies);
            arguments.extend(layers.into_iter().flat_map(|l| ["--catalog".to_owned(), l]));
            if let Some(day) = input.check_now {
                arguments
                    .extend(["--now".to_owned(), format!("{:04}-{:02}-{:02}", day.year, day.month, day.day)]);
            }
            let (code, out, err) = run(&arguments);
            let Ok(report) = read_one(&out) else { return vec![format!("exit {code}, no report: {err}")] };
            let found = report.get("diagnostics").cloned().unwrap_or(Node::Null);
            same_findings(expected, &without_beyond(&case.name, found), &folder.0)
        }
        Expect::Decision(expected) => {
            let (Some(request), Some(context)) = (&input.request, &input.context) else { return Vec::new() };
            let wrapped = Node::Map(vec![
                ("request".to_owned(), request_to_node(request)),
                ("context".to_owned(), context_to_node(context)),
            ]);
            let request = folder.write("request.json", &json(&wrapped));
            let layers =
                if layers.is_empty() { vec![folder.write("catalog.yaml", "endpoints: []")] } else { layers };
            let layers: Vec<String> = layers.into_iter().flat_map(|l| ["--catalog".to_owned(), l]).collect();
            let common =
                [policies, layers, ["--request", &request, "--format", "json"].map(str::to_owned).to_vec()]
                    .concat();
            let decide = [vec!["faregate".to_owned(), "decide".to_owned()], common.clone()].concat();
            // Places name files; a case knows them without the folder that they were written to.
            let prefix = format!("{}/", folder.0.display());
            let (code, out, err) = run(&decide);
            let out = out.replace(&prefix, "");
            let Ok(decision) = read_one(&out) else {
                return vec![format!("exit {code}, no decision: {err}")];
            };
            let routed = decision.get("outcome") == Some(&Node::text("route"));
            if !(case.runs() && routed) {
                return compare(expected, &decision);
            }
            let script = input.outcomes.iter().flatten().map(scripted_to_node).collect();
            let script = folder.write("outcomes.json", &json(&Node::Seq(script)));
            let rehearse =
                vec!["faregate".to_owned(), "rehearse".to_owned(), "--outcomes".to_owned(), script];
            let (code, out, err) = run(&[rehearse, common].concat());
            let out = out.replace(&prefix, "");
            match read_one(&out) {
                Ok(record) => compare_run(expected, &decision, &record),
                Err(_) => vec![format!("exit {code}, no record: {err}")],
            }
        }
        // What does not load as data cannot be told apart from what does not load as a file.
        _ => Vec::new(),
    }
}

/// What `check` finds by looking at every request, which reading alone does not: case, code and line, and why it is right.
const BEYOND: [(&str, &str, &str); 5] = [
    // A request may be tagged `a` and `b`, which `k` and `l` both want.
    ("workloads that some request reaches", "overlapping-workloads", "13"),
    // `m/learns` and `m/keeps` are forbidden to everybody.
    ("endpoints that a guardrail of all requests forbids", "never-eligible", "5"),
    // `acme/large` costs more than $0.50.
    ("a ceiling at the very price, or one that leaves another model, is clean", "never-eligible", "9"),
    // Nobody may spend $2 who may not spend $1.
    ("ceilings and requirements of two profiles add up", "no-effect", "3"),
    // `zdr and not trains` is required above.
    ("a rule that stands twice in one block", "no-effect", "6"),
];

/// Leaves out what is found beyond reading; all of it must have been found.
fn without_beyond(case: &str, found: Node) -> Node {
    let Node::Seq(mut found) = found else { return found };
    for (_, code, line) in BEYOND.iter().filter(|(name, ..)| *name == case) {
        let is = |node: &Node| {
            node.get("code") == Some(&Node::text(*code))
                && node.get("line") == Some(&Node::Number((*line).to_owned()))
        };
        match found.iter().position(is) {
            Some(at) => drop(found.remove(at)),
            None => found.push(Node::text(format!("no {code} at {line}"))),
        }
    }
    Node::Seq(found)
}

/// Compares code, line and file of each finding, in order.
fn same_findings(expected: &Node, found: &Node, folder: &Path) -> Vec<String> {
    let list = |node: &Node| match node {
        Node::Seq(items) => items.clone(),
        _ => Vec::new(),
    };
    let (expected, found) = (list(expected), list(found));
    let line = |node: &Node| {
        let field = |name: &str| match node.get(name) {
            Some(Node::Text(text) | Node::Number(text)) => text.clone(),
            _ => String::new(),
        };
        (field("code"), field("line"))
    };
    let lines = |nodes: &[Node]| nodes.iter().map(line).collect::<Vec<_>>();
    if lines(&expected) != lines(&found) {
        return vec![format!("expected {:?}, got {:?}", lines(&expected), lines(&found))];
    }
    let mut differences = Vec::new();
    for (expected, found) in expected.iter().zip(&found) {
        if let (Some(Node::Text(wanted)), Some(Node::Text(got))) = (expected.get("file"), found.get("file"))
            && Path::new(got) != folder.join(wanted)
        {
            differences.push(format!("expected a finding in {wanted}, got {got}"));
        }
    }
    differences
}

fn run(arguments: &[String]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut surroundings = Surroundings {
        stdin: &mut std::io::empty(),
        out: &mut out,
        err: &mut err,
        colour: false,
        colour_errors: false,
    };
    let code = faregate_cli::run(arguments, &mut surroundings);
    (code, String::from_utf8_lossy(&out).into_owned(), String::from_utf8_lossy(&err).into_owned())
}

fn json(node: &Node) -> String {
    serde_json::to_string(node).expect("a tree of data can be written")
}
