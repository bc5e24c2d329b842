//! Texts within the limits that once stalled the checker: each holds one thing many times, and is checked and reported in time that
//! grows with its length.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use faregate::{Completeness, check_set};

/// What grows with the square of the length takes minutes here; what does not, a second or two without optimisation.
const MOST: Duration = Duration::from_secs(30);

fn list(n: usize, separator: &str, item: impl Fn(usize) -> String) -> String {
    (0..n).fold(String::new(), |mut text, i| {
        let _written = write!(text, "{}{}", if i == 0 { "" } else { separator }, item(i));
        text
    })
}

fn check(what: &str, declarations: &str, sections: &str) {
    let text = format!(
        "policy p {{ language 1 }}\n{declarations}\nworkload rest {{ otherwise route {{ models \"a\" }} {sections} }}\n"
    );
    let began = Instant::now();
    let checked = check_set([("p.fare", text)], Completeness::Whole);
    let report = checked.diagnostics.to_string();
    let took = began.elapsed();
    assert!(took < MOST, "{what}: {took:?}, a report of {} bytes", report.len());
}

#[test]
fn long_lists_and_many_declarations_do_not_stall() {
    let words = list(40_000, ", ", |i| format!("w{i}"));
    let backwards = list(40_000, ", ", |i| format!("w{}", 39_999_usize.saturating_sub(i)));
    let others = list(20_000, ", ", |i| format!("x{i}"));
    let declared = format!("declare {{ request.x one_of {words} }}");
    check("values", &declared, "");
    check(
        "values asked for",
        &format!("{declared}\nguardrail g {{ when request.x in {backwards} forbid endpoint.zdr }}"),
        "",
    );
    check(
        "values misspelt",
        &format!("{declared}\nguardrail g {{ when request.x in {others} forbid endpoint.zdr }}"),
        "",
    );
    check("tools", "", &format!("tools {{ {} }}", list(30_000, "\n", |i| format!("t{i} 3 calls"))));
    check("classes", "", &format!("retry {{ on {} 1 time }}", list(20_000, ", ", |_| "timeout".to_owned())));
    check(
        "windows",
        &format!("budget b {{ requests {} }}", list(20_000, ", ", |_| "5 per day".to_owned())),
        "",
    );
    check("braces", &"}".repeat(500_000), "");
    let models = list(20_000, ", ", |i| format!("\"m{i}\""));
    let uses = list(8_000, "\n", |_| "guardrail g { forbid endpoint.model in much }".to_owned());
    check("a group named often", &format!("group much = models {models}\n{uses}"), "");
    let groups = list(10_000, "\n", |i| format!("group g{i} = models \"m\""));
    let missed = list(10_000, "\n", |i| format!("guardrail r{i} {{ forbid endpoint.model in h{i} }}"));
    check("names misspelt", &format!("{groups}\n{missed}"), "");
    let soft =
        list(8_000, "\n", |i| format!("budget b{i} {{ requests 5 per day on exhausted use workload rest }}"));
    check("soft caps", &soft, "");
}

/// Findings that need a look at every request do not stall either: what is too large for one is left out, and that is said.
#[test]
fn a_look_at_every_request_does_not_stall() {
    let look = |what: &str, text: String| {
        let began = Instant::now();
        let checked = check_set([("p.fare", text)], Completeness::Whole);
        let policy = checked.policy.unwrap_or_else(|| panic!("{what}: {}", checked.diagnostics));
        let found = faregate_analysis::findings(&policy, None, None, faregate_analysis::Depth::Quick);
        let took = began.elapsed();
        assert!(took < MOST, "{what}: {took:?}");
        (found.left_out, found.diagnostics)
    };
    let rest = "workload rest { otherwise deny \"no\" }";
    let start = "policy p { language 1 }";
    let texts = list(10_000, ", ", |i| format!("\"t{i}\""));
    look(
        "texts",
        format!("{start}\nguardrail g {{ when request.user in {texts} forbid endpoint.free }}\n{rest}"),
    );
    let terms = list(5_000, " or ", |i| format!("request.user == \"u{i}\""));
    look("terms", format!("{start}\nguardrail g {{ when {terms} forbid endpoint.free }}\n{rest}"));
    let workloads = list(2_000, "\n", |i| {
        format!("workload w{i} {{ when request.user == \"u{i}\" route {{ models \"m\" }} }}")
    });
    let (left_out, _) = look("workloads", format!("{start}\n{workloads}\n{rest}"));
    assert!(left_out);
    // Each wants what all before it want: three are named, the others counted.
    let alike = list(8, "\n", |i| {
        format!("workload w{i} {{ when request.tags includes \"t{i}\" route {{ models \"m\" }} }}")
    });
    let (left_out, found) = look("overlaps", format!("{start}\n{alike}\n{rest}"));
    let overlaps: Vec<_> = found.iter().filter(|d| d.code == "overlapping-workloads").collect();
    assert!(!left_out);
    // 1 for the second workload, 2 for the third, 3 for each of the five others.
    assert_eq!(overlaps.len(), 18);
    let last = overlaps.last().unwrap();
    assert!(last.message.ends_with("; 4 more earlier ones overlap with it too"), "{}", last.message);
}
