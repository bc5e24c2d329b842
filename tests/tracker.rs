//! What a gateway remembers between requests: cooldowns, probes, windows of budgets, and that nobody overspends.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use faregate::{
    Catalog, Context, Count, CounterKey, Counters, CountersUnavailable, Decision, DenialCode, Engine,
    ErrorClass, Failure, Hold, MemoryCounters, Money, Outcome, Plan, PolicySet, Record, Refused, Request,
    Reservation, ReserveError, Run, Settlement, Step, Success, Timestamp, Tracker, Usage,
};
use faregate_wire::catalog_layer;

/// Two providers of one model; a call of 100 tokens in and at most 100 out costs $0.0002 at most, by default.
const MARKET: &str = "
endpoints:
  - { model: m, provider: north, context_length: 1000, modalities: [text], prices: { prompt: '0.000001', completion: '0.000001' } }
  - { model: m, provider: south, context_length: 1000, modalities: [text], prices: { prompt: '0.000001', completion: '0.000001' } }
";

fn engine(rules: &str) -> Engine {
    let text = format!("policy p {{ language 1 }}\n{rules}\n");
    let policy = PolicySet::parse([("p.fare", text)]).unwrap_or_else(|e| panic!("{e}"));
    Engine::new(policy, Catalog::new(vec![catalog_layer(MARKET).unwrap()]).unwrap()).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn request(id: &str) -> Request {
    let mut request = Request::new(id, 100);
    request.max_output_tokens = Some(100);
    request
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// A gateway at an instant.
struct Desk<C: Counters = MemoryCounters> {
    engine: Engine,
    tracker: Tracker<C>,
    now: Timestamp,
    team: &'static str,
}

impl Desk {
    fn new(rules: &str) -> Self {
        let now = at("2026-11-23T10:00:00Z");
        Self { engine: engine(rules), tracker: Tracker::new(), now, team: "support" }
    }
}

impl<C: Counters> Desk<C> {
    fn later(&mut self, ms: i64) {
        self.now = Timestamp(self.now.0 + ms);
    }

    fn context(&self) -> Context {
        let mut context = Context::new(self.now);
        context.key.team = Some(self.team.to_owned());
        self.tracker.fill(&self.engine, &request("r"), &mut context);
        context
    }

    fn decide(&self) -> Decision {
        self.engine.decide(&request("r"), &self.context())
    }

    fn plan(&self) -> Box<Plan> {
        match self.decide() {
            Decision::Route(plan) => plan,
            Decision::Deny(denial) => panic!("denied: {}", denial.message),
        }
    }

    /// The providers of the plan, in order.
    fn order(&self) -> Vec<String> {
        self.plan().attempts.iter().map(|a| a.provider.clone()).collect()
    }

    fn begin(&self) -> (Reservation<C>, Run) {
        let plan = self.plan();
        (self.tracker.reserve(&plan).unwrap(), plan.run())
    }

    /// Runs a request to its end, each call of a provider coming to what is said of it; returns whom it called.
    fn serve(&self, of: impl Fn(&str) -> Outcome) -> (Vec<String>, Record) {
        let (mut held, mut run) = self.begin();
        let mut called = Vec::new();
        loop {
            match held.step(&mut run, self.now) {
                Step::Try(attempt) => {
                    called.push(attempt.provider.clone());
                    held.next(&mut run, of(&attempt.provider), self.now);
                }
                Step::Wait { until } => panic!("waits until {until}"),
                Step::Done(record) | Step::Failed(record) => {
                    held.settle(&record).unwrap();
                    return (called, *record);
                }
            }
        }
    }
}

fn answered() -> Outcome {
    let mut success = Success::default();
    success.usage = Some(Usage::new(100, 50));
    Outcome::Success(success)
}

fn failed(class: ErrorClass) -> Outcome {
    Outcome::Failure(Failure::new(class))
}

fn asking(class: ErrorClass, ms: u64) -> Outcome {
    let mut failure = Failure::new(class);
    failure.retry_after_ms = Some(ms);
    Outcome::Failure(failure)
}

/// North goes wrong, south does well.
fn north(outcome: Outcome) -> impl Fn(&str) -> Outcome {
    move |provider| if provider == "north" { outcome.clone() } else { answered() }
}

const COOLING: &str = "workload w { otherwise
  route { models \"m\" }
  fallback { other provider on timeout, network, rate_limit, overloaded }
  health { cool 60s after 3 failures within 30s on timeout, network  cool retry_after on rate_limit  probe 1 request }
}";

// Cooldowns.

#[test]
fn an_endpoint_cools_after_so_many_failures_and_goes_last() {
    let mut desk = Desk::new(COOLING);
    for _ in 0..2 {
        desk.serve(north(failed(ErrorClass::Timeout)));
        desk.later(1_000);
        assert_eq!(desk.order(), ["north", "south"]);
    }
    desk.serve(north(failed(ErrorClass::Network)));
    assert_eq!(desk.order(), ["south", "north"]);
    let facts = &desk.context().endpoints["m@north"];
    assert_eq!(facts.cooling_until, Some(at("2026-11-23T10:01:02Z")));
}

#[test]
fn failures_count_within_their_time_and_of_their_classes_only() {
    let mut desk = Desk::new(COOLING);
    desk.serve(north(failed(ErrorClass::Timeout)));
    desk.serve(north(failed(ErrorClass::Timeout)));
    desk.serve(north(failed(ErrorClass::Overloaded)));
    assert_eq!(desk.order(), ["north", "south"]);
    // 30 s and a millisecond later the first two are out of sight.
    desk.later(30_001);
    desk.serve(north(failed(ErrorClass::Timeout)));
    assert_eq!(desk.order(), ["north", "south"]);
    desk.later(30_000);
    desk.serve(north(failed(ErrorClass::Timeout)));
    desk.serve(north(failed(ErrorClass::Timeout)));
    assert_eq!(desk.order(), ["south", "north"], "30 s later it is still within 30 s");
}

#[test]
fn a_success_between_failures_does_not_wipe_them_out() {
    let desk = Desk::new(COOLING);
    desk.serve(north(failed(ErrorClass::Timeout)));
    desk.serve(north(failed(ErrorClass::Timeout)));
    desk.serve(north(answered()));
    desk.serve(north(failed(ErrorClass::Timeout)));
    assert_eq!(desk.order(), ["south", "north"]);
}

#[test]
fn an_endpoint_cools_as_long_as_its_provider_asks() {
    let mut desk = Desk::new(COOLING);
    desk.serve(north(failed(ErrorClass::RateLimit)));
    assert_eq!(desk.order(), ["north", "south"], "without the header nothing happens");
    desk.serve(north(asking(ErrorClass::RateLimit, 5_000)));
    assert_eq!(desk.order(), ["south", "north"]);
    desk.later(4_999);
    assert_eq!(desk.order(), ["south", "north"]);
}

#[test]
fn the_longest_cooldown_wins_and_is_never_shortened() {
    let desk = Desk::new(COOLING);
    desk.serve(north(asking(ErrorClass::RateLimit, 600_000)));
    let only_north = "workload w { otherwise route { models \"m\" require endpoint.provider == \"north\" }
      health { cool retry_after on rate_limit } }";
    let desk = Desk { engine: engine(only_north), ..desk };
    desk.serve(north(asking(ErrorClass::RateLimit, 1_000)));
    assert_eq!(desk.context().endpoints["m@north"].cooling_until, Some(at("2026-11-23T10:10:00Z")));
}

// Probes.

/// A desk whose north has cooled and may be probed.
fn to_be_probed() -> Desk {
    let mut desk = Desk::new(COOLING);
    for _ in 0..3 {
        desk.serve(north(failed(ErrorClass::Timeout)));
    }
    desk.later(60_000);
    desk
}

#[test]
fn after_its_cooldown_an_endpoint_is_probed_as_degraded() {
    let desk = to_be_probed();
    assert_eq!(desk.context().endpoints["m@north"].health, Some(faregate::Health::Degraded));
    assert_eq!(desk.order(), ["south", "north"], "degraded ones go after healthy ones");
}

/// As [`COOLING`], where only north can serve first.
const NORTH_FIRST: &str = "workload w { otherwise
  route { models \"m\"  prefer endpoint.provider == \"north\" }
  fallback { other provider on timeout, network }
  health { cool 60s after 1 failures within 30s on timeout, network  probe 2 requests }
}";

fn north_to_be_probed() -> Desk {
    let mut desk = Desk::new(NORTH_FIRST);
    desk.serve(north(failed(ErrorClass::Timeout)));
    desk.later(60_000);
    desk
}

#[test]
fn as_many_runs_probe_as_written_and_the_others_go_elsewhere() {
    let desk = north_to_be_probed();
    let plans = [desk.plan(), desk.plan(), desk.plan()];
    assert!(plans.iter().all(|plan| plan.attempts[0].provider == "north"));
    let (first, second) =
        (desk.tracker.reserve(&plans[0]).unwrap(), desk.tracker.reserve(&plans[1]).unwrap());
    let refused = desk.tracker.reserve(&plans[2]).unwrap_err();
    assert_eq!(refused, Refused::Probe("m@north".to_owned()));
    assert_eq!(desk.order(), ["south"], "decided again, it is down");

    drop(first);
    assert_eq!(desk.order(), ["north", "south"], "a run that goes away gives its place back");
    drop(second);
}

#[test]
fn a_probe_that_succeeds_brings_the_endpoint_back() {
    let desk = north_to_be_probed();
    let (called, _) = desk.serve(north(answered()));
    assert_eq!(called, ["north"]);
    assert!(desk.context().endpoints.is_empty(), "nothing is left to tell of it");
}

#[test]
fn a_probe_that_fails_lets_the_endpoint_cool_anew_without_counting() {
    let mut desk = to_be_probed();
    let south_down = |provider: &str| {
        if provider == "south" { failed(ErrorClass::Network) } else { failed(ErrorClass::Timeout) }
    };
    let (called, _) = desk.serve(south_down);
    assert_eq!(called, ["south", "north"]);
    desk.later(59_999);
    assert_eq!(desk.context().endpoints["m@north"].cooling_until, Some(Timestamp(desk.now.0 + 1)));
}

#[test]
fn a_probe_that_fails_of_something_else_tells_nothing() {
    let desk = north_to_be_probed();
    let (called, record) = desk.serve(north(failed(ErrorClass::BadRequest)));
    assert_eq!((called, record.ok), (vec!["north".to_owned()], false));
    assert_eq!(desk.context().endpoints["m@north"].health, Some(faregate::Health::Degraded));
}

#[test]
fn a_fallback_takes_a_place_to_probe_too() {
    let mut desk = Desk::new(&NORTH_FIRST.replace("\"north\"", "\"south\"").replace("probe 2", "probe 1"));
    desk.serve(
        |provider| {
            if provider == "south" { failed(ErrorClass::Timeout) } else { failed(ErrorClass::Network) }
        },
    );
    desk.later(1_000);
    // South has cooled since 10:00:00, and so has north. South comes back first to those who prefer it.
    desk.later(59_000);
    let (mut held, mut run) = desk.begin();
    let Step::Try(attempt) = held.step(&mut run, desk.now) else { panic!("a call") };
    assert_eq!(attempt.provider, "south");
    held.next(&mut run, failed(ErrorClass::Timeout), desk.now);
    let Step::Try(attempt) = held.step(&mut run, desk.now) else { panic!("a fallback") };
    assert_eq!(attempt.provider, "north");
    assert_eq!(
        desk.context().endpoints["m@north"].health,
        Some(faregate::Health::Down),
        "its place is taken"
    );
    drop(held);
    assert_eq!(desk.context().endpoints["m@north"].health, Some(faregate::Health::Degraded));
}

#[test]
fn without_a_probe_an_endpoint_is_simply_back() {
    let mut desk = Desk::new(&COOLING.replace("probe 1 request", ""));
    for _ in 0..3 {
        desk.serve(north(failed(ErrorClass::Timeout)));
    }
    desk.later(60_000);
    assert_eq!(desk.order(), ["north", "south"]);
    desk.serve(north(failed(ErrorClass::Timeout)));
    assert_eq!(desk.order(), ["north", "south"], "the failures of before are not counted again");
}

#[test]
fn what_the_host_knows_of_an_endpoint_stays() {
    let desk = north_to_be_probed();
    let mut context = Context::new(desk.now);
    let facts = context.endpoints.entry("m@north".to_owned()).or_default();
    facts.health = Some(faregate::Health::Down);
    facts.latency_ms[0] = Some(700);
    desk.tracker.fill(&desk.engine, &request("r"), &mut context);
    let facts = &context.endpoints["m@north"];
    assert_eq!((facts.health, facts.latency_ms[0]), (Some(faregate::Health::Down), Some(700)));
}

// Budgets.

fn with_budget(budget: &str) -> String {
    format!(
        "budget b {{ {budget} }}\nworkload w {{ otherwise route {{ models \"m\" }} fallback {{ other provider on timeout }} }}"
    )
}

fn denial(desk: &Desk) -> DenialCode {
    match desk.decide() {
        Decision::Deny(denial) => denial.code,
        Decision::Route(plan) => panic!("it goes to {}", plan.attempts[0].endpoint),
    }
}

fn row(desk: &Desk) -> (String, Option<String>) {
    let rows = desk.context().budgets.unwrap();
    assert_eq!(rows.len(), 1, "{rows:?}");
    let write = |counted| match counted {
        faregate::Counted::Spend(m) => m.to_string(),
        faregate::Counted::Requests(n) | faregate::Counted::Tokens(n) | faregate::Counted::Concurrency(n) => {
            n.to_string()
        }
    };
    (write(rows[0].counted), rows[0].reserved.map(write))
}

#[test]
fn windows_roll_over_to_the_millisecond() {
    let mut desk = Desk::new(&with_budget("requests 2 per minute"));
    desk.now = at("2026-11-23T10:00:59.998Z");
    // A fallback may be called as well, so a run holds two requests and uses one.
    desk.serve(north(answered()));
    assert_eq!(row(&desk), ("1".to_owned(), None));
    desk.serve(north(answered()));
    assert_eq!(denial(&desk), DenialCode::Quota);
    desk.later(1);
    assert_eq!(denial(&desk), DenialCode::Quota);
    desk.later(1);
    assert_eq!(desk.order().len(), 2, "10:01:00.000 is of the next minute");
    assert_eq!(desk.context().budgets, Some(Vec::new()));
}

#[test]
fn a_run_counts_in_the_windows_in_which_it_was_decided() {
    let mut desk = Desk::new(&with_budget("requests 5 per minute, 9 per day"));
    desk.now = at("2026-11-23T23:59:59Z");
    let (mut held, mut run) = desk.begin();
    let Step::Try(_) = held.step(&mut run, desk.now) else { panic!("a call") };
    let rows = desk.context().budgets.unwrap();
    assert!(rows.iter().all(|row| row.reserved == Some(faregate::Counted::Requests(2))), "{rows:?}");
    desk.now = at("2026-11-24T00:00:01Z");
    assert_eq!(desk.context().budgets, Some(Vec::new()), "what is held is held of yesterday");
    held.next(&mut run, answered(), desk.now);
    let Step::Done(record) = held.step(&mut run, desk.now) else { panic!("an answer") };
    // Settled by a clock that is behind, the day is not over yet.
    let mut record = *record;
    record.ended_at = at("2026-11-23T23:59:59Z");
    held.settle(&record).unwrap();
    assert_eq!(desk.context().budgets, Some(Vec::new()), "nor does it count today");
    desk.now = at("2026-11-23T23:59:59Z");
    let rows = desk.context().budgets.unwrap();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.counted == faregate::Counted::Requests(1)), "{rows:?}");
}

