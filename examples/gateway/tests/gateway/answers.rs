//! Answers that are no streams.

use faregate_gateway::scripted::Act;
use serde_json::json;

use crate::world::{Answer, POLICY, World, errors};

fn status(status: u16, retry_after: Option<&str>, code: Option<&str>) -> Act {
    let text = |t: &str| t.to_owned();
    Act::Status { status, retry_after: retry_after.map(text), code: code.map(text) }
}

const NORTH: &str = "north/small heard: one two three";
const EAST: &str = "east/small heard: one two three";
const WEST: &str = "west/large heard: one two three";

#[tokio::test]
async fn an_answer_says_who_gave_it_and_what_it_cost() {
    let world = World::new().await;
    let answer = world.ask().await;
    assert_eq!(answer.said(), NORTH);
    assert_eq!(answer.json()["model"], "demo/small");
    assert_eq!(answer.json()["usage"]["total_tokens"], 8);
    assert_eq!(answer.header("x-faregate-workload"), "chat");
    assert_eq!(answer.header("x-faregate-endpoint"), "demo/small@north");
    assert_eq!(answer.header("x-faregate-attempts"), "1");
    assert_eq!(answer.header("x-faregate-fallback"), "none");
    assert_eq!(answer.header("x-faregate-cost"), "0.000013");
    let call = &world.upstream.calls("north")[0];
    assert_eq!(call.authorization.as_deref(), Some("Bearer north-secret"));
    assert_eq!(call.body["model"], "small");
    assert!(world.upstream.calls("keyless").is_empty(), "it is cheaper, but there is no key for it");
    let id = answer.header("x-faregate-decision").to_owned();
    let record = world.record().await;
    assert_eq!(record["record"], id.as_str());
    assert_eq!(record["usage"]["output_tokens"], 5);
    assert_eq!(record["cost"], "0.000013");
}

#[tokio::test]
async fn a_rate_limit_is_waited_out_where_it_says_how_long() {
    let world = World::new().await;
    world.upstream.script("north", "small", [status(429, Some("0.2"), None), Act::Answer]);
    let answer = world.ask().await;
    assert_eq!((answer.said().as_str(), answer.header("x-faregate-attempts")), (NORTH, "2"));
    let record = world.record().await;
    assert_eq!(
        record["steps"],
        json!(["try demo/small@north", "wait 200ms", "try demo/small@north", "done"])
    );
    assert_eq!(record["cost"], "0.000013", "what was turned away costs nothing");
}

#[tokio::test]
async fn a_rate_limit_that_does_not_say_how_long_is_moved_away_from() {
    let world = World::new().await;
    world.upstream.script("north", "small", [status(429, None, None), Act::Answer]);
    let answer = world.ask().await;
    assert_eq!((answer.said().as_str(), answer.header("x-faregate-fallback")), (EAST, "provider"));
    assert_eq!(world.upstream.calls("north").len(), 1);
}

#[tokio::test]
async fn a_rate_limit_for_ever_is_told_to_the_client_with_its_end() {
    let world = World::new().await;
    world.upstream.script("north", "small", [status(429, Some("60"), None)]);
    world.upstream.script("east", "small", [status(429, Some("30"), Some("rate_limit_exceeded"))]);
    let answer = world.ask().await;
    assert_eq!((answer.status, answer.code().as_str()), (429, "rate_limit_exceeded"));
    assert_eq!(answer.json()["error"]["type"], "rate_limit_error");
    assert_eq!(answer.header("retry-after"), "30");
    assert_eq!(answer.header("x-should-retry"), "false");
    assert_eq!(world.upstream.count(), 2, "a wait of more than 500 ms is none");
    let record = world.record().await;
    assert_eq!((record["outcome"].as_str(), record["cost"].as_str()), (Some("failure"), Some("0")));
}

#[tokio::test]
async fn a_server_error_is_tried_again() {
    let world = World::new().await;
    world.upstream.script("north", "small", [status(500, None, None), Act::Answer]);
    let answer = world.ask().await;
    assert_eq!((answer.said().as_str(), answer.header("x-faregate-attempts")), (NORTH, "2"));
    let record = world.record().await;
    assert_eq!(errors(&record), ["provider_error"]);
    // 13 for the answer; a server that failed may have generated, so 25 for the most that it can cost.
    assert_eq!(record["cost"], "0.000038");
    assert_eq!(record["usage"]["output_tokens"], 5, "what failed is no completion");
}

