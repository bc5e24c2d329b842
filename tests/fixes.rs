//! The mended text that a diagnostic offers mends: applied, it leaves no new mistake of syntax, and the finding is gone. So for every
//! diagnostic of every case and page on diagnostics. And what the formatter prints silences what it silenced before.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod desk;

use self::desk::{Desk, run};
use std::collections::BTreeMap;
use std::fs;

use faregate::syntax::{Diagnostic, FileId, Safety, Sources, format};
use faregate::{Catalog, Completeness, check_set};
use faregate_cli::read_cases;
use faregate_tests::{repository, same_tree};
use serde_json::{Value, json};

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

/// A workload around what matters.
fn policy(guardrail: &str, route: &str) -> String {
    format!(
        "policy p {{ language 1 }}\ndeclare {{ request.tier one_of free, pro }}\nguardrail g {{ {guardrail} }}\n\
         workload w {{ otherwise route {{ models \"a/b\" {route} }} }}\n"
    )
}

/// What a safe fix writes is what stands there already, said by hand for every kind of fix there is.
#[test]
fn what_is_safe_is_told_from_what_is_a_guess() {
    use Safety::{Safe, Unsafe};
    let rows = [
        ("require endpoint.zdr && endpoint.free", "", Safe),
        ("require ! endpoint.free", "", Safe),
        ("require endpoint.region = \"eu\"", "", Safe),
        ("require endpoint.region == 'eu'", "", Safe),
        ("require endpoint.region == eu", "", Safe),
        ("require endpoint.provider in \"a\", \"b\",", "", Safe),
        ("require endpoint.zdr;", "", Safe),
        ("Require endpoint.zdr", "", Safe),
        ("require\u{a0}endpoint.zdr", "", Safe),
        ("require endpoint.zdr or endpoint.free and endpoint.trains", "", Safe),
        ("require endpoint.price_prompt <= $5 Mtok", "", Safe),
        ("requre endpoint.zdr", "", Unsafe),
        ("require endpoint.zrd", "", Unsafe),
        ("require endpoint.region == \"eu\u{b}1\"", "", Unsafe),
        ("require endpoint.zdr when request.tier == pra", "", Unsafe),
        ("when request.tier == pra require endpoint.zdr", "", Unsafe),
        ("require endpoint.context_length >= 5m", "", Unsafe),
        ("require endpoint.z\u{0434}r", "", Unsafe),
        ("require endpoint.zdr", "order bye price", Unsafe),
    ];
    for (guardrail, route, safety) in rows {
        let (found, _) = findings(&[("p.fare".to_owned(), policy(guardrail, route))], None);
        let fixes: Vec<Safety> = found.iter().filter_map(|d| Some(d.fix.as_ref()?.safety)).collect();
        // The letter that only looks like one has no fix, or a guess.
        if guardrail.contains('\u{0434}') && fixes.is_empty()
            || guardrail.contains("zdr when") && fixes.is_empty()
        {
            continue;
        }
        assert_eq!(fixes.first(), Some(&safety), "{guardrail} {route}: {found:?}");
    }
    // An alias is another model under another catalog.
    let market =
        "endpoints: [ { id: a/b@n, model: a/b, aliases: [b], context_length: 9, modalities: [text] } ]";
    let catalog = Catalog::new(vec![faregate_wire::catalog_layer(market).unwrap()]).unwrap();
    let text = "policy p { language 1 }\nworkload w { otherwise route { models \"b\" } }\n";
    let (found, _) = findings(&[("p.fare".to_owned(), text.to_owned())], Some(&catalog));
    let alias = found.iter().find(|d| d.code == "alias-named").unwrap();
    assert_eq!(alias.fix.as_ref().unwrap().safety, Unsafe);
}

