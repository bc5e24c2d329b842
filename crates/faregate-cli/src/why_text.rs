//! Why one endpoint is where it is, rule by rule.

use std::fmt::Write;

use faregate::{CheckVerdict, Credential, Decision, Why};

use crate::paint::{error, faint, good, note, strong};

/// Returns the report on an endpoint.
pub(crate) fn write(decision: &Decision, why: Option<&Why>, endpoint: &str, colour: bool) -> String {
    let mut text = String::new();
    let request = &decision.explanation().request;
    let Some(why) = why else {
        let reason = match decision {
            Decision::Deny(denial) => denial.message.as_str(),
            Decision::Route(_) => "the workload looks at no endpoint",
        };
        let _ = writeln!(text, "request {request}: no endpoint was looked at, {endpoint} neither: {reason}");
        return text;
    };
    let _ = writeln!(
        text,
        "{}, for request {request} in workload {}",
        strong(&why.endpoint, colour),
        why.workload
    );
    match why.tier {
        Some(tier) => {
            let _ = writeln!(text, "tier {tier} names its model, {}", why.model);
        }
        None => {
            let line =
                format!("no tier names its model, {}, so that it is no candidate; were it one:", why.model);
            let _ = writeln!(text, "{}", note(&line, colour));
        }
    }
    for credential in &why.credentials {
        let name = match &credential.credential {
            Credential::Shared => "shared credential".to_owned(),
            Credential::Own(key) => format!("own key {key}"),
        };
        let excluded = credential.checks.iter().any(|c| c.verdict == CheckVerdict::Excludes);
        let place = match (credential.place, excluded) {
            (Some(place), _) => good(&format!("number {place} of the plan"), colour),
            (None, true) => error("excluded", colour),
            (None, false) => note("not in the plan", colour),
        };
        let _ = writeln!(text, "\n{name}: {place}");
        for check in &credential.checks {
            let (mark, paint): (&str, fn(&str, bool) -> String) = match check.verdict {
                CheckVerdict::Passes => ("passes  ", good),
                CheckVerdict::DoesNotApply => ("no case ", faint),
                CheckVerdict::Waived => ("waived  ", note),
                CheckVerdict::Excludes => ("excludes", error),
            };
            let at = check.at.as_ref().map(|at| format!(" at {at}")).unwrap_or_default();
            let detail = if check.detail.is_empty() { String::new() } else { format!(": {}", check.detail) };
            let _ = writeln!(text, "  {}  {}, {}{at}{detail}", paint(mark, colour), check.rule, check.what);
        }
    }
    text
}
