//! Why one endpoint is where it is, as data.

use faregate::{CheckVerdict, CredentialWhy, Why};
use serde::Serialize;

use crate::Node;
use crate::decision::CredentialDto;
use crate::request::to_node;

/// Returns what a decision says of one endpoint, rule by rule, in the shape of `decide --why --format json`.
///
/// ```
/// # use faregate::{Catalog, Context, Engine, PolicySet, Request};
/// # let text = r#"policy p { language 1 } workload rest { otherwise route { models "m/a" } }"#;
/// # let market = faregate_wire::catalog_layer("endpoints: [ { id: m/a@north, context_length: 9, modalities: [text] } ]").unwrap();
/// # let engine = Engine::new(PolicySet::parse([("p.fare", text)]).unwrap(), Catalog::new(vec![market]).unwrap()).unwrap();
/// # let context = Context::new("2026-11-23T10:00:00Z".parse().unwrap());
/// let why = engine.why(&Request::new("r1", 100), &context, "m/a@north").unwrap();
/// let node = faregate_wire::why_to_node(&why);
/// let checks = node.get("credentials").unwrap().as_seq().unwrap()[0].get("checks").unwrap().as_seq().unwrap();
/// assert!(checks.iter().any(|check| check.get("verdict").unwrap().as_text() == Some("excludes")));
/// ```
#[must_use]
pub fn why_to_node(why: &Why) -> Node {
    to_node(&WhyDto {
        endpoint: &why.endpoint,
        model: &why.model,
        workload: &why.workload,
        tier: why.tier,
        credentials: why.credentials.iter().map(credential).collect(),
    })
}

#[derive(Serialize)]
struct WhyDto<'a> {
    endpoint: &'a str,
    model: &'a str,
    workload: &'a str,
    tier: Option<u32>,
    credentials: Vec<CredentialWhyDto<'a>>,
}

#[derive(Serialize)]
struct CredentialWhyDto<'a> {
    credential: CredentialDto<'a>,
    place: Option<usize>,
    checks: Vec<CheckDto<'a>>,
}

#[derive(Serialize)]
struct CheckDto<'a> {
    rule: &'a str,
    what: &'a str,
    at: Option<&'a str>,
    verdict: &'static str,
    detail: &'a str,
}

fn credential(why: &CredentialWhy) -> CredentialWhyDto<'_> {
    let checks = why.checks.iter().map(|check| CheckDto {
        rule: &check.rule,
        what: &check.what,
        at: check.at.as_deref(),
        verdict: match check.verdict {
            CheckVerdict::Passes => "passes",
            CheckVerdict::DoesNotApply => "does_not_apply",
            CheckVerdict::Waived => "waived",
            CheckVerdict::Excludes => "excludes",
        },
        detail: &check.detail,
    });
    CredentialWhyDto {
        credential: CredentialDto::from(&why.credential),
        place: why.place,
        checks: checks.collect(),
    }
}
