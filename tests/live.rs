//! An engine that is replaced while requests are decided.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use faregate::{Catalog, Context, Decision, Digests, Engine, Live, LoadError, PolicySet, Request, Step};
use faregate_wire::catalog_layer;

fn policy(version: usize) -> PolicySet {
    let text = format!(
        "policy p {{ language 1 version \"{version}\" }}\nworkload w{version} {{ otherwise route {{ models \"m\" }} }}"
    );
    PolicySet::parse([("p.fare", text)]).unwrap_or_else(|e| panic!("{e}"))
}

fn catalog(version: usize) -> Catalog {
    let row = format!(
        "endpoints: [ {{ model: m, provider: v{version}, context_length: 1000, modalities: [text] }} ]"
    );
    Catalog::new(vec![catalog_layer(&row).unwrap()]).unwrap()
}

fn engine(version: usize) -> Engine {
    Engine::new(policy(version), catalog(version)).unwrap()
}

fn decide(live: &Live) -> (Digests, String, String) {
    let context = Context::new("2026-11-23T10:00:00Z".parse().unwrap());
    let Decision::Route(plan) = live.decide(&Request::new("r", 10), &context) else { panic!("a plan") };
    let (workload, provider) = (plan.explanation.workload.clone(), plan.attempts.first().cloned());
    (plan.explanation.digests.clone(), workload.unwrap(), provider.unwrap().provider)
}

#[test]
fn no_decision_sees_half_of_two_engines() {
    let live = Live::new(engine(0));
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut seen = BTreeSet::new();
                    while !stop.load(Ordering::Relaxed) {
                        let (digests, workload, provider) = decide(&live);
                        let version: usize = provider.trim_start_matches('v').parse().unwrap();
                        assert_eq!(workload, format!("w{version}"), "policy and catalog of two engines");
                        assert_eq!(digests.policy, policy(version).digest());
                        seen.insert(version);
                    }
                    seen.len()
                })
            })
            .collect();
        for version in 1..200 {
            let before = live.replace(engine(version));
            assert_eq!(before.policy().digest(), policy(version - 1).digest());
            thread::yield_now();
        }
        stop.store(true, Ordering::Relaxed);
        let seen: usize = readers.into_iter().map(|reader| reader.join().unwrap()).sum();
        assert!(seen > 3, "the readers saw {seen} engines");
    });
}

#[test]
fn of_a_policy_and_a_catalog_that_come_at_once_neither_is_lost() {
    for _ in 0..50 {
        let live = Live::new(engine(0));
        thread::scope(|scope| {
            scope.spawn(|| live.replace_policy(policy(1)).unwrap());
            scope.spawn(|| live.replace_catalog(catalog(2)).unwrap());
        });
        let (_, workload, provider) = decide(&live);
        assert_eq!((workload.as_str(), provider.as_str()), ("w1", "v2"));
    }
}

#[test]
fn what_does_not_load_leaves_the_old_one_serving_and_says_why() {
    let live = Live::new(engine(0));
    let error = live.load_policy([("p.fare", "policy p { language 1 }\nworkload w { otherwise rout }")]);
    let Err(LoadError::Policy(diagnostics)) = error else { panic!("it is no policy") };
    assert!(diagnostics.to_string().contains("p.fare:2:"), "{diagnostics}");
    assert_eq!(decide(&live).2, "v0");
}

#[test]
fn a_run_keeps_the_engine_that_planned_it() {
    let live = Live::new(engine(0));
    let context = Context::new("2026-11-23T10:00:00Z".parse().unwrap());
    let Decision::Route(plan) = live.decide(&Request::new("r", 10), &context) else { panic!("a plan") };
    live.replace(engine(1));
    let mut run = plan.run();
    let Step::Try(attempt) = run.step(context.now) else { panic!("a call") };
    assert_eq!(attempt.provider, "v0");
}
