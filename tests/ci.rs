//! What others put into their CI does what it says: the hooks of `.pre-commit-hooks.yaml` and the steps of `action.yml` are read
//! from these files and run in a folder that `faregate init` made, whole and then broken.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that panics has failed"
)]

mod command;

use std::process::ExitCode;

use faregate_tests::fences::fences;
use faregate_tests::repository;
use faregate_tests::shell::{Ran, Shell, called_as_faregate};
use faregate_wire::{Node, read_one};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    if called_as_faregate() {
        return command::run();
    }
    let arguments = Arguments::from_args();
    let trials = [
        ("every_hook_finds_what_it_is_for", every_hook_finds_what_it_is_for as fn()),
        ("the_book_shows_hooks_that_are_there", the_book_shows_hooks_that_are_there),
        ("the_book_shows_inputs_that_the_action_has", the_book_shows_inputs_that_the_action_has),
        ("the_action_passes_a_first_policy", the_action_passes_a_first_policy),
        ("the_action_fails_on_a_finding_and_shows_it", the_action_fails_on_a_finding_and_shows_it),
        ("the_action_fails_on_the_warnings_it_is_told_of", the_action_fails_on_the_warnings_it_is_told_of),
        (
            "the_action_fails_on_a_file_that_is_not_formatted",
            the_action_fails_on_a_file_that_is_not_formatted,
        ),
        (
            "the_action_fails_on_a_case_unless_it_is_told_not_to",
            the_action_fails_on_a_case_unless_it_is_told_not_to,
        ),
        (
            "the_action_gives_the_same_key_for_the_same_sources",
            the_action_gives_the_same_key_for_the_same_sources,
        ),
    ];
    let trials = trials.map(|(name, run)| {
        Trial::test(name, move || {
            run();
            Ok::<(), Failed>(())
        })
    });
    libtest_mimic::run(&arguments, trials.into()).exit_code()
}

fn yaml(path: &str) -> Node {
    let text = std::fs::read_to_string(repository(path)).unwrap();
    read_one(&text).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn text_of<'a>(node: &'a Node, key: &str) -> &'a str {
    node.get(key).and_then(Node::as_text).unwrap_or_else(|| panic!("no `{key}`"))
}

/// A shell in which `policies` holds what `faregate init` writes.
fn fresh() -> Shell {
    let shell = Shell::new();
    let ran = shell.run("faregate init policies", &[]);
    assert_eq!(ran.code, 0, "{}", ran.said);
    shell
}

fn replace(shell: &Shell, name: &str, from: &str, to: &str) {
    let text = shell.read(name);
    assert!(text.contains(from), "{name} has no `{from}` to break");
    shell.write(name, &text.replacen(from, to, 1));
}

/// Runs a hook as pre-commit does: its entry, then `args`, then the files where it takes them.
fn hook(id: &str, folder: &str) -> (Shell, impl Fn(&Shell) -> Ran) {
    let hooks = yaml(".pre-commit-hooks.yaml");
    let hook = hooks.as_seq().unwrap().iter().find(|hook| text_of(hook, "id") == id);
    let hook = hook.unwrap_or_else(|| panic!("no hook {id}")).clone();
    assert_eq!(text_of(&hook, "language"), "system");
    let names_files = hook.get("pass_filenames") != Some(&Node::Bool(false));
    let mut line = text_of(&hook, "entry").to_owned();
    for argument in hook.get("args").and_then(Node::as_seq).unwrap_or_default() {
        line = format!("{line} '{}'", argument.as_text().unwrap());
    }
    if names_files {
        line.push_str(" support.fare");
    }
    let line = format!("cd {folder}\n{line}");
    (fresh(), move |shell| shell.run(&line, &[]))
}

fn every_hook_finds_what_it_is_for() {
    // What is broken where, and what the hook says of it.
    let broken = [
        (
            "faregate-fmt",
            "support.fare",
            "  order by latency\n",
            "order   by latency\n",
            "formatted support.fare",
        ),
        (
            "faregate-check",
            "support.fare",
            "includes pii\n  require",
            "includes pi\n  require",
            "undeclared-value",
        ),
        ("faregate-test", "support.test.yaml", "worst: \"0.0105\"", "worst: \"0.0104\"", "1 failed"),
    ];
    let hooks = yaml(".pre-commit-hooks.yaml");
    let ids: Vec<&str> = hooks.as_seq().unwrap().iter().map(|hook| text_of(hook, "id")).collect();
    assert_eq!(ids, broken.map(|(id, ..)| id));
    for (id, file, from, to, said) in broken {
        let (shell, run) = hook(id, "policies");
        let before = shell.read("policies/support.fare");
        let ran = run(&shell);
        assert_eq!(ran.code, 0, "{id}: {}", ran.said);
        assert_eq!(shell.read("policies/support.fare"), before, "{id} changes a formatted file");
        replace(&shell, &format!("policies/{file}"), from, to);
        let ran = run(&shell);
        assert!(ran.said.contains(said), "{id}: {}", ran.said);
        // A hook fails by its exit code, or because it changed a file.
        let changed = shell.read("policies/support.fare") == before;
        assert_eq!(
            (ran.code, changed),
            if id == "faregate-fmt" { (0, true) } else { (1, file != "support.fare") },
            "{id}"
        );
    }
}

