//! The mended text that a diagnostic offers mends: applied, it leaves no new mistake of syntax, and the finding is gone. So for every
//! diagnostic of every case and page on diagnostics. And what the formatter prints silences what it silenced before.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;

use faregate::syntax::{Diagnostic, FileId, Sources, format};
use faregate::{Catalog, Completeness, check_set};
use faregate_cli::read_cases;
use faregate_tests::repository;

/// A policy set of a case or page, and where it is from.
struct Set {
    name: String,
    files: Vec<(String, String)>,
    catalog: Option<Catalog>,
}

/// The findings of a set with their texts.
fn findings(files: &[(String, String)], catalog: Option<&Catalog>) -> (Vec<Diagnostic>, Sources) {
    let checked = check_set(files.iter().cloned(), Completeness::Whole);
    let diagnostics = match &checked.policy {
        Some(policy) => policy.check_with(catalog, None),
        None => checked.diagnostics,
    };
    (diagnostics.iter().cloned().collect(), diagnostics.sources().clone())
}

fn sets() -> Vec<Set> {
    let mut sets = Vec::new();
    let paths = |folder: &str| {
        let entries = fs::read_dir(repository(folder)).expect("a folder of the repository");
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    };
    for path in paths("tests/diagnostics") {
        for case in read_cases(&path).expect("readable cases") {
            let Ok(input) = &case.input else { continue };
            let files = input.policies.iter().map(|p| (p.name.clone(), p.text.clone())).collect();
            let catalog = (!input.catalog.is_empty()).then(|| Catalog::new(input.catalog.clone()).unwrap());
            sets.push(Set { name: case.name.clone(), files, catalog });
        }
    }
    for path in paths("docs/diagnostics") {
        let page = fs::read_to_string(&path).unwrap();
        for fence in page.split("```fare").skip(1) {
            let text = fence.split_once('\n').unwrap().1.split("```").next().unwrap();
            let files = vec![("policy.fare".to_owned(), text.to_owned())];
            sets.push(Set { name: path.display().to_string(), files, catalog: None });
        }
    }
    sets
}

#[test]
fn every_fix_mends() {
    let mut wrong = Vec::new();
    let mut applied = 0;
    for set in sets() {
        let (found, sources) = findings(&set.files, set.catalog.as_ref());
        let syntax = |found: &[Diagnostic]| found.iter().filter(|d| d.code == "syntax").count();
        for diagnostic in found.iter().filter(|d| d.fix.is_some()) {
            let fix = diagnostic.fix.as_ref().unwrap();
            let mut files = set.files.clone();
            let text = &mut files[usize::from(fix.span.file.0)].1;
            text.replace_range(fix.span.start as usize..fix.span.end as usize, &fix.text);
            let (left, _) = findings(&files, set.catalog.as_ref());
            applied += 1;
            let same = |d: &Diagnostic| {
                d.code == diagnostic.code
                    && d.message == diagnostic.message
                    && d.primary.span.start == diagnostic.primary.span.start
            };
            if left.iter().any(same) || syntax(&left) > syntax(&found) {
                wrong.push(format!(
                    "{}: {} at {}: `{}` leaves {:?}",
                    set.name,
                    diagnostic.message,
                    sources.at(diagnostic.primary.span),
                    fix.text,
                    left.iter().map(|d| &d.message).collect::<Vec<_>>()
                ));
            }
        }
    }
    assert!(applied > 50, "{applied} fixes");
    assert_eq!(wrong, [] as [String; 0], "{}", wrong.join("\n"));
}

#[test]
fn the_formatter_changes_nothing_in_what_is_silenced() {
    let mut formatted = 0;
    for set in sets() {
        let printed: Result<Vec<_>, _> = set
            .files
            .iter()
            .map(|(name, text)| Ok::<_, Vec<Diagnostic>>((name.clone(), format(FileId(0), text)?)))
            .collect();
        let Ok(printed) = printed else { continue };
        formatted += 1;
        let codes = |files: &[(String, String)]| {
            let mut codes: BTreeMap<(u16, &str), usize> = BTreeMap::new();
            for diagnostic in findings(files, set.catalog.as_ref()).0 {
                *codes.entry((diagnostic.primary.span.file.0, diagnostic.code)).or_default() += 1;
            }
            codes
        };
        assert_eq!(codes(&set.files), codes(&printed), "{}: {printed:?}", set.name);
    }
    assert!(formatted > 100, "{formatted} sets");
}

/// A comment at any place of a policy with findings silences the same before and after formatting.
#[test]
fn a_comment_at_any_place_silences_alike_before_and_after() {
    let text = "policy p { language 1 }\ngroup idle = models \"a/b\", \"a/c\"\nguardrail g { forbid endpoint.zdr or endpoint.free and endpoint.trains forbid endpoint.free or endpoint.zdr and endpoint.trains }\nworkload w { otherwise route { models \"a/b\" then \"a/b\" then \"a/b\" require endpoint.free or endpoint.zdr and endpoint.trains require endpoint.zdr } ceiling { run $1 when request.stream or request.caching and request.idempotent } }\n";
    let comment = |code: &str| format!("\n// allow {code}: so it is\n");
    for (at, _) in text.match_indices(' ') {
        let quoted = text[..at].matches('"').count() % 2 == 1;
        for code in ["mixed-and-or", "no-effect"] {
            let with = [&text[..at], &comment(code), &text[at..]].concat();
            if quoted {
                continue;
            }
            let Ok(printed) = format(FileId(0), &with) else { continue };
            let count = |text: &str| {
                let found = findings(&[("policy.fare".to_owned(), text.to_owned())], None).0;
                found.iter().map(|d| d.code).collect::<Vec<_>>()
            };
            assert_eq!(count(&with), count(&printed), "{with}\n{printed}");
        }
    }
}
