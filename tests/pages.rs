//! The pages on codes: each diagnostic is raised by the first policy of its page, and only that, on the line that is marked;
//! by the mended one nothing is. Each other code has a page whose cases pass.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use faregate::syntax::Severity;
use faregate::{Catalog, Completeness, DIAGNOSTIC_CODES, Date, DenialCode, ErrorClass, Reason, check_set};
use faregate_cli::Surroundings;
use faregate_tests::fences::{Fence, fences};
use faregate_tests::repository;
use faregate_wire::catalog_layer;

/// The pages of a folder: code and text.
fn pages(folder: &str) -> Vec<(String, String)> {
    let entries = fs::read_dir(repository("docs").join(folder)).expect("the pages");
    let mut pages: Vec<(String, String)> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let code = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (code, fs::read_to_string(path).unwrap())
        })
        .collect();
    pages.sort();
    for (code, page) in &pages {
        assert_eq!(page.lines().next(), Some(format!("# {code}").as_str()), "{folder}/{code}");
        let paragraph = page.lines().nth(4).unwrap_or_default();
        assert!(paragraph.len() > 40, "{folder}/{code} says nothing");
    }
    pages
}

fn codes(pages: &[(String, String)]) -> BTreeSet<&str> {
    pages.iter().map(|(code, _)| code.as_str()).collect()
}

/// A finding: `error[code]`, file and line.
type Finding = (String, String, usize);

fn date(text: &str) -> Date {
    let mut parts = text.split('-').map(|part| part.parse::<i16>().unwrap());
    let mut part = || parts.next().unwrap();
    Date { year: part(), month: u8::try_from(part()).unwrap(), day: u8::try_from(part()).unwrap() }
}

/// What `check` finds in the policies of a page.
fn findings(policies: &[&Fence], catalog: Option<&Catalog>) -> BTreeSet<Finding> {
    let files =
        policies.iter().map(|fence| (fence.option("file").unwrap_or("policy.fare"), fence.text.as_str()));
    let whole = if policies.len() > 1 { Completeness::Whole } else { Completeness::Alone };
    let checked = check_set(files, whole);
    let now = policies.iter().find_map(|fence| fence.option("now")).map(date);
    let diagnostics = match &checked.policy {
        Some(policy) => faregate_analysis::check(policy, catalog, now, faregate_analysis::Depth::Quick),
        None => checked.diagnostics,
    };
    let found: Vec<Finding> = diagnostics
        .iter()
        .map(|d| {
            let severity = if d.severity == Severity::Error { "error" } else { "warning" };
            let place = diagnostics.sources().place(d.primary.span);
            let line = usize::try_from(place.line).unwrap();
            let file = diagnostics.sources().get(d.primary.span.file).unwrap().name().to_owned();
            (format!("{severity}[{}]", d.code), file, line)
        })
        .collect();
    let all = found.len();
    let set: BTreeSet<Finding> = found.into_iter().collect();
    assert_eq!(set.len(), all, "a finding is told twice");
    set
}

/// What the marks of the policies say: `// error[code]` at the end of a line, or `// ^ error[code]` below it.
fn marks(policies: &[&Fence]) -> BTreeSet<Finding> {
    let mut marks = BTreeSet::new();
    for fence in policies {
        let file = fence.option("file").unwrap_or("policy.fare");
        for (at, line) in fence.text.lines().enumerate() {
            let Some((before, mark)) = line.rsplit_once("// ") else { continue };
            let (mark, line) = match mark.strip_prefix("^ ") {
                Some(mark) => (mark, at),
                None => (mark, at + 1),
            };
            let marked = (mark.starts_with("error[") || mark.starts_with("warning[")) && mark.ends_with(']');
            if marked {
                assert!(line > 0 && (line > at || before.trim().is_empty()), "a mark of nothing: {mark}");
                marks.insert((mark.to_owned(), file.to_owned(), line));
            }
        }
    }
    marks
}

