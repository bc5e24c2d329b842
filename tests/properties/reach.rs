//! What the generators reach: every construct, every reason, every denial.

use std::collections::BTreeMap;

use faregate::syntax::{FileId, parse};
use faregate::{Credential, Decision};
use faregate_tests::constructs;
use faregate_tests::generate::ATTRIBUTES;

use crate::hold::some_worlds;

/// All that [`constructs`] tells apart, but attributes.
const CONSTRUCTS: &[&str] = &[
    "budget alert",
    "budget byok excluded",
    "budget byok included",
    "budget concurrency",
    "budget covers",
    "budget on exhausted alert only",
    "budget on exhausted deny",
    "budget on exhausted use workload",
    "budget per",
    "budget per endpoint.credential",
    "budget per endpoint.model",
    "budget per endpoint.provider",
    "budget per key.environment",
    "budget per key.team",
    "budget per request.input_tokens",
    "budget per request.stream",
    "budget per request.tier",
    "budget per request.user",
    "budget per several",
    "budget per time.weekday",
    "budget requests",
    "budget reserve",
    "budget several limits",
    "budget spend",
    "budget tokens",
    "budget when",
    "budget window day",
    "budget window hour",
    "budget window minute",
    "budget window month",
    "budget window total",
    "budget window week",
    "budget zone",
    "ceiling attempt",
    "ceiling cache_read",
    "ceiling cache_write",
    "ceiling completion",
    "ceiling image",
    "ceiling output",
    "ceiling prompt",
    "ceiling reasoning",
    "ceiling request_fee",
    "ceiling run",
    "ceiling tool acme:lookup",
    "ceiling tool code_execution",
    "ceiling web_search",
    "ceiling when",
    "class authentication",
    "class context_length",
    "class insufficient_credits",
    "class invalid_response",
    "class moderation",
    "class network",
    "class not_found",
    "class overloaded",
    "class provider_error",
    "class quota_exhausted",
    "class rate_limit",
    "class stream_interrupted",
    "class timeout",
    "class unavailable",
    "class unsupported",
    "comment",
    "declare bool",
    "declare bool default",
    "declare count",
    "declare count default",
    "declare default none",
    "declare duration",
    "declare duration default",
    "declare money",
    "declare money default",
    "declare one_of",
    "declare one_of default",
    "declare set_of",
    "declare set_of default",
    "declare text",
    "declare text default",
    "documentation",
    "expr !=",
    "expr <",
    "expr <=",
    "expr ==",
    "expr >",
    "expr >=",
    "expr and",
    "expr between",
    "expr constant",
    "expr flag",
    "expr in",
    "expr includes",
    "expr includes all of",
    "expr includes any of",
    "expr matches",
    "expr not",
    "expr or",
    "expr parentheses",
    "expr present",
    "expr two attributes",
    "expr value first",
    "expr zone",
    "fallback at most",
    "fallback none",
    "fallback other credential",
    "fallback other model",
    "fallback other provider",
    "fallback price at most",
    "fallback require",
    "fallback when",
    "group models",
    "group providers",
    "guardrail because",
    "guardrail forbid",
    "guardrail require",
    "guardrail waivable in",
    "guardrail when",
    "health cool",
    "health cool retry_after",
    "health probe",
    "invariant always",
    "invariant at least endpoints",
    "invariant at least models",
    "invariant at least providers",
    "invariant calls",
    "invariant cost",
    "invariant for",
    "invariant for workload",
    "invariant served",
    "literal bool",
    "literal count",
    "literal date",
    "literal duration",
    "literal instant",
    "literal money",
    "literal price per Mtok",
    "literal price per call",
    "literal price per image",
    "literal ratio",
    "literal string",
    "literal time of day",
    "literal word",
    "models group",
    "models id",
    "models pattern",
    "models requested",
    "models requested within",
    "policy language",
    "policy owner",
    "policy version",
    "profile",
    "retry at most",
    "retry deadline",
    "retry first_token",
    "retry jitter equal",
    "retry jitter full",
    "retry jitter none",
    "retry none",
    "retry on",
    "retry stall",
    "retry timeout",
    "retry wait exponential",
    "retry wait fixed",
    "retry wait retry_after",
    "retry wait retry_after else",
    "retry wait retry_after up to",
    "retry wait retry_after up to else",
    "retry when",
    "route balance by price",
    "route balance shares",
    "route credentials for",
    "route credentials own only",
    "route credentials own then shared",
    "route credentials shared only",
    "route credentials shared then own",
    "route forbid",
    "route models then",
    "route order by latency",
    "route order by latency_p75",
    "route order by latency_p90",
    "route order by latency_p99",
    "route order by price",
    "route order by throughput",
    "route order by throughput_p90",
    "route order by uptime",
    "route prefer",
    "route require",
    "route sticky",
    "route tolerate",
    "stream commit at end",
    "stream commit at first_token",
    "stream partial discard",
    "stream partial mark_incomplete",
    "tools calls",
    "tools iterations",
    "tools results",
    "waive approved",
    "waive because",
    "waive until",
    "waive when",
    "workload deny",
    "workload otherwise",
    "workload use",
    "workload when",
];

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