/// Parentheses write the tree that is there: with all of them taken away the two texts are one.
#[test]
fn parentheses_that_are_added_write_the_parse_that_is_there() {
    let condition = "request.stream and request.caching or not request.stream or request.idempotent and (request.stream \
                     or request.caching and request.side_effects)";
    let mended = "(request.stream and request.caching) or not request.stream or (request.idempotent and \
                  (request.stream or (request.caching and request.side_effects)))";
    let desk = Desk::new(&[("p.fare", &policy(&format!("when {condition} require endpoint.zdr"), ""))]);
    assert_eq!(run(&["check", &desk.path("p.fare"), "--fix", "--deny", "warnings"]).0, 0);
    assert_eq!(desk.read("p.fare"), policy(&format!("when {mended} require endpoint.zdr"), ""));
    assert_eq!(
        same_tree(&desk.read("p.fare"), &policy(&format!("when {mended} require endpoint.zdr"), "")),
        Ok(())
    );
}

/// One safe mend, one guess, and one finding that nothing mends.
const DESK: &str = "\
policy p { language 1 }
guardrail g {
  require endpoint.zdr && endpoint.regoin == \"eu\"
}
guardrail g { require endpoint.free }
workload rest { otherwise deny \"no\" }
";

#[test]
fn fix_applies_what_is_safe_and_reports_what_is_left() {
    let desk = Desk::new(&[("p.fare", DESK)]);
    let path = desk.path("p.fare");
    let (code, out, err) = run(&["check", &path, "--fix"]);
    assert_eq!(desk.read("p.fare"), DESK.replace("&&", "and"));
    assert_eq!(code, 1);
    assert!(out.contains("error[unknown-attribute]") && out.contains("error[duplicate-name]"), "{out}");
    assert!(err.contains(&format!("fixed {path}:3:24: ")), "{err}");
    assert!(err.contains("`--fix --unsafe` mends one by a guess"), "{err}");

    let (code, out, _) = run(&["check", &path, "--fix", "--unsafe", "--format", "json"]);
    assert_eq!(desk.read("p.fare"), DESK.replace("&&", "and").replace("regoin", "region"));
    assert_eq!(code, 1);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["errors"], 1);
    assert_eq!(
        report["fixed"],
        json!([{ "code": "unknown-attribute", "message": "no attribute `regoin` on `endpoint`", "file": path,
                 "line": 3, "column": 28, "safety": "unsafe" }])
    );
}

#[test]
fn a_diff_shows_what_would_change_and_changes_nothing() {
    let desk = Desk::new(&[("p.fare", DESK)]);
    let path = desk.path("p.fare");
    let (code, out, err) = run(&["check", &path, "--diff"]);
    assert_eq!(code, 1);
    assert_eq!(
        out,
        format!(
            "--- {path}\n+++ {path}\n@@ -1,6 +1,6 @@\n policy p {{ language 1 }}\n guardrail g {{\n\
             -  require endpoint.zdr && endpoint.regoin == \"eu\"\n+  require endpoint.zdr and endpoint.regoin == \"eu\"\n \
             }}\n guardrail g {{ require endpoint.free }}\n workload rest {{ otherwise deny \"no\" }}\n"
        )
    );
    assert!(err.contains("would fix") && err.contains("1 file would change"), "{err}");
    assert_eq!(desk.read("p.fare"), DESK);

    let sound = "policy p { language 1 }\nworkload rest { otherwise deny \"no\" }\n";
    let desk = Desk::new(&[("p.fare", sound)]);
    assert_eq!(run(&["check", &desk.path("p.fare"), "--diff"]).0, 0);
}

