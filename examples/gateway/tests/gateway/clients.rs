//! Clients that go away, and clients that are slow.

use std::time::Duration;

use faregate_gateway::scripted::Act;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::world::{POLICY, World, errors};

#[tokio::test]
async fn a_client_that_leaves_a_stream_ends_the_call() {
    let world = World::new().await;
    world.upstream.script("north", "small", [Act::Slow(100)]);
    let mut response = world.request(json!({ "stream": true })).send().await.unwrap();
    assert!(response.chunk().await.unwrap().is_some());
    drop(response);
    world.hung_up().await;
    let record = world.record().await;
    assert_eq!((&record["error"], &record["calls"]), (&json!("cancelled"), &json!(1)));
    assert_eq!(record["cost"], "0.000025", "what was asked for may have to be paid");
}

#[tokio::test]
async fn a_client_that_leaves_before_the_answer_ends_the_call() {
    let world = World::with(&POLICY.replace("timeout 500ms", "timeout 60s"), "").await;
    world.upstream.script("north", "small", [Act::Silence]);
    let waiting = tokio::spawn(world.request(json!({})).send());
    world.called().await;
    waiting.abort();
    world.hung_up().await;
    assert_eq!(errors(&world.record().await), ["cancelled"]);
}

#[tokio::test]
async fn a_client_that_leaves_during_a_wait_ends_the_run() {
    let world = World::with(&POLICY.replace("up to 500ms", "up to 60s"), "").await;
    let limited = Act::Status { status: 429, retry_after: Some("8".to_owned()), code: None };
    world.upstream.script("north", "small", [limited, Act::Answer]);
    let waiting = tokio::spawn(world.request(json!({})).send());
    world.called().await;
    waiting.abort();
    let upstream = world.upstream.clone();
    let record = world.record().await;
    assert_eq!((&record["error"], &record["cost"]), (&json!("cancelled"), &json!("0")));
    assert_eq!(upstream.count(), 1, "nobody is called for a client that left");
}

/// The policy with this much time for a call and its tokens.
fn patient(time: &str) -> String {
    let policy = POLICY.replace("timeout 500ms", &format!("timeout {time}"));
    policy
        .replace("first_token 300ms", &format!("first_token {time}"))
        .replace("stall 300ms", &format!("stall {time}"))
}

/// Sends a request for 8 MB that come back, more than all buffers on the way hold, and reads nothing yet.
async fn slow_client(world: &World) -> (TcpStream, String) {
    let said = vec!["x".repeat(4_000); 2_000].join(" ");
    let body = json!({
        "model": "demo/small", "max_tokens": 4_000, "stream": true,
        "messages": [{ "role": "user", "content": said }],
    })
    .to_string();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut socket = socket.connect(world.gateway.address).await.unwrap();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer client-secret\r\n\
         x-faregate-input-tokens: 5\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(body.as_bytes()).await.unwrap();
    (socket, said)
}

#[tokio::test]
async fn a_slow_client_gets_the_whole_answer() {
    let world = World::with(&patient("3s"), "").await;
    let (mut socket, said) = slow_client(&world).await;
    world.called().await;
    // Longer than the call may take: the time of the client is not the upstream's.
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let pieces: Vec<&str> = text.split(r#""delta":{"content":""#).skip(1).collect();
    let heard: String = pieces.iter().map(|piece| piece.split('"').next().unwrap()).collect();
    assert_eq!(heard.len(), "north/small heard: ".len() + said.len());
    assert!(heard.ends_with(&said) && text.contains("data: [DONE]"));
    assert_eq!(world.record().await["outcome"], "success");
}

#[tokio::test]
async fn a_client_that_reads_nothing_counts_as_gone() {
    let world = World::with(&patient("60s"), "client_stall_ms: 300").await;
    let (socket, _) = slow_client(&world).await;
    // The run ends by itself; the connection only when one side closes it.
    world.written().await;
    drop(socket);
    assert_eq!(errors(&world.record().await), ["cancelled"]);
}
