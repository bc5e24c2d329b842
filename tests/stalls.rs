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
