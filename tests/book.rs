//! The book in `docs/` does what it says: policies are checked and laid out, cases decided, transcripts run, links followed, and what the
//! code lists once is named on the pages that list it.
//!
//! What stands behind the three marks of a block says how it is held to the program:
//!
//! | block | is |
//! | --- | --- |
//! | `fare` | checked and found without a finding, and laid out as `fmt` does |
//! | `fare finds=CODE,CODE` | the same, and these are its findings |
//! | `fare in=workload` | statements of a workload, checked inside of one |
//! | `fare with=a.fare,b.fare` | checked as the last file of a set with these, which the page wrote before |
//! | `… file=NAME` | written as this file, for what follows on the page |
//! | `yaml test` | golden cases, which pass |
//! | `console` | commands after `$ ` and what they print; a line `…` stands for any lines; `exit=1` says how the last ends |
//! | `yaml`, `json` | data that can be read |
//!
//! The pages of a folder begin with the files that its `index.md` wrote. Other kinds of blocks are only read. `UPDATE=1` writes layouts and what commands print anew: they are renderings. The pages on codes are
//! held by `tests/pages.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test that panics has failed"
)]

mod command;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

use faregate::syntax::{FileId, format, parse, tokens};
use faregate::{
    Completeness, DIAGNOSTIC_CODES, DenialCode, ErrorClass, Reason, built_in_attributes, check_set,
};
use faregate_tests::fences::{Fence, anchors, fences, links, prose};
use faregate_tests::shell::{Shell, called_as_faregate};
use faregate_tests::{CONSTRUCTS, constructs, repository};
use libtest_mimic::{Arguments, Failed, Trial};

/// Folders whose pages are examples of their own kind, held by another test.
const CODES: [&str; 4] = ["diagnostics", "reasons", "denials", "classes"];

/// The address of the repository, for links to what is no page of the book.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

fn main() -> ExitCode {
    if called_as_faregate() {
        return command::run();
    }
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for (name, page) in pages() {
        if !CODES.iter().any(|folder| name.starts_with(&format!("{folder}/"))) {
            trials.push(Trial::test(format!("page {name}"), move || page_holds(&name, &page)));
        }
    }
    let whole: [(&str, fn()); 12] = [
        ("the summary names every page once", the_summary_names_every_page_once),
        ("every link leads somewhere", every_link_leads_somewhere),
        ("every construct is shown", every_construct_is_shown),
        ("every keyword is shown and listed", every_keyword_is_shown_and_listed),
        ("every attribute is listed with what it holds", every_attribute_is_listed_with_what_it_holds),
        ("every diagnostic is listed", every_diagnostic_is_listed),
        ("every reason is listed", every_reason_is_listed),
        (
            "every denial is listed with its status and advice",
            every_denial_is_listed_with_its_status_and_advice,
        ),
        ("every class is listed with what may follow", every_class_is_listed_with_what_may_follow),
        ("every command is listed", every_command_is_listed),
        (
            "every policy to copy is listed with its first line",
            every_policy_to_copy_is_listed_with_its_first_line,
        ),
        ("every setting that others document is said", every_setting_that_others_document_is_said),
    ];
    for (name, run) in whole {
        trials.push(Trial::test(name, move || {
            run();
            Ok(())
        }));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The pages of the book by their path in `docs`, but for the summary, with what they include put in.
fn pages() -> BTreeMap<String, String> {
    let root = repository("docs");
    let mut pages = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the pages") {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "md") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
                if name != "SUMMARY.md" {
                    pages.insert(name, with_includes(&path));
                }
            }
        }
    }
    pages
}

fn with_includes(path: &Path) -> String {
    let mut page = fs::read_to_string(path).unwrap();
    while let Some((before, rest)) = page.split_once("{{#include ") {
        let (file, after) = rest.split_once("}}").expect("the end of an include");
        let file = path.parent().unwrap().join(file);
        let included = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        page = format!("{before}{included}{after}");
    }
    page
}

