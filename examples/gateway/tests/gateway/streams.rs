//! Streams.

use faregate_gateway::scripted::Act;
use serde_json::{Value, json};

use crate::world::{Answer, World, errors};

const NORTH: &str = "north/small heard: one two three";
const EAST: &str = "east/small heard: one two three";

#[tokio::test]
async fn a_stream_comes_whole_and_without_what_was_not_asked_for() {
    let world = World::new().await;
    let answer = world.stream().await;
    assert_eq!(answer.events(), (NORTH.to_owned(), None, true));
    assert_eq!(answer.header("x-faregate-endpoint"), "demo/small@north");
    assert!(!answer.text.contains("usage"));
    assert!(answer.text.contains("\n: faregate cost=0.000013\n"));
    let with_usage = json!({ "stream": true, "stream_options": { "include_usage": true } });
    let answer = Answer::of(world.request(with_usage)).await;
    assert!(answer.text.contains(r#""choices":[],"usage":{"prompt_tokens":3,"completion_tokens":5,"#));
    let records = world.records().await;
    assert!(
        records.iter().all(|record| record["cost"] == "0.000013" && record["usage"]["output_tokens"] == 5)
    );
}

#[tokio::test]
async fn a_first_token_that_comes_too_late_comes_from_elsewhere() {
    let world = World::new().await;
    world.upstream.script("north", "small", [Act::SlowFirst(100), Act::SlowFirst(60_000)]);
    assert_eq!(world.stream().await.events(), (NORTH.to_owned(), None, true));
    let answer = world.stream().await;
    assert_eq!(answer.events(), (EAST.to_owned(), None, true));
    assert_eq!(
        (answer.header("x-faregate-endpoint"), answer.header("x-faregate-attempts")),
        ("demo/small@east", "2")
    );
    world.hung_up().await;
    assert_eq!(errors(&world.records().await[1]), ["timeout"]);
}

#[tokio::test]
async fn a_silent_upstream_is_left_for_another() {
    let world = World::new().await;
    world.upstream.script("north", "small", [Act::Silence]);
    assert_eq!(world.stream().await.events(), (EAST.to_owned(), None, true));
    assert_eq!(world.upstream.calls("north").len(), 1);
}

#[tokio::test]
async fn what_breaks_before_output_leaves_no_trace() {
    for (act, class, server) in [
        // The connection: tried again. An answer that is none: from elsewhere. A server that says so: tried again.
        (Act::Cut(0), "network", NORTH),
        (Act::Malformed(0), "invalid_response", EAST),
        (Act::ErrorEvent(0, "server_error".to_owned()), "provider_error", NORTH),
        (Act::Status { status: 500, retry_after: None, code: None }, "provider_error", NORTH),
    ] {
        let world = World::new().await;
        world.upstream.script("north", "small", [act.clone(), Act::Answer]);
        let answer = world.stream().await;
        assert_eq!(answer.events(), (server.to_owned(), None, true), "{act:?}");
        assert_eq!(answer.text.matches(r#""role":"assistant""#).count(), 1, "one answer begins");
        assert_eq!(errors(&world.record().await), [class]);
    }
}

#[tokio::test]
async fn what_breaks_after_output_is_never_a_success() {
    for (act, class) in [
        (Act::Cut(3), "stream_interrupted"),
        (Act::Stall(3), "timeout"),
        (Act::Malformed(3), "invalid_response"),
        (Act::ErrorEvent(3, "server_error".to_owned()), "stream_interrupted"),
    ] {
        let world = World::new().await;
        world.upstream.script("north", "small", [act.clone()]);
        let (said, error, done) = world.stream().await.events();
        assert_eq!((said.as_str(), done), ("north/small heard: one ", false), "{act:?}");
        assert_eq!(error.unwrap()["partial"], "mark_incomplete");
        assert_eq!(world.upstream.count(), 1, "what the client has seen is not begun anew");
        let record = world.record().await;
        assert_eq!((&record["outcome"], &record["complete"]), (&json!("failure"), &json!(false)));
        assert_eq!(errors(&record), [class]);
        assert_eq!(record["errors"][0]["phase"], "mid_stream");
        assert!(record["errors"][0]["emitted_tokens"].as_u64().unwrap() >= 3);
        assert_eq!((&record["usage"], &record["cost"]), (&Value::Null, &json!("0.000025")));
    }
}

#[tokio::test]
async fn an_end_without_done_is_an_end_where_a_reason_was_given() {
    let world = World::new().await;
    world.upstream.script("north", "small", [Act::NoDone, Act::NoFinish]);
    assert_eq!(world.stream().await.events(), (NORTH.to_owned(), None, true));
    let (said, error, done) = world.stream().await.events();
    assert_eq!((said.as_str(), done), (NORTH, false));
    assert_eq!(error.unwrap()["code"], "stream_interrupted");
    let records = world.records().await;
    assert_eq!((&records[0]["outcome"], &records[1]["outcome"]), (&json!("success"), &json!("failure")));
}

#[tokio::test]
async fn what_a_content_filter_cuts_is_an_error() {
    let world = World::new().await;
    world.upstream.script("north", "small", [Act::Finish("content_filter".to_owned())]);
    let (_, error, done) = world.stream().await.events();
    assert_eq!((error.unwrap()["code"].as_str(), done), (Some("content_filter"), false));
    assert_eq!(errors(&world.record().await), ["moderation"]);
}

#[tokio::test]
async fn a_request_that_is_too_long_streams_from_a_larger_model() {
    let world = World::new().await;
    let code = Some("context_length_exceeded".to_owned());
    world.upstream.script("north", "small", [Act::Status { status: 400, retry_after: None, code }]);
    let answer = world.stream().await;
    assert_eq!(answer.events().0, "west/large heard: one two three");
    assert!(answer.text.contains(r#""model":"demo/large""#) && !answer.text.contains("demo/small"));
}

#[tokio::test]
async fn held_to_its_end_a_cut_stream_ends_in_the_whole_answer_of_another() {
    for act in [Act::Cut(3), Act::Stall(3)] {
        let world = World::new().await;
        world.upstream.script("north", "small", [act]);
        let request = world.request(json!({ "stream": true })).header("x-faregate-workload", "whole");
        let answer = Answer::of(request).await;
        assert_eq!(answer.events(), (EAST.to_owned(), None, true));
        assert!(!answer.text.contains("north"));
        assert_eq!(
            answer.header("x-faregate-cost"),
            "0.000051",
            "26, and 25 for the most that the half can cost"
        );
        let record = world.record().await;
        assert_eq!((&record["complete"], &record["served"]["provider"]), (&json!(true), &json!("east")));
        assert!(record["discarded_tokens"].as_u64().unwrap() >= 3);
    }
}

#[tokio::test]
async fn a_request_that_may_be_repeated_is_held_so_that_it_can_be() {
    let world = World::new().await;
    world.upstream.script("north", "small", [Act::Cut(3), Act::Answer]);
    let request = world.request(json!({ "stream": true })).header("x-faregate-idempotent", "true");
    assert_eq!(Answer::of(request).await.events(), (NORTH.to_owned(), None, true));
    assert_eq!(world.upstream.count(), 2);
}