/// The blocks of YAML in the book's page on CI that have this key.
fn examples(key: &str) -> Vec<Node> {
    let page = std::fs::read_to_string(repository("docs/ci.md")).unwrap();
    let blocks = fences(&page).into_iter().filter(|fence| fence.kind() == "yaml");
    let found: Vec<Node> =
        blocks.map(|fence| read_one(&fence.text).unwrap()).filter(|node| node.get(key).is_some()).collect();
    assert!(!found.is_empty(), "the page has an example with `{key}`");
    found
}

/// The version that the examples ask for.
const TAG: &str = concat!("v", env!("CARGO_PKG_VERSION"));

fn the_book_shows_hooks_that_are_there() {
    let hooks = yaml(".pre-commit-hooks.yaml");
    let shell = fresh();
    let mut shown = 0;
    for example in examples("repos") {
        for repo in example.get("repos").unwrap().as_seq().unwrap() {
            assert_eq!((text_of(repo, "repo"), text_of(repo, "rev")), (env!("CARGO_PKG_REPOSITORY"), TAG));
            for hook in repo.get("hooks").unwrap().as_seq().unwrap() {
                shown += 1;
                let id = text_of(hook, "id");
                let there = hooks.as_seq().unwrap().iter().find(|there| text_of(there, "id") == id);
                let entry = text_of(there.unwrap_or_else(|| panic!("no hook {id}")), "entry");
                let Some(arguments) = hook.get("args").and_then(Node::as_seq) else { continue };
                let arguments: Vec<&str> = arguments.iter().filter_map(Node::as_text).collect();
                let ran = shell.run(&format!("{entry} {}", arguments.join(" ")), &[]);
                assert_eq!(ran.code, 0, "{id}: {}", ran.said);
            }
        }
    }
    assert_eq!(shown, hooks.as_seq().unwrap().len());
}

fn the_book_shows_inputs_that_the_action_has() {
    let mut shown = 0;
    for example in examples("jobs") {
        for (_, job) in example.get("jobs").unwrap().as_map().unwrap() {
            for step in job.get("steps").unwrap().as_seq().unwrap() {
                let Some(tag) = text_of(step, "uses").strip_prefix("faregate/faregate@") else { continue };
                assert_eq!(tag, TAG);
                let inputs = step.get("with").and_then(Node::as_map).unwrap();
                let inputs: Vec<(&str, &str)> =
                    inputs.iter().map(|(name, value)| (name.as_str(), value.as_text().unwrap())).collect();
                let (ran, _) = action(&fresh(), &inputs);
                assert_eq!(ran.code, 0, "{}", ran.said);
                shown += 1;
            }
        }
    }
    assert_eq!(shown, 1);
}

/// Runs the steps of the action as GitHub does, with these inputs.
///
/// The step that builds the command is left out, as after a hit of the cache, unless `FAREGATE_INSTALL` is set; the command is
/// then the one under test.
fn action(shell: &Shell, inputs: &[(&str, &str)]) -> (Ran, String) {
    let action = yaml("action.yml");
    let declared = action.get("inputs").unwrap().as_map().unwrap();
    for (name, _) in inputs {
        assert!(declared.iter().any(|(known, _)| known == name), "no input {name}");
    }
    let input = |name: &str| {
        let given = inputs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let (_, input) =
            declared.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("no input {name}"));
        given.unwrap_or_else(|| text_of(input, "default").to_owned())
    };
    let install = std::env::var_os("FAREGATE_INSTALL").is_some();
    let temp = shell.desk().join("temp");
    let output = shell.desk().join("output");
    shell.write("output", "");
    if !install {
        shell.write("temp/faregate/about", "a hit of the cache");
        let link = format!("ln -sfn '{}' temp/faregate/bin", shell.bin().display());
        assert_eq!(shell.run(&link, &[]).code, 0);
    }
    let mut last = Ran { code: -1, said: "no step ran".to_owned() };
    for step in action.get("runs").unwrap().get("steps").unwrap().as_seq().unwrap() {
        if let Some(uses) = step.get("uses") {
            assert!(uses.as_text().unwrap().starts_with("actions/cache@"), "a step of others: {uses:?}");
            continue;
        }
        if let Some(condition) = step.get("if").and_then(Node::as_text) {
            assert_eq!(condition, "steps.cache.outputs.cache-hit != 'true'");
            if !install {
                continue;
            }
        }
        assert_eq!(text_of(step, "shell"), "bash");
        let script = text_of(step, "run");
        assert!(
            !script.contains("${{"),
            "what others write into an input must not become a script: {script}"
        );
        let mut variables = vec![
            ("GITHUB_ACTION_PATH".to_owned(), repository(".").display().to_string()),
            ("GITHUB_OUTPUT".to_owned(), output.display().to_string()),
            ("RUNNER_TEMP".to_owned(), temp.display().to_string()),
        ];
        for (name, value) in step.get("env").and_then(Node::as_map).unwrap_or_default() {
            let value = value.as_text().unwrap();
            let of = value.strip_prefix("${{ inputs.").and_then(|v| v.strip_suffix(" }}"));
            variables
                .push((name.clone(), input(of.unwrap_or_else(|| panic!("{name} is no input: {value}")))));
        }
        last = shell.run(script, &variables);
        if last.code != 0 {
            break;
        }
    }
    (last, shell.read("output"))
}