#[test]
fn money_is_held_while_a_run_may_spend_it_and_counted_to_the_last_digit() {
    let desk = Desk::new(&with_budget("per key.team spend $0.0005 per day byok included"));
    let (mut held, mut run) = desk.begin();
    // At most one call of each of two providers at $0.0002.
    assert_eq!(row(&desk), ("0".to_owned(), Some("0.0004".to_owned())));
    let plan = desk.engine.decide(&request("r"), &desk.context());
    assert!(matches!(&plan, Decision::Deny(d) if d.code == DenialCode::Budget), "$0.0001 is left");
    let Step::Try(_) = held.step(&mut run, desk.now) else { panic!("a call") };
    held.next(&mut run, answered(), desk.now);
    let Step::Done(record) = held.step(&mut run, desk.now) else { panic!("an answer") };
    held.settle(&record).unwrap();
    assert_eq!(row(&desk), ("0.00015".to_owned(), None));
    let other = Desk { team: "sales", ..desk };
    assert_eq!(other.context().budgets, Some(Vec::new()), "another team has a counter of its own");
}

#[test]
fn of_two_plans_for_the_same_money_one_is_refused_and_decided_again() {
    let desk = Desk::new(&with_budget("spend $0.0005 per day byok included"));
    let (one, two) = (desk.plan(), desk.plan());
    let held = desk.tracker.reserve(&one).unwrap();
    assert_eq!(desk.tracker.reserve(&two).unwrap_err(), Refused::Budget("b".to_owned()));
    assert_eq!(denial(&desk), DenialCode::Budget);
    drop(held);
    assert!(desk.tracker.reserve(&two).is_ok());
}

