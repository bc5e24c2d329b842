//! What only speed would reveal otherwise: that the quick ways are taken.

mod costs;

use std::fmt::Write as _;

use super::{Compiled, Scratch};
use crate::{Catalog, CatalogLayer, Context, EndpointRow, PolicySet, Request};

/// A hundred guardrails, each of a team, ten of them with one of two rules each; and one of personal data.
fn policy() -> PolicySet {
    let mut text = "policy p { language 1 }\ndeclare { request.data set_of pii, phi }\n".to_owned();
    for n in 0..100 {
        let rule = if n % 2 == 0 { "require endpoint.zdr" } else { "forbid endpoint.trains" };
        let _ = writeln!(text, "guardrail g{n} {{ when key.team == \"team-{}\" {rule} }}", n / 10);
    }
    text.push_str("guardrail data { when request.data includes any of pii, phi require endpoint.zdr }\n");
    text.push_str("workload w { otherwise route { models \"*\" } ceiling { prompt $5 per Mtok } }\n");
    PolicySet::parse([("p.fare", text)]).unwrap()
}

fn catalog() -> Catalog {
    let mut layer = CatalogLayer::default();
    for n in 0..70 {
        let mut row = EndpointRow { id: Some(format!("m/{n:02}@north")), ..EndpointRow::default() };
        row.facts.context_length = Some(1000);
        row.facts.modalities = Some(["text".to_owned()].into());
        row.facts.zdr = Some(n % 2 == 0);
        row.facts.prices.prompt = Some("0.000001".parse().unwrap());
        row.facts.prices.completion = Some("0.000002".parse().unwrap());
        layer.endpoints.push(row);
    }
    Catalog::new(vec![layer]).unwrap()
}

/// Returns how many guardrails a request meets.
fn met(team: Option<&str>, data: &[&str]) -> usize {
    let (policy, catalog) = (policy(), catalog());
    let compiled = Compiled::new(policy.policy(), &catalog);
    let mut request = Request::new("r", 10);
    request.data = Some(data.iter().map(|d| (*d).to_owned()).collect());
    let mut context = Context::new("2026-11-23T10:00:00Z".parse().unwrap());
    context.key.team = team.map(str::to_owned);
    let mut scratch = Scratch::new();
    compiled.decide(policy.policy(), &catalog, &mut scratch, &request, &context);
    scratch.work.guards.len()
}

#[test]
fn a_request_meets_the_guardrails_that_stand_under_what_it_carries() {
    assert_eq!(met(Some("team-3"), &[]), 10);
    assert_eq!(met(Some("team-3"), &["pii", "phi"]), 11);
    assert_eq!(met(Some("nobody"), &[]), 0);
    // What is unknown applies, so all that stand under it are looked at.
    assert_eq!(met(None, &[]), 100);
}

#[test]
fn equal_conditions_are_one() {
    let policy = policy();
    let code = super::code::Code::new(policy.policy());
    // Ten teams, two rules, one condition on data.
    assert_eq!(code.arena.nodes.len(), 13);
    assert_eq!(code.arena.leaves.len(), 13);
    // The rules of guardrails with the same rules, and those of the workload, which has none.
    assert_eq!(code.passes.len(), 3);
}

#[test]
fn plain_prices_are_held_in_64_bits() {
    let mut layer = CatalogLayer::default();
    let prices = ["0.000003", "0.000000000000001", "0.0000000000000001", "18446.744073709551614", "99999"];
    for (n, price) in prices.iter().enumerate() {
        let mut row = EndpointRow { id: Some(format!("m/{n}@north")), ..EndpointRow::default() };
        row.facts.prices.prompt = Some(price.parse().unwrap());
        layer.endpoints.push(row);
    }
    let columns = super::columns::Columns::new(&Catalog::new(vec![layer]).unwrap());
    let plain: Vec<usize> = columns.plain.ones().collect();
    // A price with more than 15 decimals, or of more than 18,446 dollars a token, keeps its list.
    assert_eq!(plain, [0, 1, 3]);
}
