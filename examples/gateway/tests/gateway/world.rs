//! A gateway and its upstream, and what the tests ask of them.

use std::path::PathBuf;
use std::time::Duration;

use faregate_gateway::scripted::Upstream;
use faregate_gateway::{Config, Running, start};
use serde_json::{Value, json};

/// Every move and retry that a policy may write, with times that a test can wait for.
pub(crate) const POLICY: &str = r#"
policy test { language 1 }
declare { request.workload one_of chat, whole, closed default chat }
workload closed { when request.workload == closed  deny "closed for the day" }
workload whole {
  when request.workload == whole
  route { models requested  order by price }
  fallback { other provider on stream_interrupted, timeout, network }
  retry { at most 4 calls  timeout 2s  first_token 300ms  stall 300ms }
  stream { commit at end }
}
workload chat {
  otherwise
  route { models requested then "demo/large"  order by price }
  fallback {
    other provider on rate_limit, timeout, network, overloaded, provider_error, invalid_response, stream_interrupted
    other model on context_length, moderation
  }
  retry {
    on rate_limit 1 time wait retry_after up to 500ms
    on network 1 time wait 10ms
    on provider_error 1 time wait 10ms
    on stream_interrupted 1 time when request.idempotent
    at most 4 calls
    timeout 500ms
    first_token 300ms
    stall 300ms
    deadline 10s
  }
  stream { commit at first_token  partial mark_incomplete }
}
"#;

const CATALOG: &str = r#"
endpoints:
  - { id: demo/small@north, model: demo/small, native_model: small, provider: north, context_length: 9000, max_output_tokens: 5000, modalities: [text], prices: { prompt: "0.000001", completion: "0.000002" } }
  - { id: demo/small@east, model: demo/small, native_model: small, provider: east, context_length: 9000, max_output_tokens: 5000, modalities: [text], prices: { prompt: "0.000002", completion: "0.000004" } }
  - { id: demo/large@west, model: demo/large, native_model: large, provider: west, context_length: 90000, max_output_tokens: 5000, modalities: [text], prices: { prompt: "0.00001", completion: "0.00002" } }
  - { id: demo/lone@shut, model: demo/lone, provider: shut, context_length: 9000, max_output_tokens: 5000, modalities: [text], prices: { prompt: "0.000001", completion: "0.000002" } }
  - { id: demo/small@keyless, model: demo/small, provider: keyless, context_length: 9000, max_output_tokens: 5000, modalities: [text], prices: { prompt: "0", completion: "0" } }
"#;

/// Far longer than what is waited for takes.
const SOON: Duration = Duration::from_secs(20);

pub(crate) struct World {
    pub(crate) gateway: Running,
    pub(crate) upstream: Upstream,
    pub(crate) http: reqwest::Client,
    pub(crate) folder: tempfile::TempDir,
}

/// What a client got.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(POLICY, "").await
    }

    /// With a policy, and more settings.
    pub(crate) async fn with(policy: &str, settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("test.fare"), policy).unwrap();
        std::fs::write(folder.path().join("catalog.yaml"), CATALOG).unwrap();
        let upstream = Upstream::start("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", upstream.address);
        // A port that was free a moment ago: nobody listens there.
        let shut = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let text = format!(
            "
listen: 127.0.0.1:0
policies: [test.fare]
catalogs: [catalog.yaml]
records: records.jsonl
{settings}
providers:
  north: {{ base_url: '{base}/north/v1', api_key_env: NORTH }}
  east: {{ base_url: '{base}/east/v1' }}
  west: {{ base_url: '{base}/west/v1' }}
  shut: {{ base_url: 'http://{shut}/v1' }}
  keyless: {{ base_url: '{base}/keyless/v1', api_key_env: MISSING }}
keys:
  - {{ id: k-1, secret_env: CLIENT, team: support, environment: production, data: [] }}
"
        );
        let env = |name: &str| match name {
            "NORTH" => Some("north-secret".to_owned()),
            "CORP" => Some("corp-secret".to_owned()),
            "CLIENT" => Some("client-secret".to_owned()),
            _ => None,
        };
        let gateway = start(Config::parse(&text, folder.path(), &env).unwrap()).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { gateway, upstream, http, folder }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/v1/{path}", self.gateway.address)
    }

    /// A request for `one two three` with more fields.
    pub(crate) fn request(&self, more: Value) -> reqwest::RequestBuilder {
        let mut body = json!({
            "model": "demo/small",
            "max_tokens": 10,
            "messages": [{ "role": "user", "content": "one two three" }],
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.http
            .post(self.url("chat/completions"))
            .bearer_auth("client-secret")
            .header("x-faregate-input-tokens", "5")
            .body(body.to_string())
    }

    pub(crate) async fn ask(&self) -> Answer {
        Answer::of(self.request(json!({}))).await
    }

    pub(crate) async fn stream(&self) -> Answer {
        Answer::of(self.request(json!({ "stream": true }))).await
    }

    /// Waits until a call has come to the upstream.
    pub(crate) async fn called(&self) {
        tokio::time::timeout(SOON, self.upstream.called(1)).await.expect("a call comes");
    }

    /// Waits until a call that was under way has been given up.
    pub(crate) async fn hung_up(&self) {
        tokio::time::timeout(SOON, self.upstream.hung_up(1)).await.expect("the call is given up");
    }

    /// Waits until a record is written.
    pub(crate) async fn written(&self) {
        let path = self.folder.path().join("records.jsonl");
        let written = async {
            while std::fs::metadata(&path).unwrap().len() == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(SOON, written).await.expect("a record is written");
    }

    /// Stops the gateway and returns the lines that it wrote.
    pub(crate) async fn records(self) -> Vec<Value> {
        let path: PathBuf = self.folder.path().join("records.jsonl");
        self.gateway.stop().await;
        let text = std::fs::read_to_string(path).unwrap();
        assert!(!text.contains("secret"), "no key stands in a record");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The same, where one request came in.
    pub(crate) async fn record(self) -> Value {
        let mut records = self.records().await;
        assert_eq!(records.len(), 1);
        records.remove(0)
    }
}

impl Answer {
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// What the assistant said, of an answer that is no stream.
    pub(crate) fn said(&self) -> String {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()["choices"][0]["message"]["content"].as_str().unwrap().to_owned()
    }

    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap().to_owned()
    }

    /// The events of a stream: what was said, the error, and whether `[DONE]` ended it.
    pub(crate) fn events(&self) -> (String, Option<Value>, bool) {
        assert_eq!((self.status, self.header("content-type")), (200, "text/event-stream"), "{}", self.text);
        let (mut said, mut error, mut done) = (String::new(), None, false);
        for data in self.text.split("\n\n").filter_map(|event| event.strip_prefix("data: ")) {
            assert!(!done && error.is_none(), "nothing follows the end: {}", self.text);
            if data == "[DONE]" {
                done = true;
                continue;
            }
            let chunk: Value = serde_json::from_str(data).unwrap();
            if chunk["error"].is_object() {
                error = Some(chunk["error"].clone());
                continue;
            }
            said.push_str(chunk["choices"][0]["delta"]["content"].as_str().unwrap_or_default());
        }
        (said, error, done)
    }
}

/// The classes of the calls that failed, in order.
pub(crate) fn errors(record: &Value) -> Vec<&str> {
    record["errors"].as_array().unwrap().iter().map(|e| e["class"].as_str().unwrap()).collect()
}