#[tokio::test]
async fn an_overload_for_ever_moves_on_and_then_fails() {
    let world = World::new().await;
    world.upstream.script("north", "small", [status(503, None, None)]);
    assert_eq!(world.ask().await.said(), EAST);
    world.upstream.script("east", "small", [status(503, None, None)]);
    let answer = world.ask().await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "overloaded"));
    let records = world.records().await;
    assert_eq!(errors(&records[1]), ["overloaded", "overloaded"]);
}

#[tokio::test]
async fn a_connection_that_is_refused_is_tried_again_and_then_fails() {
    let world = World::new().await;
    let answer = Answer::of(world.request(json!({ "model": "demo/lone" }))).await;
    assert_eq!((answer.status, answer.code().as_str()), (502, "provider_error"));
    assert_eq!(errors(&world.record().await), ["network", "network"]);
}

#[tokio::test]
async fn a_reset_before_the_answer_is_tried_again() {
    let world = World::new().await;
    world.upstream.script("north", "small", [Act::Reset, Act::Answer]);
    assert_eq!(world.ask().await.said(), NORTH);
    assert_eq!(errors(&world.record().await), ["network"]);
}

#[tokio::test]
async fn a_silent_upstream_is_not_tried_again_where_another_is_at_hand() {
    let world = World::new().await;
    world.upstream.script("north", "small", [Act::Silence]);
    let answer = world.ask().await;
    assert_eq!((answer.said().as_str(), answer.header("x-faregate-attempts")), (EAST, "2"));
    world.hung_up().await;
    assert_eq!(world.upstream.calls("north").len(), 1);
    assert_eq!(errors(&world.record().await), ["timeout"]);
}

#[tokio::test]
async fn a_request_that_is_too_long_goes_to_a_larger_model() {
    let world = World::new().await;
    world.upstream.script("north", "small", [status(400, None, Some("context_length_exceeded"))]);
    let answer = world.ask().await;
    assert_eq!((answer.said().as_str(), answer.header("x-faregate-fallback")), (WEST, "model"));
    assert_eq!(answer.json()["model"], "demo/large", "the model that served");
    assert_eq!(answer.header("x-faregate-cost"), "0.00013");
    assert!(world.upstream.calls("east").is_empty(), "the same model has the same context");
    let record = world.record().await;
    assert_eq!(record["requested"]["model"], "demo/small");
    assert_eq!(record["served"]["model"], "demo/large");
}

#[tokio::test]
async fn what_a_content_filter_stops_goes_to_another_model() {
    let world = World::new().await;
    let filtered = Act::Finish("content_filter".to_owned());
    world.upstream.script("north", "small", [status(400, None, Some("content_filter")), filtered]);
    for _ in 0..2 {
        assert_eq!(world.ask().await.said(), WEST);
    }
    let records = world.records().await;
    assert!(records.iter().all(|record| errors(record) == ["moderation"]));
}

#[tokio::test]
async fn what_every_model_refuses_is_the_clients_to_mend() {
    let world = World::new().await;
    world.upstream.script("north", "small", [status(400, None, Some("content_filter"))]);
    world.upstream.script("west", "large", [status(400, None, Some("content_filter"))]);
    let answer = world.ask().await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "content_filter"));
    assert_eq!(answer.json()["error"]["type"], "invalid_request_error");
}

#[tokio::test]
async fn half_an_answer_is_none() {
    for act in [Act::Cut(0), Act::Stall(0), Act::Malformed(0), Act::NoFinish] {
        let world = World::new().await;
        world.upstream.script("north", "small", [act.clone()]);
        let answer = world.ask().await;
        assert_eq!((answer.said().as_str(), answer.header("x-faregate-attempts")), (EAST, "2"), "{act:?}");
        let record = world.record().await;
        let class = match act {
            Act::Cut(_) => "stream_interrupted",
            Act::Stall(_) => "timeout",
            _ => "invalid_response",
        };
        assert_eq!(errors(&record), [class]);
        // 26 at east, and the most that the half can have cost at north.
        assert_eq!(record["cost"], "0.000051");
        assert_eq!(record["usage"]["output_tokens"], 5);
    }
}

