//! Two runs at once, in every order in which their threads can take the tracker's locks:
//! `RUSTFLAGS="--cfg loom" cargo test -p faregate --release --test interleavings`.

#![cfg(loom)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use faregate::{
    BudgetRow, Catalog, CatalogLayer, Context, Counted, Decision, EndpointRow, Engine, ErrorClass, Failure,
    Money, Outcome, PolicySet, PriceList, Refused, Request, Step, Success, Timestamp, Tracker,
};
use loom::thread;

const NOW: Timestamp = Timestamp(1_795_428_000_000);

fn engine(rules: &str) -> Engine {
    let text = format!("policy p {{ language 1 }}\n{rules}\n");
    let mut layer = CatalogLayer::default();
    let mut row = EndpointRow::default();
    row.id = Some("m@north".to_owned());
    row.facts.context_length = Some(1000);
    row.facts.modalities = Some(["text".to_owned()].into());
    let mut prices = PriceList::default();
    prices.prompt = Some("0.01".parse().unwrap());
    prices.completion = Some("0".parse().unwrap());
    row.facts.prices = prices;
    layer.endpoints.push(row);
    let policy = PolicySet::parse([("p.fare", text)]).unwrap_or_else(|e| panic!("{e}"));
    Engine::new(policy, Catalog::new(vec![layer]).unwrap()).unwrap()
}

fn known(engine: &Engine, tracker: &Tracker, at: Timestamp) -> (Request, Context) {
    let mut request = Request::new("r", 100);
    request.max_output_tokens = Some(1);
    let mut context = Context::new(at);
    tracker.fill(engine, &request, &mut context);
    (request, context)
}

fn rows(engine: &Engine, tracker: &Tracker) -> Vec<BudgetRow> {
    known(engine, tracker, NOW).1.budgets.unwrap()
}

/// Decides again as long as it is refused; returns whether it was served.
fn serve(engine: &Engine, tracker: &Tracker, outcome: Outcome) -> bool {
    loop {
        let (request, context) = known(engine, tracker, NOW);
        let Decision::Route(plan) = engine.decide(&request, &context) else { return false };
        let Ok(mut held) = tracker.reserve(&plan) else {
            thread::yield_now();
            continue;
        };
        let mut run = plan.run();
        loop {
            match held.step(&mut run, NOW) {
                Step::Try(_) => held.next(&mut run, outcome.clone(), NOW),
                Step::Wait { .. } => panic!("nothing waits"),
                Step::Done(record) | Step::Failed(record) => {
                    held.settle(&record).unwrap();
                    return record.ok;
                }
            }
        }
    }
}

fn answered() -> Outcome {
    Outcome::Success(Success::default())
}

/// A call costs $1, and there is $1: one is served, whichever is first, and the dollar is counted once.
#[test]
fn two_runs_do_not_spend_the_same_money() {
    let engine = engine(
        "budget b { spend $1 per day byok included }\nworkload w { otherwise route { models \"m\" } }",
    );
    loom::model(move || {
        let tracker = Tracker::new();
        let (other, its) = (engine.clone(), tracker.clone());
        let thread = thread::spawn(move || serve(&other, &its, answered()));
        let mine = serve(&engine, &tracker, answered());
        let theirs = thread.join().unwrap();
        assert!(mine != theirs, "one is served: {mine}, {theirs}");
        let rows = rows(&engine, &tracker);
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].counted, Counted::Spend("1".parse::<Money>().unwrap()));
        assert_eq!(rows[0].reserved, None);
    });
}

/// What one holds and gives up, the other can have; nothing is left held.
#[test]
fn what_is_dropped_is_there_for_others() {
    let engine = engine("budget b { requests 1 per day }\nworkload w { otherwise route { models \"m\" } }");
    loom::model(move || {
        let tracker = Tracker::new();
        let (other, its) = (engine.clone(), tracker.clone());
        let thread = thread::spawn(move || {
            let (request, context) = known(&other, &its, NOW);
            if let Decision::Route(plan) = other.decide(&request, &context) {
                drop(its.reserve(&plan));
            }
        });
        let mine = serve(&engine, &tracker, answered());
        thread.join().unwrap();
        assert!(mine || serve(&engine, &tracker, answered()), "it is there again");
        assert!(rows(&engine, &tracker).iter().all(|row| row.reserved.is_none()));
    });
}

/// One run probes at a time; the other is refused, or finds the endpoint down or up again.
#[test]
fn one_place_to_probe_is_taken_once() {
    let engine = engine(
        "workload w { otherwise route { models \"m\" }
           health { cool 1s after 1 failures within 10s on timeout  probe 1 request } }",
    );
    loom::model(move || {
        let tracker = Tracker::new();
        assert!(!serve(&engine, &tracker, Outcome::Failure(Failure::new(ErrorClass::Timeout))));
        let later = Timestamp(NOW.0 + 1_000);
        let (other, its) = (engine.clone(), tracker.clone());
        let probe = move |engine: &Engine, tracker: &Tracker| {
            let (request, context) = known(engine, tracker, later);
            match engine.decide(&request, &context) {
                Decision::Deny(_) => None,
                Decision::Route(plan) => Some(tracker.reserve(&plan)),
            }
        };
        let thread = thread::spawn(move || {
            let held = probe(&other, &its);
            matches!(held, Some(Ok(_))).then_some(held)
        });
        let mine = probe(&engine, &tracker);
        let theirs = thread.join().unwrap();
        if let (Some(Ok(_)), Some(_)) = (&mine, &theirs) {
            panic!("both probe at once");
        }
        assert!(matches!(mine, Some(Ok(_))) || theirs.is_some(), "nobody probes");
        if let Some(Err(refused)) = &mine {
            assert_eq!(*refused, Refused::Probe("m@north".to_owned()));
        }
    });
}
