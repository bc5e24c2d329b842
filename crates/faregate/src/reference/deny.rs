//! Why a plan is empty (rule 35).

use std::collections::{BTreeMap, BTreeSet};

use faregate_syntax::Span;

use super::candidate::Candidate;
use super::reason::{Class, RawReason};
use super::world::World;
use crate::{DenialCode, Timestamp};

/// A candidate and all reasons for which it is out.
pub(crate) type Out<'a> = (Candidate<'a>, Vec<RawReason>);

/// The verdict over an empty plan.
pub(crate) struct Verdict {
    pub(crate) code: DenialCode,
    pub(crate) opens_at: Option<Timestamp>,
    pub(crate) rule: String,
    pub(crate) at: Option<Span>,
    pub(crate) message: String,
}

impl World<'_> {
    /// Judges why no candidate is left.
    pub(crate) fn verdict(&self, workload: &str, models_span: Span, out: &[Out<'_>]) -> Verdict {
        let only = |classes: &[Class]| -> Vec<&Out<'_>> {
            out.iter().filter(|(_, reasons)| reasons.iter().all(|r| classes.contains(&r.class))).collect()
        };
        let steps: [&[Class]; 3] = [
            &[Class::Quota],
            &[Class::Quota, Class::Spend, Class::Credits],
            &[Class::Quota, Class::Spend, Class::Credits, Class::Guardrail],
        ];
        let mut code = DenialCode::NoRoute;
        let mut deciding: Vec<&Out<'_>> = out.iter().collect();
        for (step, classes) in steps.into_iter().enumerate() {
            let found = only(classes);
            if found.is_empty() {
                continue;
            }
            let spend = found.iter().any(|(_, reasons)| reasons.iter().any(|r| r.class == Class::Spend));
            code = match step {
                0 => DenialCode::Quota,
                1 if spend => DenialCode::Budget,
                1 => DenialCode::Credits,
                _ => DenialCode::Guardrail,
            };
            deciding = found;
            break;
        }
        let opens = |reasons: &[RawReason]| {
            reasons.iter().map(|r| r.opens_at).collect::<Option<Vec<_>>>()?.into_iter().max()
        };
        let opens_at = deciding.iter().filter_map(|(_, reasons)| opens(reasons)).min();
        if out.is_empty() {
            return Verdict {
                code,
                opens_at: None,
                rule: format!("workload {workload}"),
                at: Some(models_span),
                message: format!(
                    "no endpoint of the catalog serves a model that workload {workload} names for this request"
                ),
            };
        }
        let (rule, at, detail, count) = self.worst_rule(out);
        let named = rule.strip_prefix("guardrail ");
        let guardrail = self.policy.guardrails.iter().find(|g| Some(g.name.as_str()) == named);
        let because = guardrail.and_then(|g| g.because.as_deref());
        let message = message(code, out.len(), &rule, count, &detail, because, opens_at);
        Verdict { code, opens_at, rule, at, message }
    }

    /// Returns the rule that excluded most candidates: its name, the place of its statement that excluded most, one
    /// detail, and how many. Ties go to the place that comes first; rules without a place come last.
    fn worst_rule(&self, out: &[Out<'_>]) -> (String, Option<Span>, String, usize) {
        let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
        let mut statements: BTreeMap<(&str, bool, Option<Span>), (usize, &str)> = BTreeMap::new();
        for (_, reasons) in out {
            let names: BTreeSet<&str> = reasons.iter().map(|r| r.rule.as_str()).collect();
            for name in names {
                let count = rules.entry(name).or_insert(0);
                *count = count.saturating_add(1);
            }
            let mut seen = BTreeSet::new();
            for reason in reasons {
                let key = (reason.rule.as_str(), reason.span.is_none(), reason.span);
                if seen.insert(key) {
                    let slot = statements.entry(key).or_insert((0, &reason.detail));
                    slot.0 = slot.0.saturating_add(1);
                }
            }
        }
        let first_place = |rule: &str| {
            let of = statements.keys().filter(|(name, ..)| *name == rule);
            of.map(|(_, placeless, span)| (*placeless, *span)).min()
        };
        let worst = rules.iter().max_by_key(|(name, count)| (**count, std::cmp::Reverse(first_place(name))));
        let Some((rule, count)) = worst else { return ("built-in".to_owned(), None, String::new(), 0) };
        // The last of equal maxima would be the latest place, so the earliest is looked for from the back.
        let of_rule = statements.iter().rev().filter(|((name, ..), _)| name == rule);
        let statement = of_rule.max_by_key(|(_, (count, _))| *count);
        let (span, detail) = statement.map_or((None, ""), |((_, _, span), (_, detail))| (*span, *detail));
        ((*rule).to_owned(), span, detail.to_owned(), *count)
    }
}

fn message(
    code: DenialCode,
    candidates: usize,
    rule: &str,
    count: usize,
    detail: &str,
    because: Option<&str>,
    opens: Option<Timestamp>,
) -> String {
    let what = match code {
        DenialCode::Quota => "a quota is used up",
        DenialCode::Budget => "a budget is used up",
        DenialCode::Credits => "the key's credits do not suffice",
        DenialCode::Guardrail => "a guardrail stands in the way",
        _ => "no endpoint can serve this request",
    };
    let endpoints = if candidates == 1 {
        "the only candidate".to_owned()
    } else {
        format!("{count} of {candidates} candidates")
    };
    let until = opens.map(|at| format!("; it opens at {at}")).unwrap_or_default();
    let because = because.map(|b| format!(", because: {b}")).unwrap_or_default();
    format!("{what}: {rule} excludes {endpoints} ({detail}{because}){until}")
}