const HERE: (&str, &str) = ("path", "policies");

fn the_action_passes_a_first_policy() {
    let (ran, _) = action(&fresh(), &[HERE, ("deny", "warnings")]);
    assert_eq!((ran.code, ran.said.as_str()), (0, "16 passed, 0 failed\n"));
}

fn the_action_fails_on_a_finding_and_shows_it() {
    let shell = fresh();
    replace(&shell, "policies/support.fare", "includes pii\n  require", "includes pi\n  require");
    // Where its path is `.`, the finding must still stand at the file's path from the root of the repository.
    let move_up = shell.run("cp -r policies/. .", &[]);
    assert_eq!(move_up.code, 0, "{}", move_up.said);
    for path in ["policies/support.fare", "support.fare"] {
        let folder = path.strip_suffix("/support.fare").unwrap_or(".");
        let (ran, _) = action(&shell, &[("path", folder), ("test", "false")]);
        assert_eq!(ran.code, 1, "{}", ran.said);
        let place =
            format!("::error file={path},line=18,endLine=18,col=30,endColumn=32,title=undeclared-value::");
        assert!(ran.said.lines().any(|line| line.starts_with(&place)), "{}", ran.said);
    }
}

fn the_action_fails_on_the_warnings_it_is_told_of() {
    let shell = fresh();
    // Of what binds closer, readers are not sure.
    replace(
        &shell,
        "policies/support.fare",
        "when request.data includes pii\n",
        "when request.data includes pii or request.stream and request.idempotent\n",
    );
    for (deny, code) in [("", 0), ("many-calls", 0), ("many-calls mixed-and-or", 1), ("warnings", 1)] {
        let (ran, _) = action(&shell, &[HERE, ("deny", deny)]);
        assert_eq!(ran.code, code, "{deny}: {}", ran.said);
        let severity = if code == 0 { "warning" } else { "error" };
        assert!(
            ran.said.contains(&format!("::{severity} file=policies/support.fare,line=18,")),
            "{}",
            ran.said
        );
    }
}

fn the_action_fails_on_a_file_that_is_not_formatted() {
    let shell = fresh();
    replace(&shell, "policies/support.fare", "  order by latency\n", "order   by latency\n");
    let (ran, _) = action(&shell, &[HERE]);
    let shown = "help: `faregate fmt` lays out the files named above\n\
                 ::error file=policies/support.fare,title=not formatted::run faregate fmt\n\
                 16 passed, 0 failed\n";
    assert_eq!((ran.code, ran.said.as_str()), (1, shown));
}

fn the_action_fails_on_a_case_unless_it_is_told_not_to() {
    let shell = fresh();
    replace(&shell, "policies/support.test.yaml", "worst: \"0.0105\"", "worst: \"0.0104\"");
    let (ran, _) = action(&shell, &[HERE]);
    assert_eq!(ran.code, 1);
    assert!(ran.said.ends_with("15 passed, 1 failed\n"), "{}", ran.said);
    assert_eq!(action(&shell, &[HERE, ("test", "false")]).0.code, 0);
}

fn the_action_gives_the_same_key_for_the_same_sources() {
    let (shell, other) = (fresh(), fresh());
    let key = action(&shell, &[HERE]).1;
    let digest =
        key.strip_prefix("digest=").and_then(|d| d.strip_suffix('\n')).unwrap_or_else(|| panic!("{key}"));
    assert!(digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit()), "{digest}");
    assert_eq!(action(&other, &[HERE]).1, key);
}