#[test]
fn what_is_held_is_all_or_nothing() {
    let rules = "budget a { requests 9 per day }\nbudget b { requests 2 per day }\nworkload w { otherwise route { models \"m\" } }";
    let desk = Desk::new(rules);
    let plans = [desk.plan(), desk.plan(), desk.plan()];
    let _held: Vec<_> = plans[..2].iter().map(|plan| desk.tracker.reserve(plan).unwrap()).collect();
    assert_eq!(desk.tracker.reserve(&plans[2]).unwrap_err(), Refused::Budget("b".to_owned()));
    let rows = desk.context().budgets.unwrap();
    assert!(rows.iter().all(|row| row.reserved == Some(faregate::Counted::Requests(2))), "{rows:?}");
}

#[test]
fn a_run_does_not_see_what_it_holds_itself_and_sees_what_others_hold() {
    let desk = Desk::new(&with_budget("spend $0.0005 per day byok included"));
    let (mut held, mut run) = desk.begin();
    let Step::Try(_) = held.step(&mut run, desk.now) else { panic!("a call") };
    held.next(&mut run, failed(ErrorClass::Timeout), desk.now);
    // $0.0002 may have been spent, and $0.0003 is left for the fallback: held by nobody but this run.
    let Step::Try(attempt) = held.step(&mut run, desk.now) else { panic!("the fallback") };
    assert_eq!(attempt.provider, "south");
}

