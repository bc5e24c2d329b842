//! What one request leaves for the next: circuits and budgets.

use std::time::Duration;

use faregate::{Counted, Key};
use faregate_gateway::scripted::Act;
use serde_json::json;

use crate::world::{Answer, World, errors};

const NORTH: &str = "north/small heard: one two three";
const EAST: &str = "east/small heard: one two three";

fn failing(status: u16, retry_after: Option<&str>) -> Act {
    Act::Status { status, retry_after: retry_after.map(str::to_owned), code: None }
}

fn policy(more: &str) -> String {
    format!(
        "policy test {{ language 1 }}
        {more}
        workload chat {{
          otherwise
          // While it is probed an endpoint is degraded, and comes after healthy ones unless it is preferred.
          route {{ models requested  prefer endpoint.provider == \"north\" }}
          fallback {{ other provider on overloaded, rate_limit }}
          health {{
            cool 500ms after 2 failures within 1m on overloaded
            cool retry_after on rate_limit
            probe 1 request
          }}
        }}"
    )
}

/// Asks until the primary has been called so often in all.
async fn until_called(world: &World, calls: usize) -> Answer {
    let asking = async {
        loop {
            let answer = world.ask().await;
            assert_eq!(answer.status, 200);
            if world.upstream.calls("north").len() == calls {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), asking).await.expect("the cooldown passes")
}

#[tokio::test]
async fn a_primary_that_flaps_is_left_alone_until_it_is_back() {
    let world = World::with(&policy(""), "").await;
    let overloaded = || failing(503, None);
    world.upstream.script("north", "small", [overloaded(), overloaded(), overloaded(), Act::Answer]);
    for attempts in ["2", "2", "1", "1", "1"] {
        let answer = world.ask().await;
        assert_eq!((answer.said().as_str(), answer.header("x-faregate-attempts")), (EAST, attempts));
    }
    assert_eq!(world.upstream.calls("north").len(), 2, "the circuit is open");
    // After the cooldown one request probes. It fails, and one failure is enough to open the circuit again.
    assert_eq!(until_called(&world, 3).await.said(), EAST);
    let answer = world.ask().await;
    assert_eq!((answer.said().as_str(), answer.header("x-faregate-attempts")), (EAST, "1"));
    // The next probe is answered, and the primary is back.
    assert_eq!(until_called(&world, 4).await.said(), NORTH);
    assert_eq!(world.ask().await.said(), NORTH);
    let records = world.records().await;
    assert_eq!(records.iter().map(|record| errors(record).len()).sum::<usize>(), 3);
    assert!(records.iter().all(|record| record["outcome"] == "success"));
}

#[tokio::test]
async fn only_one_request_at_a_time_probes() {
    let world = World::with(&policy(""), "").await;
    world.upstream.script("north", "small", [failing(503, None), failing(503, None), Act::SlowFirst(2_000)]);
    world.ask().await;
    world.ask().await;
    let probe = async {
        loop {
            let answer = world.ask().await;
            if answer.said() == NORTH {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let meanwhile = async {
        world.upstream.called(3).await;
        while world.upstream.calls("north").len() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let answer = world.ask().await;
        assert_eq!((answer.said().as_str(), answer.header("x-faregate-attempts")), (EAST, "1"));
        assert_eq!(world.upstream.calls("north").len(), 3);
    };
    let both = async { tokio::join!(probe, meanwhile) };
    tokio::time::timeout(Duration::from_secs(20), both).await.expect("the cooldown passes");
}

#[tokio::test]
async fn what_asks_for_time_gets_it() {
    let world = World::with(&policy(""), "").await;
    world.upstream.script("north", "small", [failing(429, Some("60")), Act::Answer]);
    for attempts in ["2", "1"] {
        let answer = world.ask().await;
        assert_eq!((answer.said().as_str(), answer.header("x-faregate-attempts")), (EAST, attempts));
    }
    assert_eq!(world.upstream.calls("north").len(), 1);
}

#[tokio::test]
async fn a_budget_closes_at_the_last_request_that_fits() {
    // An answer costs 13 millionths and 25 at most: 0 + 25 and 13 + 25 fit into 40, and 26 + 25 does not.
    let budget = "budget team { per key.team  spend $0.00004 per day  byok included }";
    let world = World::with(&policy(budget), "").await;
    assert_eq!(world.ask().await.said(), NORTH);
    assert_eq!(world.ask().await.said(), NORTH);
    let answer = world.ask().await;
    assert_eq!((answer.status, answer.code().as_str()), (402, "insufficient_quota"));
    assert_eq!(answer.json()["error"]["rule"], "budget team");
    assert_eq!(world.upstream.count(), 2);
}

#[tokio::test]
async fn a_quota_says_when_it_opens() {
    let world = World::with(&policy("budget calls { per key.team  requests 1 per day }"), "").await;
    assert_eq!(world.ask().await.said(), NORTH);
    let answer = world.ask().await;
    assert_eq!((answer.status, answer.code().as_str()), (429, "quota"));
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=86_400).contains(&wait));
    assert_eq!(answer.header("x-should-retry"), "", "the client may come back by itself");
}

#[tokio::test]
async fn requests_at_once_do_not_overspend() {
    // For the first, 75 are held: 25 at north, and 50 at east where that fails. For the second 25, as no more is left. So at
    // least two are served, and more as soon as these have settled.
    let budget = "budget team { per key.team  spend $0.00011 per day  byok included }";
    let world = World::with(&policy(budget), "").await;
    world.upstream.script("north", "small", [Act::Slow(50)]);
    world.upstream.script("east", "small", [Act::Slow(50)]);
    let asked: Vec<_> = (0..20).map(|_| tokio::spawn(world.request(json!({})).send())).collect();
    let mut served: u32 = 0;
    for answer in asked {
        served += u32::from(answer.await.unwrap().unwrap().status() == 200);
    }
    let mut key = Key::default();
    key.team = Some("support".to_owned());
    let rows = world.gateway.known(&key).budgets.unwrap();
    let [row] = rows.as_slice() else { panic!("one counter: {rows:?}") };
    assert_eq!(row.reserved, None, "nothing is held any more");
    let Counted::Spend(counted) = row.counted else { panic!("{row:?}") };
    let records = world.records().await;
    let spent = records.iter().filter(|record| record["outcome"] == "success");
    let spent: Vec<&str> = spent.map(|record| record["cost"].as_str().unwrap()).collect();
    assert_eq!(spent.len(), served as usize);
    let sum = spent.iter().fold(faregate::Money::ZERO, |sum, cost| sum.plus(cost.parse().unwrap()).unwrap());
    assert_eq!(counted, sum);
    assert!(served >= 2 && counted <= "0.00011".parse().unwrap(), "{served} served for {counted}");
}
