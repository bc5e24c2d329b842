//! Corners in which two rules of the contract pull apart: what was decided, and why (`docs/decisions`, 28 and 50). The promises
//! name them as their exceptions.

#![expect(clippy::expect_used, clippy::unreachable, reason = "a test fails by panicking")]

use faregate::{Catalog, Context, Decision, Engine, PolicySet, Request};
use faregate_wire::catalog_layer;

/// One endpoint without an output limit, where reading the cache is dearer than the input itself.
const MARKET: &str = "endpoints: [{ model: m, provider: p, context_length: 1000, modalities: [text], \
                      prices: { prompt: '0.000001', completion: '0.000001', cache_read: '0.00001' } }]";
/// One where input and output share the context.
const JOINT: &str = "endpoints: [{ model: m, provider: p, context_length: 1000, max_output_tokens: 1000, \
                     joint_context: true, modalities: [text], prices: { prompt: '0', completion: '0' } }]";

fn decide(ceiling: &str, request: &Request, context: &Context) -> Decision {
    decide_in(MARKET, ceiling, request, context)
}

/// Decides under one workload with this `ceiling` section.
fn decide_in(catalog: &str, ceiling: &str, request: &Request, context: &Context) -> Decision {
    let text = format!(
        "policy p {{ language 1 }}\nworkload w {{ otherwise route {{ models \"*\" }} ceiling {{ {ceiling} }} }}\n"
    );
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

/// Rule 4 over rule 28: a fact taken away admits nobody. Here the key's team is taken away: the condition becomes unknown, so
/// the ceiling applies and limits what is sent; it does not bound a cost that had no bound.
#[test]
fn an_output_ceiling_that_may_apply_bounds_no_cost() {
    let ceiling = "attempt $1 output 1k when key.team == \"red\"";
    let request = Request::new("r", 10);
    let with_team = |team: &str| {
        let mut known = context();
        known.key.team = Some(team.to_owned());
        known
    };
    assert!(admits(&decide(ceiling, &request, &with_team("red"))), "it applies, and bounds the cost");
    assert!(!admits(&decide(ceiling, &request, &with_team("blue"))), "nothing bounds the cost");
    assert!(!admits(&decide(ceiling, &request, &context())), "nothing certain bounds the cost");

    let Decision::Route(plan) = decide("output 1k when key.team == \"red\"", &request, &context()) else {
        unreachable!("nothing bounds the cost, and nothing has to")
    };
    let first = plan.attempts.first().expect("an attempt");
    assert_eq!((first.max_output_tokens, first.worst_cost), (Some(1_000), None));
}

/// Rule 28, to the letter: what a ceiling sets comes after the filter on the context, so that it makes no room there.
#[test]
fn an_output_ceiling_makes_no_room_in_a_shared_context() {
    let request = Request::new("r", 10);
    for ceiling in ["run $1", "output 100"] {
        assert!(
            !admits(&decide_in(JOINT, ceiling, &request, &context())),
            "10 and 1,000 tokens do not fit: {ceiling}"
        );
    }
}

/// Rule 28 over rule 7: a ceiling more admits nobody, but an `output` ceiling also shortens the answer of a request that names
/// no limit, and so bounds its cost. The attempt carries the limit.
#[test]
fn an_output_ceiling_more_admits_what_it_bounds() {
    let request = Request::new("r", 10);
    assert!(!admits(&decide("attempt $1", &request, &context())));
    let Decision::Route(plan) = decide("attempt $1 output 1k", &request, &context()) else {
        unreachable!("the ceiling bounds the cost")
    };
    assert_eq!(plan.attempts.first().and_then(|a| a.max_output_tokens), Some(1_000));
}

/// Rule 10, to the letter: the worst case takes the plain price of input where `caching` is not set; what is expected takes the
/// price of a cache read for cached tokens. Where a read is dearer than the input itself, more is expected than the worst.
#[test]
fn more_is_expected_than_the_worst_where_cache_reads_are_dearer() {
    let mut request = Request::new("r", 10);
    request.max_output_tokens = Some(1);
    request.cached_input_tokens = 10;
    let Decision::Route(plan) = decide("attempt $1", &request, &context()) else {
        unreachable!("it is served")
    };
    let first = plan.attempts.first().expect("an attempt");
    let cost = |text: &str| Some(text.parse().expect("money"));
    assert_eq!((first.expected_cost, first.worst_cost), (cost("0.000101"), cost("0.000011")));
}