#[test]
fn every_diagnostic_has_a_page_that_raises_it_and_mends_it() {
    let pages = pages("diagnostics");
    assert_eq!(codes(&pages), DIAGNOSTIC_CODES.into_iter().collect());
    for (code, page) in &pages {
        let head = page.lines().nth(2).unwrap_or_default();
        let fences = fences(page);
        let (severity, with_catalog) = match head.split_once(", ") {
            Some((severity, "with a catalog")) => (severity, true),
            None => (head, false),
            Some(_) => panic!("{code}: {head}"),
        };
        let layer = fences.iter().find(|fence| fence.info == "yaml catalog");
        assert_eq!(layer.is_some(), with_catalog, "{code}: a catalog and its mention");
        let layer = layer.map(|fence| catalog_layer(&fence.text).unwrap_or_else(|e| panic!("{code}: {e}")));
        let catalog =
            layer.map(|layer| Catalog::new(vec![layer]).unwrap_or_else(|e| panic!("{code}: {e:?}")));
        let under = |heading: &str| -> Vec<&Fence> {
            let policies = fences.iter().filter(|f| f.info.split(' ').next() == Some("fare"));
            policies.filter(|f| f.under == heading).collect()
        };
        let (raises, mended) = (under("Raises it"), under("Mended"));
        assert!(!raises.is_empty() && !mended.is_empty(), "{code} lacks a policy");

        let marks = marks(&raises);
        let mark = format!("{severity}[{code}]");
        assert!(marks.len() == 1 && marks.iter().all(|m| m.0 == mark), "{code} marks {marks:?}");
        assert_eq!(findings(&raises, catalog.as_ref()), marks, "{code}");
        assert_eq!(findings(&mended, catalog.as_ref()), BTreeSet::new(), "{code}, mended");
        if with_catalog {
            assert_eq!(findings(&raises, None), BTreeSet::new(), "{code} needs no catalog");
        }
    }
}

/// Runs the cases of a page by the command line, in a folder of their own.
fn cases_pass(folder: &str, pages: &[(String, String)]) {
    let desk: PathBuf = std::env::temp_dir().join(format!("faregate-pages-{}-{folder}", std::process::id()));
    fs::create_dir_all(&desk).unwrap();
    for (code, page) in pages {
        let fences = fences(page);
        let cases: Vec<&Fence> = fences.iter().filter(|fence| fence.info == "yaml case").collect();
        assert_eq!(cases.len(), 1, "{folder}/{code} has one block of cases");
        assert!(cases[0].text.contains(code.as_str()), "the cases of {folder}/{code} do not speak of it");
        fs::write(desk.join(format!("{code}.test.yaml")), &cases[0].text).unwrap();
    }
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut surroundings = Surroundings {
        stdin: &mut std::io::empty(),
        out: &mut out,
        err: &mut err,
        colour: false,
        colour_errors: false,
    };
    let desk_path = desk.display().to_string();
    let code = faregate_cli::run(["faregate", "test", desk_path.as_str()], &mut surroundings);
    let said = format!("{}{}", String::from_utf8_lossy(&out), String::from_utf8_lossy(&err));
    fs::remove_dir_all(&desk).unwrap();
    assert_eq!(code, 0, "{said}");
}

#[test]
fn every_reason_has_a_page_whose_cases_pass() {
    let pages = pages("reasons");
    assert_eq!(codes(&pages), Reason::CODES.into_iter().collect());
    cases_pass("reasons", &pages);
}

#[test]
fn every_denial_has_a_page_whose_cases_pass() {
    let pages = pages("denials");
    let all: BTreeSet<&str> = DenialCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes(&pages), all);
    for (code, page) in &pages {
        let known = DenialCode::ALL.into_iter().find(|c| c.as_str() == code.as_str()).unwrap();
        let head = format!("denial; status: {}; advice: {}", known.status(), known.advice());
        assert_eq!(page.lines().nth(2), Some(head.as_str()), "{code}");
    }
    cases_pass("denials", &pages);
}

#[test]
fn every_class_has_a_page_whose_cases_pass() {
    let pages = pages("classes");
    assert_eq!(codes(&pages), ErrorClass::ALL.iter().map(|class| class.as_str()).collect());
    cases_pass("classes", &pages);
}