#[test]
fn a_run_that_goes_away_releases_what_it_held_and_counts_what_its_calls_may_have_cost() {
    let desk = Desk::new(&with_budget("spend $0.001 per day byok included"));
    drop(desk.begin());
    assert_eq!(desk.context().budgets, Some(Vec::new()));
    let (mut held, mut run) = desk.begin();
    let Step::Try(_) = held.step(&mut run, desk.now) else { panic!("a call") };
    drop(held);
    assert_eq!(row(&desk), ("0.0002".to_owned(), None));
}

#[test]
fn a_client_that_leaves_while_its_run_waits_costs_no_further_call() {
    let mut desk = Desk::new(
        "budget b { requests 9 per day }
         workload w { otherwise route { models \"m\" require endpoint.provider == \"north\" }
           retry { on rate_limit 1 time wait 5s } }",
    );
    let (mut held, mut run) = desk.begin();
    let Step::Try(_) = held.step(&mut run, desk.now) else { panic!("a call") };
    held.next(&mut run, failed(ErrorClass::RateLimit), desk.now);
    let Step::Wait { .. } = held.step(&mut run, desk.now) else { panic!("a wait") };
    desk.later(1_000);
    held.next(&mut run, failed(ErrorClass::Cancelled), desk.now);
    let Step::Failed(record) = held.step(&mut run, desk.now) else { panic!("the end") };
    assert_eq!((record.error, record.calls, record.errors.len()), (Some(ErrorClass::Cancelled), 1, 1));
    assert_eq!(
        (record.ended_at, record.steps.len()),
        (desk.now, 3),
        "a call, a wait that did not end, the end"
    );
    held.settle(&record).unwrap();
    assert_eq!(row(&desk), ("1".to_owned(), None));
}

#[test]
fn a_client_that_leaves_before_the_first_call_costs_nothing() {
    let desk = Desk::new(&with_budget("requests 9 per day"));
    let (mut held, mut run) = desk.begin();
    held.next(&mut run, failed(ErrorClass::Timeout), desk.now);
    assert!(
        matches!(held.step(&mut run, desk.now), Step::Try(_)),
        "anything else is not taken in out of turn"
    );
    drop(held);
    let (mut held, mut run) = desk.begin();
    held.next(&mut run, failed(ErrorClass::Cancelled), desk.now);
    let Step::Failed(record) = held.step(&mut run, desk.now) else { panic!("the end") };
    assert_eq!((record.error, record.calls), (Some(ErrorClass::Cancelled), 0));
}

#[test]
fn counters_by_endpoint_are_kept_apart() {
    let desk = Desk::new(&with_budget("per key.team, endpoint.provider  requests 1 per day"));
    assert_eq!(desk.serve(north(failed(ErrorClass::Timeout))).0, ["north", "south"]);
    let rows = desk.context().budgets.unwrap();
    let per: Vec<_> = rows.iter().map(|row| row.per.join(" at ")).collect();
    assert_eq!(per, ["support at north", "support at south"]);
    assert_eq!(denial(&desk), DenialCode::Quota);
    assert_eq!(Desk { team: "sales", ..desk }.order(), ["north", "south"]);
}

#[test]
fn the_values_of_per_keep_their_order() {
    let desk = Desk::new(&with_budget("per endpoint.provider, key.team  requests 1 per day"));
    desk.serve(north(answered()));
    assert_eq!(desk.context().budgets.unwrap()[0].per, ["north", "support"]);
    assert_eq!(desk.order(), ["south"]);
}

#[test]
fn runs_in_flight_are_counted_by_concurrency() {
    let desk = Desk::new(&with_budget("concurrency 2"));
    let (one, two) = (desk.begin(), desk.begin());
    assert_eq!(denial(&desk), DenialCode::Quota);
    drop(one);
    assert_eq!(desk.order(), ["north", "south"]);
    drop(two);
    desk.serve(north(answered()));
    assert_eq!(row(&desk), ("0".to_owned(), None));
}

#[test]
fn a_budget_that_only_alerts_refuses_nobody_and_counts() {
    let desk = Desk::new(&with_budget("requests 1 per day  on exhausted alert only"));
    let (one, two, three) = (desk.plan(), desk.plan(), desk.plan());
    let held = [&one, &two, &three].map(|plan| desk.tracker.reserve(plan).unwrap());
    drop(held);
    desk.serve(north(answered()));
    desk.serve(north(answered()));
    assert_eq!(row(&desk), ("2".to_owned(), None));
}

#[test]
fn a_soft_cap_that_is_used_up_leads_elsewhere_and_counts_on() {
    let rules = "budget soft { requests 1 per day  on exhausted use workload cheap }
      budget hard { requests 9 per day }
      workload w { when request.stream == false  route { models \"m\" require endpoint.provider == \"north\" } }
      workload cheap { otherwise  route { models \"m\" require endpoint.provider == \"south\" } }";
    let desk = Desk::new(rules);
    assert_eq!(desk.serve(north(answered())).0, ["north"]);
    assert_eq!(desk.serve(north(answered())).0, ["south"]);
    let rows = desk.context().budgets.unwrap();
    let counted: Vec<_> = rows.iter().map(|row| (row.budget.as_str(), row.counted)).collect();
    assert_eq!(counted, [("soft", faregate::Counted::Requests(2)), ("hard", faregate::Counted::Requests(2))]);
}

#[test]
fn a_policy_that_is_replaced_keeps_its_counters() {
    let desk = Desk::new(&with_budget("per key.team  requests 3 per day"));
    desk.serve(north(answered()));
    let desk = Desk { engine: engine(&with_budget("per key.team  requests 1 per day")), ..desk };
    assert_eq!(denial(&desk), DenialCode::Quota);
    let desk = Desk { engine: engine(&with_budget("per key.project  requests 1 per day")), ..desk };
    assert_eq!(desk.context().budgets, Some(Vec::new()), "by something else it counts something else");
}

#[test]
fn a_log_brings_counters_back_after_a_restart() {
    let mut desk = Desk::new(&with_budget("spend $0.001 per day byok included"));
    let (_, record) = desk.serve(north(failed(ErrorClass::Timeout)));
    assert_eq!(row(&desk), ("0.00035".to_owned(), None));
    desk.tracker = Tracker::new();
    desk.tracker.count(&desk.engine, &record, desk.now).unwrap();
    assert_eq!(row(&desk), ("0.00035".to_owned(), None));
    desk.tracker = Tracker::new();
    desk.tracker.count(&desk.engine, &record, at("2026-11-24T00:00:00Z")).unwrap();
    assert!(desk.tracker.counters().is_empty(), "a day that is over counts no more");
}

/// A store that is away.
struct Away;

impl Counters for Away {
    fn read(&self, _: &CounterKey) -> Result<Vec<(Vec<String>, Count)>, CountersUnavailable> {
        Err(CountersUnavailable("no answer from the store".to_owned()))
    }

    fn reserve(&self, _: &[Hold]) -> Result<(), ReserveError> {
        Err(CountersUnavailable("no answer from the store".to_owned()).into())
    }

    fn settle(&self, _: &[Settlement], _: Timestamp) -> Result<(), CountersUnavailable> {
        Err(CountersUnavailable("no answer from the store".to_owned()))
    }
}

#[test]
fn a_store_that_is_away_closes_what_budgets_cover() {
    let now = at("2026-11-23T10:00:00Z");
    let engine = engine(&with_budget("requests 9 per day"));
    let desk = Desk { engine, tracker: Tracker::with_counters(Away), now, team: "support" };
    assert!(matches!(desk.decide(), Decision::Deny(d) if d.code == DenialCode::Quota));

    let mut known = Context::new(now);
    known.budgets = Some(Vec::new());
    let Decision::Route(plan) = desk.engine.decide(&request("r"), &known) else { panic!("it is open") };
    let refused = desk.tracker.reserve(&plan).unwrap_err();
    assert_eq!(refused.to_string(), "the counters of budgets cannot be reached: no answer from the store");
}

// Together.

#[test]
fn runs_at_once_overspend_nothing_and_every_digit_is_counted() {
    const LIMIT: &str = "0.05";
    let rules = format!(
        "budget money {{ per key.team spend ${LIMIT} per day byok included }}
         budget calls {{ per endpoint.provider requests 200 per day }}
         budget flight {{ concurrency 3 }}
         workload w {{ otherwise
           route {{ models \"m\"  balance by price }}
           fallback {{ other provider on timeout, network }}
           retry {{ on timeout 1 time  at most 3 calls }}
           health {{ cool 1s after 2 failures within 10s on network  probe 1 request }}
         }}"
    );
    let desk = Desk::new(&rules);
    let clock = AtomicU64::new(0);
    let begun = AtomicU64::new(0);
    let now = || Timestamp(desk.now.0 + i64::try_from(clock.fetch_add(7, Ordering::Relaxed)).unwrap());
    let work = |seed: usize| {
        let mut records = Vec::new();
        for n in 0..400 {
            let request = request(&format!("{seed}-{n}"));
            let mut context = Context::new(now());
            context.key.team = Some("support".to_owned());
            desk.tracker.fill(&desk.engine, &request, &mut context);
            let Decision::Route(plan) = desk.engine.decide(&request, &context) else { continue };
            let Ok(mut held) = desk.tracker.reserve(&plan) else { continue };
            let mut run = plan.run();
            begun.fetch_add(1, Ordering::Relaxed);
            let mut calls = 0;
            let record = loop {
                match held.step(&mut run, now()) {
                    Step::Try(_) => {
                        thread::yield_now();
                        calls += 1;
                        let outcome = match (seed * 31 + n * 7 + calls) % 9 {
                            0 => failed(ErrorClass::Timeout),
                            1 => failed(ErrorClass::Network),
                            2 => failed(ErrorClass::RateLimit),
                            _ => answered(),
                        };
                        held.next(&mut run, outcome, now());
                    }
                    Step::Wait { .. } => thread::yield_now(),
                    Step::Done(record) | Step::Failed(record) => break record,
                }
            };
            held.settle(&record).unwrap();
            records.push(record);
        }
        records
    };
    let records: Vec<Box<Record>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|seed| scope.spawn(move || work(seed))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(u64::try_from(records.len()).unwrap(), begun.load(Ordering::Relaxed));
    assert!(records.len() > 100, "{} runs", records.len());

    let spent = records.iter().fold(Money::ZERO, |sum, record| sum.plus(record.cost).unwrap());
    let calls: u64 = records.iter().map(|record| record.calls).sum();
    assert!(spent <= money(LIMIT), "{spent} of {LIMIT}");
    let mut context = Context::new(now());
    context.key.team = Some("support".to_owned());
    desk.tracker.fill(&desk.engine, &request("r"), &mut context);
    let mut calls_counted = 0;
    for row in context.budgets.unwrap() {
        assert_eq!(row.reserved, None, "{} still holds", row.budget);
        match row.counted {
            faregate::Counted::Spend(counted) => assert_eq!(counted, spent),
            faregate::Counted::Requests(counted) => {
                assert!(counted <= 200, "{counted} calls of {:?}", row.per);
                calls_counted += counted;
            }
            other => assert_eq!(other, faregate::Counted::Concurrency(0)),
        }
    }
    assert_eq!(calls_counted, calls);
}