#[tokio::test]
async fn an_answer_that_does_not_say_what_it_used_counts_as_the_most_it_can() {
    let world = World::new().await;
    world.upstream.script("north", "small", [Act::NoUsage]);
    let answer = world.ask().await;
    assert_eq!((answer.said().as_str(), answer.header("x-faregate-cost")), (NORTH, "0.000025"));
    assert_eq!(world.record().await["usage"], json!(null));
}

#[tokio::test]
async fn a_denial_gives_its_reason() {
    let world = World::new().await;
    let answer = Answer::of(world.request(json!({})).header("x-faregate-workload", "closed")).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "refused"));
    assert_eq!(answer.json()["error"]["type"], "permission_error");
    assert_eq!(answer.json()["error"]["message"], "closed for the day (test.fare:4:52)");
    assert_eq!(answer.header("x-should-retry"), "false");
    assert_eq!(world.upstream.count(), 0);
    let decision = world.record().await;
    assert_eq!(decision["outcome"], "deny");
    assert_eq!(decision["request"], answer.header("x-faregate-decision"));
}

#[tokio::test]
async fn a_request_that_makes_no_sense_is_told_what_is_wrong() {
    let world = World::new().await;
    for (more, param) in [
        (json!({ "messages": [] }), "messages"),
        (json!({ "n": 2 }), "n"),
        (json!({ "max_tokens": -1 }), "max_tokens"),
        (json!({ "stream": "yes" }), "stream"),
    ] {
        let answer = Answer::of(world.request(more)).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_request"));
        assert_eq!(answer.json()["error"]["param"], param);
    }
    let answer = Answer::of(world.request(json!({})).header("x-faregate-wrokload", "chat")).await;
    assert_eq!(answer.json()["error"]["message"], "header x-faregate-wrokload: is not known");
    let answer = Answer::of(world.http.post(world.url("chat/completions")).bearer_auth("other")).await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_api_key"));
    assert_eq!(world.records().await.len(), 0);
}

#[tokio::test]
async fn models_are_those_that_can_be_had() {
    let world = World::new().await;
    let get =
        async |path: &str| Answer::of(world.http.get(world.url(path)).bearer_auth("client-secret")).await;
    let list = get("models").await.json();
    let ids: Vec<&str> = list["data"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["demo/large", "demo/lone", "demo/small"]);
    assert_eq!(get("models/demo/small").await.json()["owned_by"], "demo");
    assert_eq!(get("models/demo/none").await.status, 404);
}

#[tokio::test]
async fn an_endpoint_is_sent_its_model_its_limit_and_what_it_supports() {
    let policy = POLICY.replace("then \"demo/large\"", "tolerate seed");
    let policy = policy.replace("  otherwise\n", "  otherwise\n  ceiling { output 7 }\n");
    let world = World::with(&policy, "").await;
    let sent = json!({ "seed": 7, "user": "u-1", "max_tokens": null });
    assert_eq!(Answer::of(world.request(sent).header("x-faregate-tags", "a, b")).await.said(), NORTH);
    let body = &world.upstream.calls("north")[0].body;
    assert_eq!(
        (&body["model"], &body["max_tokens"], &body["user"]),
        (&json!("small"), &json!(7), &json!("u-1"))
    );
    assert!(body.get("seed").is_none());
    let record = world.record().await;
    assert_eq!(record["input"]["request"]["tags"], json!(["a", "b"]));
    assert_eq!(record["input"]["request"]["parameters"], json!(["seed"]));
}

#[tokio::test]
async fn an_own_key_goes_first_and_the_shared_one_stands_in_for_it() {
    let policy =
        POLICY.replace("    other model on", "    other credential on authentication\n    other model on");
    let own = "credentials: [ { id: corp, provider: north, api_key_env: CORP } ]";
    let world = World::with(&policy, own).await;
    world.upstream.script("north", "small", [status(401, None, Some("invalid_api_key")), Act::Answer]);
    let answer = world.ask().await;
    assert_eq!((answer.said().as_str(), answer.header("x-faregate-fallback")), (NORTH, "credential"));
    let sent: Vec<_> =
        world.upstream.calls("north").into_iter().filter_map(|call| call.authorization).collect();
    assert_eq!(sent, ["Bearer corp-secret", "Bearer north-secret"]);
    let record = world.record().await;
    assert_eq!(record["errors"][0]["credential"], json!({ "kind": "own", "key": "corp" }));
}
