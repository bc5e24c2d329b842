//! Where a promise is broken today: each test asserts today's answer and says why it is wrong. The promises let these
//! cases be; who mends one turns its test round and takes the exception away.

#![expect(clippy::expect_used, clippy::unreachable, reason = "a test fails by panicking")]

use faregate::{Catalog, Context, Decision, Engine, PolicySet, Request};
use faregate_wire::catalog_layer;

/// Decides under one workload with this `ceiling` section, in a market of one endpoint.
fn decide(ceiling: &str, request: &Request, context: &Context) -> Decision {
    let text = format!(
        "policy p {{ language 1 }}\nworkload w {{ otherwise route {{ models \"*\" }} ceiling {{ {ceiling} }} }}\n"
    );
    let catalog = "endpoints: [{ model: m, provider: p, context_length: 1000, modalities: [text], \
                   prices: { prompt: '0.000001', completion: '0.000001', cache_read: '0.00001' } }]";
    let policy = PolicySet::parse([("p.fare", text)]).expect("a policy that loads");
    let catalog = Catalog::new(vec![catalog_layer(catalog).expect("a catalog")]).expect("that makes sense");
    Engine::new(policy, catalog).expect("an engine").decide(request, context)
}

fn context() -> Context {
    Context::new("2026-11-23T10:00:00Z".parse().expect("an instant"))
}

fn admits(decision: &Decision) -> bool {
    matches!(decision, Decision::Route(_))
}

/// Rule 4: a fact taken away admits nobody. Here the key's team is taken away: the condition becomes unknown, the ceiling
/// applies, sets an output limit (rule 28), and the cost that had no bound gets one.
#[test]
fn an_output_ceiling_that_may_apply_bounds_a_cost() {
    let ceiling = "attempt $1 output 1k when key.team == \"red\"";
    let request = Request::new("r", 10);
    let mut known = context();
    known.key.team = Some("blue".to_owned());
    assert!(!admits(&decide(ceiling, &request, &known)));
    assert!(admits(&decide(ceiling, &request, &context())), "mended: take the exception out of `closed.rs`");
}

/// Rule 7: a ceiling more admits nobody. Rule 28 lets an `output` ceiling bound what had no bound, and says so.
#[test]
fn an_output_ceiling_more_admits_what_had_no_bound() {
    let request = Request::new("r", 10);
    assert!(!admits(&decide("attempt $1", &request, &context())));
    assert!(
        admits(&decide("attempt $1 output 1k", &request, &context())),
        "mended: take the exception out of `narrowing.rs`"
    );
}

/// The worst case of rule 10 takes the plain price of input where `caching` is not set; what is expected takes the price of
/// a cache read for cached tokens. Where a read is dearer than the input itself, more is expected than the worst.
#[test]
fn more_is_expected_than_the_worst_where_cache_reads_are_dearer() {
    let mut request = Request::new("r", 10);
    request.max_output_tokens = Some(1);
    request.cached_input_tokens = 10;
    let Decision::Route(plan) = decide("attempt $1", &request, &context()) else {
        unreachable!("it is served")
    };
    let first = plan.attempts.first().expect("an attempt");
    assert!(first.expected_cost > first.worst_cost, "mended: take the exception out of `plan.rs`");
}
