//! What the generators reach: every construct, every reason, every denial.

use std::collections::BTreeMap;

use faregate::syntax::{FileId, parse};
use faregate::{Credential, Decision};
use faregate_tests::generate::ATTRIBUTES;
use faregate_tests::{CONSTRUCTS, constructs};

use crate::hold::some_worlds;

/// All codes of reasons; of ceilings on tools those that are generated.
const REASONS: &[&str] = &[
    "context_length",
    "output_length",
    "parameters",
    "modalities",
    "sunset",
    "require",
    "forbid",
    "guardrail",
    "ceiling_attempt",
    "ceiling_run",
    "ceiling_prompt",
    "ceiling_completion",
    "ceiling_request_fee",
    "ceiling_image",
    "ceiling_cache_read",
    "ceiling_cache_write",
    "ceiling_reasoning",
    "ceiling_web_search",
    "ceiling_code_execution",
    "ceiling_acme:lookup",
    "ceiling_output",
    "cost_unbounded",
    "price_unknown",
    "budget",
    "credits",
    "health",
    "credential",
    "caller",
    "fallback",
];

/// All codes of denials.
const DENIALS: &[&str] = &[
    "invalid_request",
    "missing_attribute",
    "refused",
    "budget",
    "credits",
    "quota",
    "guardrail",
    "no_route",
];

/// What else a decision can hold.
const OUTCOMES: &[&str] = &[
    "route",
    "own credential",
    "degraded",
    "waived",
    "alert",
    "alias",
    "opens_at",
    "nearest",
    "role None",
    "role Some(Credential)",
    "role Some(Provider)",
    "role Some(Model)",
];

#[test]
fn the_generators_reach_everything() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut note = |name: String| *seen.entry(name).or_default() += 1;
    for world in some_worlds("the_generators_reach_everything", 900) {
        for (_, text) in &world.policies {
            constructs(&parse(FileId(0), text).0).into_iter().for_each(&mut note);
        }
        let decision = world.engine().expect("a world that loads").decide(&world.request, &world.context);
        let explanation = decision.explanation();
        for reason in explanation.excluded.iter().flat_map(|e| &e.reasons) {
            note(format!("reason {}", reason.code));
        }
        if !explanation.degraded.is_empty() {
            note("degraded".to_owned());
        }
        if !explanation.waivers.is_empty() {
            note("waived".to_owned());
        }
        if !explanation.alerts.is_empty() {
            note("alert".to_owned());
        }
        if !explanation.aliases.is_empty() {
            note("alias".to_owned());
        }
        match decision {
            Decision::Deny(denial) => {
                note(format!("denial {}", denial.code.as_str()));
                if denial.opens_at.is_some() {
                    note("opens_at".to_owned());
                }
                if denial.nearest.is_some() {
                    note("nearest".to_owned());
                }
            }
            Decision::Route(plan) => {
                note("route".to_owned());
                for attempt in &plan.attempts {
                    note(format!("role {:?}", attempt.role));
                    if matches!(attempt.credential, Credential::Own(_)) {
                        note("own credential".to_owned());
                    }
                }
            }
        }
    }
    for (name, count) in &seen {
        println!("{count:6} {name}");
    }
    let attributes = ATTRIBUTES.iter().map(|(name, _)| format!("attribute {name}"));
    let named = [(CONSTRUCTS, ""), (OUTCOMES, ""), (REASONS, "reason "), (DENIALS, "denial ")];
    let all =
        named.iter().flat_map(|(names, prefix)| names.iter().map(move |name| format!("{prefix}{name}")));
    let missed: Vec<String> = all.chain(attributes).filter(|name| !seen.contains_key(name)).collect();
    assert!(missed.is_empty(), "never reached: {missed:?}");
}
