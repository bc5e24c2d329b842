//! The tree kept tidy: what documents say is held to what is there.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test that panics has failed"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use faregate::{DenialCode, Reason};
use faregate_cli::{Surroundings, read_cases};
use faregate_tests::repository;
use serde_json::Value;

fn text(path: &str) -> String {
    fs::read_to_string(repository(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Which of our crates each of our crates may use.
const LAYERS: [(&str, &[&str]); 9] = [
    ("faregate-syntax", &[]),
    ("faregate", &["faregate-syntax"]),
    ("faregate-wire", &["faregate", "faregate-syntax"]),
    ("faregate-embed", &["faregate", "faregate-wire"]),
    ("faregate-capi", &["faregate-embed"]),
    ("faregate-analysis", &["faregate", "faregate-syntax"]),
    ("faregate-import", &["faregate-syntax"]),
    (
        "faregate-cli",
        &["faregate", "faregate-analysis", "faregate-import", "faregate-syntax", "faregate-wire"],
    ),
    (
        "faregate-tests",
        &[
            "faregate",
            "faregate-analysis",
            "faregate-cli",
            "faregate-import",
            "faregate-syntax",
            "faregate-wire",
        ],
    ),
];

/// What the engine and the syntax may bring along: every embedder compiles it.
const LEAN: [(&str, &[&str]); 2] = [
    ("faregate-syntax", &["annotate-snippets", "jiff", "pest", "pest_derive", "strsim"]),
    (
        "faregate",
        &["blake3", "faregate-syntax", "fixedbitset", "jiff", "rust_decimal", "rustc-hash", "thiserror"],
    ),
];

fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(repository("."))
        .output()
        .expect("cargo metadata runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    // What only a model checker of interleavings needs, nobody else compiles.
    let normal = |d: &&Value| d["kind"].is_null() && d["target"] != "cfg(loom)";
    packages
        .iter()
        .map(|p| {
            let dependencies = p["dependencies"].as_array().expect("dependencies").iter().filter(normal);
            let names = dependencies.filter_map(|d| d["name"].as_str()).map(str::to_owned);
            (p["name"].as_str().expect("a name").to_owned(), names.collect())
        })
        .collect()
}

#[test]
fn dependencies_point_one_way() {
    let found = dependencies();
    let known: BTreeSet<&str> = LAYERS.iter().map(|(name, _)| *name).collect();
    assert_eq!(found.keys().map(String::as_str).collect::<BTreeSet<_>>(), known);
    for (name, allowed) in LAYERS {
        for dependency in found[name].iter().filter(|d| known.contains(d.as_str())) {
            assert!(allowed.contains(&dependency.as_str()), "{name} may not use {dependency}");
        }
    }
    for (name, allowed) in LEAN {
        for dependency in &found[name] {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{name} stays lean: {dependency} needs a reason and a line here"
            );
        }
    }
}

#[test]
fn what_is_published_has_readme_and_licences() {
    for (name, _) in LAYERS.iter().filter(|(name, _)| *name != "faregate-tests") {
        let folder = format!("crates/{name}");
        assert!(text(&format!("{folder}/Cargo.toml")).contains("\nreadme = \""), "{name} has no readme");
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            assert_eq!(text(&format!("{folder}/{licence}")), text(licence), "{name}");
        }
    }
}

#[test]
fn the_architecture_names_every_crate() {
    let page = text("ARCHITECTURE.md");
    for (name, _) in LAYERS {
        assert!(page.contains(&format!("**`{name}`**")), "ARCHITECTURE.md has no paragraph on {name}");
    }
}

#[test]
fn there_is_one_copy_of_the_grammar() {
    assert_eq!(text("grammar/faregate.pest"), text("crates/faregate-syntax/faregate.pest"));
    let link = fs::symlink_metadata(repository("crates/faregate-syntax/faregate.pest")).expect("the link");
    assert!(link.file_type().is_symlink());
}

/// What other registries publish has the version of the workspace.
#[test]
fn there_is_one_version() {
    let version = env!("CARGO_PKG_VERSION");
    for path in ["crates/faregate-python", "crates/faregate-node", "crates/faregate-wasm"] {
        let line = format!("version = \"{version}\"");
        assert!(text(&format!("{path}/Cargo.toml")).contains(&line), "{path}/Cargo.toml");
    }
    for path in ["crates/faregate-node", "crates/faregate-wasm"] {
        for file in ["package.json", "package-lock.json"] {
            let json: Value = serde_json::from_str(&text(&format!("{path}/{file}"))).expect("JSON");
            assert_eq!(json["version"], version, "{path}/{file}");
        }
    }
}

/// What the crates of the workspace ask of each other.
#[test]
fn crates_ask_for_the_version_that_is_beside_them() {
    let version = env!("CARGO_PKG_VERSION");
    let manifest = text("Cargo.toml");
    let beside: Vec<&str> = manifest.lines().filter(|line| line.contains("path = \"crates/")).collect();
    assert!(beside.len() >= 7);
    for line in beside {
        assert!(line.contains(&format!("version = \"{version}\"")), "{line}");
    }
}

/// The packages of Node and WebAssembly have the same classes; a link would not be packed.
#[test]
fn both_packages_for_javascript_have_the_same_surface() {
    for file in ["surface.js", "surface.d.ts", "shapes.d.ts"] {
        let (node, wasm) =
            (format!("crates/faregate-node/{file}"), format!("crates/faregate-wasm/js/{file}"));
        assert!(text(&node) == text(&wasm), "{node} and {wasm} differ: copy the one that is right");
    }
}

/// The names of the cases of a file below `tests/`.
fn case_names(path: &str) -> BTreeSet<String> {
    if path.starts_with("classify/") {
        let file = text(&format!("tests/{path}"));
        let names = file.lines().filter_map(|line| line.trim().strip_prefix("- name: "));
        return names.map(str::to_owned).collect();
    }
    let cases = read_cases(&repository("tests").join(path)).unwrap_or_else(|e| panic!("{e}"));
    cases.into_iter().map(|c| c.name).collect()
}

#[test]
fn the_seed_coverage_names_cases_that_exist() {
    let page = text("tests/seed-coverage.md");
    let mut files: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let (mut shown, mut coming) = (0, 0);
    for line in page.lines().filter(|l| l.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let Some(by) = cells.last().filter(|_| cells.len() == 3) else { continue };
        if *by == "shown by" || by.starts_with("---") {
            continue;
        }
        if by.starts_with("coming: ") {
            coming += 1;
            continue;
        }
        for reference in by.split("<br>").map(|r| r.trim().trim_matches('`')) {
            let (file, case) = reference.split_once(" :: ").unwrap_or_else(|| panic!("no case in: {line}"));
            let names = files.entry(file.to_owned()).or_insert_with(|| case_names(file));
            assert!(names.contains(case), "{file} has no case `{case}`");
            shown += 1;
        }
    }
    assert!(shown >= 100, "{shown} rows are shown by cases");
    assert!(coming <= 40, "{coming} rows are still to come");
}

#[test]
fn every_code_of_a_reason_and_of_a_denial_has_a_case() {
    let mut cases = String::new();
    for entry in fs::read_dir(repository("tests/decisions")).expect("the cases") {
        let path = entry.expect("an entry").path();
        // Comments speak of codes too, and prove nothing.
        let file = fs::read_to_string(path).expect("a file of cases");
        cases.extend(file.lines().map(|l| l.split(" #").next().unwrap_or("")).flat_map(|l| [l, "\n"]));
    }
    for code in Reason::CODES {
        let named = [
            format!("[{code}]"),
            format!("[{code},"),
            format!(", {code}]"),
            format!(": {code}"),
            format!(", {code},"),
        ];
        assert!(named.iter().any(|n| cases.contains(n)), "no case shows the reason `{code}`");
    }
    for code in DenialCode::ALL.map(DenialCode::as_str) {
        assert!(cases.contains(&format!("code: {code}")), "no case shows the denial `{code}`");
    }
}

/// Codes that need a solver, or whose case is a test of its own (a set of 65 files cannot be written as a case).
const WITHOUT_A_CASE: [&str; 2] = ["overlapping-workloads", "waives-nothing"];

#[test]
fn every_code_of_a_diagnostic_has_a_case() {
    let mut cases = String::new();
    for entry in fs::read_dir(repository("tests/diagnostics")).expect("the cases") {
        cases.push_str(&fs::read_to_string(entry.expect("an entry").path()).expect("a file of cases"));
    }
    for code in faregate::DIAGNOSTIC_CODES {
        let shown = cases.contains(&format!("code: {code},")) || cases.contains(&format!("code: {code} "));
        assert_eq!(shown, !WITHOUT_A_CASE.contains(&code), "`{code}`");
    }
}

/// The first command of the README, as its arguments.
const FIRST_COMMAND: [&str; 9] = [
    "faregate",
    "decide",
    "policies/support.fare",
    "--catalog",
    "policies/catalogs/market.yaml",
    "--catalog",
    "policies/catalogs/data-terms.yaml",
    "--request",
    "policies/requests/chat.yaml",
];

/// `UPDATE=1` writes the output into the README anew; it is a rendering, not an expectation.
#[test]
fn the_readme_shows_what_the_first_command_prints() {
    std::env::set_current_dir(repository(".")).expect("the repository");
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut surroundings = Surroundings {
        stdin: &mut std::io::empty(),
        out: &mut out,
        err: &mut err,
        colour: false,
        colour_errors: false,
    };
    let code = faregate_cli::run(FIRST_COMMAND, &mut surroundings);
    assert_eq!((code, String::from_utf8_lossy(&err).as_ref()), (0, ""));
    let printed = String::from_utf8_lossy(&out).into_owned();
    let readme = text("README.md");
    let (before, rest) =
        readme.split_once("<!-- first command -->\n```text\n").expect("the mark in the README");
    let (shown, after) = rest.split_once("```\n").expect("the end of the block");
    if std::env::var_os("UPDATE").is_some() {
        let new = format!("{before}<!-- first command -->\n```text\n{printed}```\n{after}");
        fs::write(Path::new("README.md"), new).expect("a writable README");
        return;
    }
    assert_eq!(shown, printed, "README.md is out of date: run the test with UPDATE=1");
}
