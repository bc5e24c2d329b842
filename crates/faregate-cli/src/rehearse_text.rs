//! A run as a timeline that a person reads.

use std::fmt::Write;

use faregate::{Credential, Failure, Outcome, Plan, Record, StepRecord, Timestamp, Told};

use crate::decide_text::{dollars, duration, printable};
use crate::paint::{error, faint, good, note, strong};

/// Returns the story of a run.
pub(crate) fn write(plan: &Plan, record: &Record, colour: bool) -> String {
    let mut text = String::new();
    let calls =
        if plan.calls_at_most == 1 { "1 call".to_owned() } else { format!("{} calls", plan.calls_at_most) };
    let deadline = plan.deadline_ms.map(|ms| format!(" within {}", duration(ms))).unwrap_or_default();
    let worst =
        plan.worst_cost.map_or("no bound on its cost".to_owned(), |m| format!("at most {}", dollars(m)));
    let _ = writeln!(
        text,
        "request {}, workload {}: {} planned, at most {calls}{deadline}, {worst}\n",
        strong(&printable(&record.request.id), colour),
        strong(&record.workload, colour),
        if plan.attempts.len() == 1 {
            "1 attempt".to_owned()
        } else {
            format!("{} attempts", plan.attempts.len())
        },
    );
    let mut told = record.told.iter();
    let mut failures = record.errors.iter();
    for step in &record.steps {
        match step {
            StepRecord::Try { endpoint, credential, at, .. } => {
                let name = match credential {
                    Credential::Shared => endpoint.clone(),
                    Credential::Own(key) => format!("{endpoint} with own key {key}"),
                };
                line(&mut text, record.started_at, *at, &format!("call     {}", strong(&name, colour)));
                let cost = failures.clone().next().and_then(|f| f.cost);
                ended(&mut text, record, &mut told, cost, colour);
                if let Some(Told::Outcome { outcome: Outcome::Failure(_), .. }) = last_outcome(record, &told)
                {
                    failures.next();
                }
            }
            StepRecord::Wait { ms, at } => {
                line(&mut text, record.started_at, *at, &format!("wait     {}", duration(*ms)));
            }
            StepRecord::Done | StepRecord::Fail(_) => end(&mut text, record, colour),
        }
    }
    summary(&mut text, record, colour);
    text
}

fn line(text: &mut String, start: Timestamp, at: Timestamp, what: &str) {
    let since = u64::try_from(at.0.saturating_sub(start.0)).unwrap_or(0);
    let _ = writeln!(text, "{:>9}  {what}", clock(since));
}

/// Milliseconds since the start, as `12.345s`.
fn clock(ms: u64) -> String {
    let (seconds, rest) = (ms.checked_div(1000).unwrap_or(0), ms.checked_rem(1000).unwrap_or(0));
    format!("{seconds}.{rest:03}s")
}

/// Tells how the call ended, and what was observed after it.
fn ended<'r>(
    text: &mut String,
    record: &Record,
    told: &mut (impl Iterator<Item = &'r Told> + Clone),
    cost: Option<faregate::Money>,
    colour: bool,
) {
    // Facts observed before the call ended come first.
    for item in told.by_ref() {
        match item {
            Told::Observed(_) => {
                let _ = writeln!(text, "{:>9}  {}", "", faint("fresher facts observed", colour));
            }
            Told::Outcome { at, outcome } => {
                match outcome {
                    Outcome::Success(_) => line(text, record.started_at, *at, &good("answered", colour)),
                    Outcome::Failure(failure) => {
                        line(text, record.started_at, *at, &failed(failure, cost, colour));
                    }
                }
                return;
            }
        }
    }
}

/// The outcome that was told last.
fn last_outcome<'r>(record: &'r Record, rest: &(impl Iterator<Item = &'r Told> + Clone)) -> Option<&'r Told> {
    let used = record.told.len().saturating_sub(rest.clone().count());
    record.told.get(..used)?.iter().rev().find(|t| matches!(t, Told::Outcome { .. }))
}

fn failed(failure: &Failure, cost: Option<faregate::Money>, colour: bool) -> String {
    let mut parts = vec![format!("failed   {}", error(failure.class.as_str(), colour))];
    if let Some(status) = failure.status {
        parts.push(format!("status {status}"));
    }
    if failure.emitted_tokens > 0 {
        parts.push(format!("after {} tokens of output", failure.emitted_tokens));
    }
    if let Some(ms) = failure.retry_after_ms {
        parts.push(format!("asks to wait {}", duration(ms)));
    }
    if failure.should_retry == Some(false) {
        parts.push("forbids to try again".to_owned());
    }
    parts.push(match cost {
        Some(cost) if cost.is_zero() => "nothing spent".to_owned(),
        Some(cost) => format!("{} spent or possibly spent", dollars(cost)),
        None => "what it may have cost has no bound".to_owned(),
    });
    parts.join(", ")
}

fn end(text: &mut String, record: &Record, colour: bool) {
    let left = record.limit.map(|limit| format!("no {} left", limit_word(limit.as_str())));
    let what = match (&record.served, record.error) {
        (Some(served), _) => {
            let role = match served.role {
                None => String::new(),
                Some(kind) => format!(", {} fallback", crate::decide_text::move_word(kind)),
            };
            format!("{}     served by {}{role}", good("done", colour), served.endpoint)
        }
        // The class is that of the last failure, which the line of its call has told.
        (None, Some(_)) => {
            let why = left.unwrap_or_else(|| "no retry or fallback applies".to_owned());
            format!("{}    {why}", error("ended", colour))
        }
        (None, None) => {
            let why = left.map(|left| format!(": {left}")).unwrap_or_default();
            format!("{}   no call could be made{why}", error("failed", colour))
        }
    };
    line(text, record.started_at, record.ended_at, &what);
}

fn limit_word(limit: &str) -> &str {
    match limit {
        "deadline" => "time",
        "cost" => "money",
        other => other,
    }
}

fn summary(text: &mut String, record: &Record, colour: bool) {
    let calls = if record.calls == 1 { "1 call".to_owned() } else { format!("{} calls", record.calls) };
    let unknown = match record.unknown_costs {
        0 => String::new(),
        n => format!(", and what {n} of the calls cost is not known"),
    };
    let _ = writeln!(
        text,
        "\n{calls}, {} spent or possibly spent{unknown}",
        strong(&dollars(record.cost), colour)
    );
    for charge in &record.charged {
        let by = match &charge.credential {
            Credential::Shared => "the shared credential".to_owned(),
            Credential::Own(key) => format!("own key {key}"),
        };
        let _ = writeln!(text, "  {} at {} by {by}", dollars(charge.cost), charge.provider);
    }
    for alert in &record.alerts {
        let line = format!("budget {} passed {}", alert.budget, alert.threshold);
        let _ = writeln!(text, "{}", note(&line, colour));
    }
    if record.partial.is_some() {
        let what = match record.partial {
            Some(faregate::syntax::ast::Partial::Discard) => "is to be thrown away",
            _ => "is to be marked incomplete",
        };
        let _ =
            writeln!(text, "{}", note(&format!("output reached the client and was cut: it {what}"), colour));
    }
    if record.discarded_tokens > 0 {
        let _ = writeln!(text, "{} tokens of output were thrown away", record.discarded_tokens);
    }
    if let Some(at) = record.opens_at {
        let _ = writeln!(text, "worth another try at {at}");
    }
    if let Some(advice) = record.advice() {
        let _ = writeln!(text, "advice: {}", advice.replace('_', " "));
    }
}
