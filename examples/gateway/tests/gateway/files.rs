//! Files that change, and an end in good order.

use faregate_gateway::scripted::Act;
use serde_json::json;

use std::path::Path;

use faregate_gateway::Config;

use crate::world::{POLICY, World};

const CLOSED: &str = r#"policy test { language 1 } workload rest { otherwise deny "closed" }"#;

#[tokio::test]
async fn a_policy_that_changes_is_in_force_and_drops_nobody() {
    let world = World::with(&POLICY.replace("timeout 500ms", "timeout 20s"), "reload_every_ms: 20").await;
    world.upstream.script("north", "small", [Act::Slow(250), Act::Answer]);
    let mut response = world.request(json!({ "stream": true })).send().await.unwrap();
    assert!(response.chunk().await.unwrap().is_some());
    std::fs::write(world.folder.path().join("test.fare"), CLOSED).unwrap();
    while world.ask().await.status != 403 {}
    let rest = response.text().await.unwrap();
    assert!(
        rest.contains("three") && rest.ends_with("data: [DONE]\n\n"),
        "the old policy serves what it began"
    );
}

#[tokio::test]
async fn what_does_not_load_leaves_the_old_in_force_and_says_why() {
    let world = World::new().await;
    std::fs::write(world.folder.path().join("test.fare"), "policy test { language 1 }\nworkload a {")
        .unwrap();
    let error = world.gateway.reload().unwrap_err();
    assert!(error.contains("test.fare:2"), "{error}");
    assert_eq!(world.ask().await.status, 200);
    std::fs::write(world.folder.path().join("test.fare"), CLOSED).unwrap();
    std::fs::write(world.folder.path().join("catalog.yaml"), "endpoints: [ { modle: x } ]").unwrap();
    let error = world.gateway.reload().unwrap_err();
    assert!(error.contains("catalog.yaml: endpoints[0].modle"), "{error}");
    assert_eq!(world.ask().await.status, 200, "half of a change is no change");
}

#[tokio::test]
async fn stopping_ends_what_is_in_flight_and_writes_its_record() {
    let world = World::new().await;
    world.upstream.script("north", "small", [Act::Slow(100)]);
    let asked = tokio::spawn(world.request(json!({})).send());
    world.called().await;
    let record = world.record().await;
    let answer = asked.await.unwrap().unwrap();
    assert_eq!((answer.status().as_u16(), &record["outcome"]), (200, &json!("success")));
}

#[tokio::test]
async fn stopping_waits_no_longer_than_it_is_told() {
    let world = World::with(&POLICY.replace("timeout 500ms", "timeout 60s"), "drain_ms: 50").await;
    world.upstream.script("north", "small", [Act::Silence]);
    let asked = tokio::spawn(world.request(json!({})).send());
    world.called().await;
    let record = world.record().await;
    assert_eq!(record["error"], "cancelled");
    drop(asked.await);
}

#[test]
fn settings_that_make_no_sense_are_told_with_their_place() {
    let settings = "listen: x\npolicies: []\ncatalogs: []\nproviders: { north: { base_url: x } }\nkeys: ";
    let wrong = |more: &str| {
        let parsed = Config::parse(&format!("{settings}{more}"), Path::new("."), &|_| None);
        parsed.err().expect("it makes no sense")
    };
    assert!(
        wrong("[]\nrecord: x").contains("record: unknown field; a field with a similar name exists: records")
    );
    assert_eq!(wrong("[ { id: a } ]"), "keys: `a`: has either sha256 or secret_env");
    assert_eq!(wrong("[ { id: a, sha256: beef } ]"), "keys: `a`: sha256 has 64 hexadecimal digits");
    assert_eq!(wrong("[ { id: a, secret_env: KEY } ]"), "keys: `a`: its secret_env is not set");
    let credential = "[]\ncredentials: [ { id: corp, provider: north, api_key_env: CORP } ]";
    assert_eq!(wrong(credential), "credentials: CORP is not set, which `corp` needs");
}