#[test]
fn a_fix_keeps_a_link_and_a_file_that_is_right_is_not_written() {
    let sound = "policy p { language 1 }\nworkload rest { otherwise deny \"no\" }\n";
    let desk = Desk::new(&[("real.fare", DESK), ("sound.fare", sound)]);
    let before = fs::metadata(desk.path("sound.fare")).unwrap().modified().unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        fs::set_permissions(desk.path("real.fare"), fs::Permissions::from_mode(0o640)).unwrap();
        symlink(desk.path("real.fare"), desk.path("link.fare")).unwrap();
        run(&["check", &desk.path("link.fare"), &desk.path("sound.fare"), "--fix"]);
        assert!(fs::symlink_metadata(desk.path("link.fare")).unwrap().is_symlink());
        assert_eq!(fs::metadata(desk.path("real.fare")).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(desk.read("real.fare"), DESK.replace("&&", "and"));
    }
    assert_eq!(fs::metadata(desk.path("sound.fare")).unwrap().modified().unwrap(), before);
    // Nothing is left behind.
    assert!(
        fs::read_dir(&desk.0).unwrap().all(|e| !e.unwrap().file_name().to_string_lossy().starts_with('.'))
    );
}

#[test]
fn what_cannot_be_asked_for_says_so() {
    let desk = Desk::new(&[("p.fare", DESK)]);
    let (code, _, err) = run(&["check", &desk.path("p.fare"), "--unsafe"]);
    assert_eq!((code, err.contains("add --diff to see them or --fix to apply them")), (2, true));
    let (code, _, err) = run(&["check", "-", "--fix"]);
    assert_eq!((code, err.as_str()), (2, "error: standard input cannot be mended; name a file\n"));
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

#[test]
fn slips_with_numbers_say_what_to_write() {
    let policy = |section: &str| {
        format!(
            "policy p {{ language 1 }}\nworkload w {{\n  otherwise\n  route {{ models \"*\" }}\n  {section}\n}}\n"
        )
    };
    for (written, help, mended) in [
        ("ceiling { run 5 }", "write `$5`", Some("ceiling { run $5 }")),
        ("ceiling { run $5 per call }", "write `$5`", Some("ceiling { run $5 }")),
        ("ceiling { prompt 5 }", "write `$5 per Mtok`", Some("ceiling { prompt $5 per Mtok }")),
        ("ceiling { image $1 }", "write `$1 per image`", Some("ceiling { image $1 per image }")),
        (
            "ceiling { prompt $5/Mtok }",
            "a price is written `$5 per Mtok`",
            Some("ceiling { prompt $5 per Mtok }"),
        ),
        ("ceiling { output $5 }", "write `5`", Some("ceiling { output 5 }")),
        (
            "ceiling { output 5m }",
            "`5m` is a time in minutes; a count in millions is `5M`",
            Some("ceiling { output 5M }"),
        ),
        (
            "ceiling { run 0.50 }",
            "an amount of money is written `$0.50`, a ratio `0.50%`; a count has decimals only where `k` or `M` makes it whole, as in `1.5k`",
            None,
        ),
        ("retry { deadline 45 s }", "write it without a blank: `45s`", Some("retry { deadline 45s }")),
        ("retry { deadline 45 }", "a duration has a unit, as in `45s` or `45ms`", None),
    ] {
        let text = policy(written);
        let (found, sources) = findings(&[("p.fare".to_owned(), text.clone())], None);
        let [one] = found.as_slice() else { panic!("{written}: {found:?}") };
        assert_eq!(one.help.as_deref(), Some(help), "{written}");
        let fixed = one.fix.as_ref().map(|fix| {
            let mut text = sources.get(fix.span.file).unwrap().text().to_owned();
            text.replace_range(fix.span.start as usize..fix.span.end as usize, &fix.text);
            text
        });
        assert_eq!(fixed, mended.map(policy), "{written}");
        if let Some(text) = fixed {
            assert_eq!(findings(&[("p.fare".to_owned(), text)], None).0, [], "{written}");
        }
    }
    let text = "policy p { language 1 }\nbudget b { spend $5 per month  per team }\nworkload w { otherwise  deny \"no\" }\n";
    let (found, _) = findings(&[("p.fare".to_owned(), text.to_owned())], None);
    assert_eq!(
        found[0].help.as_deref(),
        Some("an attribute is written with what it is of: `key.team`, `request.team` or `endpoint.team`")
    );
}