// --- Blocks -----------------------------------------------------------------------------------------------------

fn page_holds(name: &str, page: &str) -> Result<(), Failed> {
    let shell = Shell::new();
    let index = repository("docs").join(name).with_file_name("index.md");
    if index.is_file() {
        for fence in fences(&with_includes(&index)) {
            fence.option("file").into_iter().for_each(|file| shell.write(file, &fence.text));
        }
    }
    let (mut wrong, mut updates) = (Vec::new(), Vec::new());
    for fence in fences(page) {
        let mut text = fence.text.clone();
        let found = match fence.kind() {
            "fare" => fare(&shell, &fence, &mut text),
            "console" => console(&shell, &fence, &mut text),
            "yaml" if fence.is("test") => cases(&shell, &fence),
            "yaml" | "json" => faregate_wire::read_many(&fence.text).map(|_| ()).map_err(|e| e.to_string()),
            "text" | "sh" | "toml" | "rust" | "cedar" | "rego" | "" => Ok(()),
            other => Err(format!("nobody holds a block of `{other}` to anything")),
        };
        if let Err(message) = found {
            wrong.push(format!("docs/{name}:{}: {message}", fence.line));
        }
        if let Some(file) = fence.option("file") {
            shell.write(file, &text);
        }
        if text != fence.text {
            updates.push((fence.text, text));
        }
    }
    if std::env::var_os("UPDATE").is_some() && !updates.is_empty() {
        let path = repository("docs").join(name);
        let mut new = fs::read_to_string(&path)?;
        for (from, to) in updates {
            new = new.replacen(&format!("\n{from}```"), &format!("\n{to}```"), 1);
        }
        fs::write(path, new)?;
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// What `fare in=workload` stands in.
const AROUND: (&str, &str) = ("policy book {\n  language 1\n}\n\nworkload book {\n  otherwise\n\n", "}\n");

fn fare(shell: &Shell, fence: &Fence, text: &mut String) -> Result<(), String> {
    let whole = match fence.option("in") {
        None => fence.text.clone(),
        Some("workload") => {
            let route = if fence.text.lines().any(|l| l.starts_with("route ") || l.starts_with("deny ")) {
                ""
            } else {
                "  route { models \"*\" }\n\n"
            };
            let inner: String = fence
                .text
                .lines()
                .map(|l| if l.is_empty() { "\n".to_owned() } else { format!("  {l}\n") })
                .collect();
            format!("{}{route}{inner}{}", AROUND.0, AROUND.1)
        }
        Some(other) => return Err(format!("no block `in={other}`")),
    };
    let mut files: Vec<(String, String)> = Vec::new();
    for file in fence.option("with").into_iter().flat_map(|with| with.split(',')) {
        files.push((file.to_owned(), shell.read(file)));
    }
    let name = fence.option("file").unwrap_or("book.fare");
    files.push((name.to_owned(), whole.clone()));
    let completeness = if files.len() > 1 { Completeness::Whole } else { Completeness::Alone };
    let checked = check_set(files, completeness);
    let diagnostics = match &checked.policy {
        Some(policy) => faregate_analysis::check(policy, None, None, faregate_analysis::Depth::Quick),
        None => checked.diagnostics,
    };
    let mut found: Vec<&str> = diagnostics.iter().map(|d| d.code).collect();
    let mut expected: Vec<&str> =
        fence.option("finds").map(|codes| codes.split(',').collect()).unwrap_or_default();
    found.sort_unstable();
    expected.sort_unstable();
    if found != expected {
        return Err(format!("finds {found:?}, and should {expected:?}\n{}", diagnostics.render(false)));
    }
    // What cannot be read has no layout.
    let Ok(formatted) = format(FileId(0), &whole) else { return Ok(()) };
    if formatted != whole {
        if fence.option("in").is_none() {
            text.clone_from(&formatted);
        }
        return Err(format!("is not laid out as `faregate fmt` does:\n{formatted}"));
    }
    Ok(())
}

fn cases(shell: &Shell, fence: &Fence) -> Result<(), String> {
    shell.write("book.test.yaml", &fence.text);
    let ran = shell.run("faregate test book.test.yaml", &[]);
    if ran.code == 0 { Ok(()) } else { Err(ran.said) }
}

fn console(shell: &Shell, fence: &Fence, text: &mut String) -> Result<(), String> {
    let mut wrong = Vec::new();
    let mut shown: Vec<(String, String)> = Vec::new();
    for line in fence.text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            shown.push((command.to_owned(), String::new()));
        } else {
            let (command, output) = shown.last_mut().ok_or("output before any command")?;
            if command.ends_with('\\') && output.is_empty() {
                command.push('\n');
                command.push_str(line);
            } else {
                output.push_str(line);
                output.push('\n');
            }
        }
    }
    if shown.is_empty() {
        return Err("a transcript without a command".to_owned());
    }
    let last = shown.len() - 1;
    let exit: i32 = fence.option("exit").map_or(0, |code| code.parse().expect("an exit code"));
    text.clear();
    for (at, (command, output)) in shown.iter().enumerate() {
        let ran = shell.run(command, &[]);
        let expected = if at == last { exit } else { 0 };
        if ran.code != expected {
            wrong.push(format!(
                "`{command}` ends with {}, and should with {expected}:\n{}",
                ran.code, ran.said
            ));
        }
        let same = like(&output.lines().collect::<Vec<_>>(), &ran.said.lines().collect::<Vec<_>>());
        if !same {
            wrong.push(format!("`{command}` prints\n{}and not\n{output}", ran.said));
        }
        text.push_str(&format!("$ {command}\n{}", if same { output } else { &ran.said }));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// Whether the lines are those shown, where `…` stands for any lines.
fn like(shown: &[&str], lines: &[&str]) -> bool {
    match shown {
        [] => lines.is_empty(),
        [line, rest @ ..] if line.trim() == "…" => {
            (0..=lines.len()).any(|skipped| like(rest, &lines[skipped..]))
        }
        [line, rest @ ..] => lines.first() == Some(line) && like(rest, &lines[1..]),
    }
}

// --- Pages ------------------------------------------------------------------------------------------------------

fn the_summary_names_every_page_once() {
    let summary = fs::read_to_string(repository("docs/SUMMARY.md")).unwrap();
    let named: Vec<String> = links(&summary).into_iter().map(|(_, target)| target).collect();
    let (once, there): (BTreeSet<String>, BTreeSet<String>) =
        (named.iter().cloned().collect(), pages().into_keys().collect());
    assert_eq!(once.len(), named.len(), "a page stands twice");
    assert_eq!(there.difference(&once).collect::<Vec<_>>(), Vec::<&String>::new(), "not in the summary");
    assert_eq!(once.difference(&there).collect::<Vec<_>>(), Vec::<&String>::new(), "no such page");
}

/// What else people read, beside the book.
const OTHER_PAGES: [&str; 7] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "grammar/README.md",
    "policies/catalogs/README.md",
    "docs/SUMMARY.md",
];

fn every_link_leads_somewhere() {
    let mut all: Vec<(PathBuf, String)> =
        pages().into_iter().map(|(name, page)| (Path::new("docs").join(name), page)).collect();
    for name in OTHER_PAGES {
        all.push((PathBuf::from(name), fs::read_to_string(repository(name)).unwrap()));
    }
    let mut wrong = Vec::new();
    for (path, page) in &all {
        for (line, link) in links(page) {
            if let Err(message) = follow(path, page, &link) {
                wrong.push(format!("{}:{line}: {link}: {message}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn follow(path: &Path, page: &str, link: &str) -> Result<(), String> {
    if let Some(inside) = link.strip_prefix(REPOSITORY) {
        let file = inside.strip_prefix("/blob/main/").or_else(|| inside.strip_prefix("/tree/main/"));
        let there = file.is_none_or(|file| repository(file).exists());
        return if there { Ok(()) } else { Err("not in the repository".to_owned()) };
    }
    if link.starts_with("https://") {
        return Ok(());
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = if file.is_empty() { path.to_owned() } else { plain(&path.parent().unwrap().join(file)) };
    if !repository(".").join(&target).exists() {
        return Err("no such file".to_owned());
    }
    if path.starts_with("docs") && !target.starts_with("docs") {
        return Err(format!("leads out of the book; write {REPOSITORY}/blob/main/…"));
    }
    if anchor.is_empty() {
        return Ok(());
    }
    let there =
        if file.is_empty() { anchors(page) } else { anchors(&with_includes(&repository(".").join(&target))) };
    if there.iter().any(|a| a == anchor) { Ok(()) } else { Err(format!("no heading is `#{anchor}`")) }
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

/// The policies of the book that can be read, as texts.
fn policies() -> Vec<String> {
    let pages = pages();
    let book =
        pages.iter().filter(|(name, _)| !CODES.iter().any(|folder| name.starts_with(&format!("{folder}/"))));
    book.flat_map(|(_, page)| fences(page))
        .filter(|fence| fence.kind() == "fare")
        .map(|fence| match fence.option("in") {
            Some(_) => format!("{}{}{}", AROUND.0, fence.text, AROUND.1),
            None => fence.text,
        })
        .collect()
}

fn every_construct_is_shown() {
    let shown: BTreeSet<String> =
        policies().iter().flat_map(|text| constructs(&parse(FileId(0), text).0)).collect();
    // Of a budget's `per` any attribute will do, and of a tool's ceiling any tool.
    let any = ["budget per ", "ceiling tool "];
    let missing: Vec<&str> = CONSTRUCTS
        .iter()
        .copied()
        .filter(|name| !shown.contains(*name))
        .filter(|name| {
            !any.iter().any(|any| name.starts_with(any) && shown.iter().any(|s| s.starts_with(any)))
        })
        .collect();
    assert!(missing.is_empty(), "shown nowhere: {missing:?}");
}

/// The first cells of the tables of a page, as they stand between backticks, and the other cells.
fn rows(page: &str) -> Vec<(String, Vec<String>)> {
    let text = prose(&pages()[page]);
    let lines = text.lines().filter(|l| l.starts_with("| `") || l.starts_with("| [`"));
    lines
        .map(|line| {
            let mut cells = line.trim_matches('|').split(" | ").map(|c| c.trim().to_owned());
            let first = cells.next().unwrap();
            let name = first.split('`').nth(1).unwrap().to_owned();
            (name, cells.collect())
        })
        .collect()
}

fn names(page: &str) -> Vec<String> {
    let mut names: Vec<String> = rows(page).into_iter().map(|(name, _)| name).collect();
    names.sort();
    names
}

fn sorted(names: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().map(Into::into).collect();
    names.sort();
    names
}

fn every_keyword_is_shown_and_listed() {
    let grammar = fs::read_to_string(repository("grammar/faregate.pest")).unwrap();
    let mut keywords = BTreeSet::from(["total".to_owned()]);
    for line in grammar.lines().filter(|line| line.starts_with("kw_")) {
        let word = line.split('"').nth(1).unwrap_or_else(|| panic!("no word in: {line}"));
        keywords.insert(word.to_owned());
    }
    assert!(keywords.len() > 100, "the grammar has keywords");
    assert_eq!(names("language/keywords.md"), sorted(keywords.clone()));
    let texts = policies();
    let written: BTreeSet<&str> = texts.iter().flat_map(|text| tokens(text)).collect();
    let missing: Vec<&String> = keywords.iter().filter(|word| !written.contains(word.as_str())).collect();
    assert!(missing.is_empty(), "no policy of the book writes {missing:?}");
}

fn every_attribute_is_listed_with_what_it_holds() {
    let listed: Vec<(String, String)> =
        rows("language/attributes.md").into_iter().map(|(name, cells)| (name, cells[0].clone())).collect();
    let known: Vec<(String, String)> =
        built_in_attributes().map(|(name, ty)| (name, ty.to_owned())).collect();
    assert_eq!(listed.iter().collect::<BTreeSet<_>>(), known.iter().collect::<BTreeSet<_>>());
    assert_eq!(listed.len(), known.len(), "an attribute stands twice");
}

fn every_diagnostic_is_listed() {
    assert_eq!(names("diagnostics.md"), sorted(DIAGNOSTIC_CODES));
}

fn every_reason_is_listed() {
    // Codes of ceilings on tools have the tool's name, so there is no end of them.
    let listed: Vec<String> = names("reasons.md").into_iter().filter(|name| name != "ceiling_TOOL").collect();
    assert_eq!(listed, sorted(Reason::CODES));
}

fn every_denial_is_listed_with_its_status_and_advice() {
    let listed = rows("denials.md");
    assert_eq!(names("denials.md"), sorted(DenialCode::ALL.map(DenialCode::as_str)));
    for code in DenialCode::ALL {
        let (_, cells) = listed.iter().find(|(name, _)| name == code.as_str()).unwrap();
        assert_eq!(cells[0], code.status().to_string(), "{}", code.as_str());
        assert_eq!(cells[1], format!("`{}`", code.advice()), "{}", code.as_str());
    }
}

fn every_class_is_listed_with_what_may_follow() {
    use faregate::syntax::ast::MoveKind;
    let listed = rows("classes.md");
    assert_eq!(names("classes.md"), sorted(ErrorClass::NAMES));
    for class in ErrorClass::ALL {
        let (_, cells) = listed.iter().find(|(name, _)| name == class.as_str()).unwrap();
        assert_eq!(cells[1], if class.may_retry() { "yes" } else { "no" }, "{}", class.as_str());
        let kinds = [
            (MoveKind::Credential, "credential"),
            (MoveKind::Provider, "provider"),
            (MoveKind::Model, "model"),
        ];
        let may: Vec<&str> =
            kinds.into_iter().filter(|(kind, _)| class.may_move(*kind)).map(|(_, name)| name).collect();
        let may = if may.is_empty() { "none".to_owned() } else { may.join(", ") };
        assert_eq!(cells[2], may, "{}", class.as_str());
    }
}

/// What others document, by the page that says it in a policy.
const DOCUMENTED: [(&str, &[&str]); 3] = [
    // The schema ProviderPreferences of OpenRouter's OpenAPI document (typescript-sdk at cb9393a).
    (
        "coming-from/openrouter.md",
        &[
            "order",
            "allow_fallbacks",
            "require_parameters",
            "data_collection",
            "zdr",
            "enforce_distillable_text",
            "only",
            "ignore",
            "quantizations",
            "sort",
            "preferred_min_throughput",
            "preferred_max_latency",
            "max_price",
        ],
    ),
    // The reference of router_settings in LiteLLM's docs/proxy/config_settings.md (at 00670428).
    (
        "coming-from/litellm.md",
        &[
            "routing_strategy",
            "redis_host",
            "redis_password",
            "redis_port",
            "redis_db",
            "enable_pre_call_check",
            "content_policy_fallbacks",
            "fallbacks",
            "enable_tag_filtering",
            "tag_filtering_match_any",
            "cooldown_time",
            "disable_cooldowns",
            "retry_policy",
            "allowed_fails",
            "allowed_fails_policy",
            "default_max_parallel_requests",
            "default_priority",
            "polling_interval",
            "max_fallbacks",
            "default_litellm_params",
            "timeout",
            "stream_timeout",
            "debug_level",
            "client_ttl",
            "cache_kwargs",
            "routing_strategy_args",
            "model_group_alias",
            "num_retries",
            "default_fallbacks",
            "caching_groups",
            "alerting_config",
            "assistants_config",
            "set_verbose",
            "retry_after",
            "provider_budget_config",
            "enable_pre_call_checks",
            "model_group_retry_policy",
            "context_window_fallbacks",
            "redis_url",
            "cache_responses",
            "router_general_settings",
            "optional_pre_call_checks",
            "deployment_affinity_ttl_seconds",
            "ignore_invalid_deployments",
            "search_tools",
            "guardrail_list",
        ],
    ),
    // The schema of Portkey's config object (docs-core, api-reference/inference-api/config-object), keys of providers' own left out.
    (
        "coming-from/portkey.md",
        &[
            "strategy",
            "conditions",
            "default",
            "on_status_codes",
            "targets",
            "name",
            "provider",
            "virtual_key",
            "api_key",
            "passthrough",
            "weight",
            "retry",
            "attempts",
            "use_retry_after_headers",
            "request_timeout",
            "cb_config",
            "cache",
            "max_age",
            "override_params",
            "default_params",
            "drop_params",
            "input_guardrails",
            "output_guardrails",
            "before_request_hooks",
            "after_request_hooks",
            "forward_headers",
            "custom_host",
            "strict_open_ai_compliance",
            "prompt_id",
            "resource_name",
            "deployment_id",
            "api_version",
            "deployments",
        ],
    ),
];

fn every_setting_that_others_document_is_said() {
    for (page, settings) in DOCUMENTED {
        let text = prose(&pages()[page]);
        let rows: Vec<Vec<&str>> =
            text.lines().filter(|l| l.starts_with("| ")).map(|l| l.split(" | ").collect()).collect();
        let words: BTreeSet<&str> = rows
            .iter()
            .filter(|row| matches!(row.get(1), Some(&"exact" | &"near" | &"not ours")))
            .flat_map(|row| row[0].split(|c: char| !c.is_ascii_alphanumeric() && c != '_'))
            .collect();
        let missing: Vec<&&str> = settings.iter().filter(|setting| !words.contains(**setting)).collect();
        assert!(missing.is_empty(), "{page} does not say what {missing:?} are in a policy");
    }
}

fn every_policy_to_copy_is_listed_with_its_first_line() {
    let policies = repository("policies");
    let mut there = Vec::new();
    for folder in [policies.clone(), policies.join("org")] {
        for entry in fs::read_dir(folder).expect("the policies") {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "fare") {
                let text = fs::read_to_string(&path).unwrap();
                let line = text.lines().find_map(|line| line.strip_prefix("/// ")).expect("what it is for");
                let name = path.strip_prefix(&policies).unwrap().to_str().unwrap().to_owned();
                there.push((name, line.trim_end_matches(['.', ':']).to_owned()));
            }
        }
    }
    there.sort();
    let mut listed: Vec<(String, String)> =
        rows("policies.md").into_iter().map(|(name, cells)| (name, cells[0].clone())).collect();
    listed.sort();
    assert_eq!(listed, there);
}

fn every_command_is_listed() {
    let ran = Shell::new().run("faregate --help", &[]);
    let (_, list) = ran.said.split_once("\nCommands:\n").expect("the commands");
    let (list, _) = list.split_once("\n\n").expect("the end of the commands");
    let commands = list.lines().filter_map(|line| {
        let word = line.strip_prefix("  ")?;
        (!word.starts_with(' ')).then(|| word.split(' ').next().unwrap_or_default().to_owned())
    });
    let commands: Vec<String> = commands.filter(|command| command != "help").collect();
    assert!(commands.len() >= 10, "{}", ran.said);
    let listed: Vec<String> =
        names("commands.md").iter().map(|name| name.trim_start_matches("faregate ").to_owned()).collect();
    assert_eq!(listed, sorted(commands));
}
