//! One call to an upstream: what is sent, how long it may take, and how it ended.

use std::future::Future;
use std::time::Duration;

use faregate::{
    Attempt, Classified, Credential, ErrorClass, Failure, Outcome, Phase, Success, Transport, Usage,
    classify_transport,
};
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout_at};

use crate::clock;
use crate::config::{Config, Provider};
use crate::events::Events;
use crate::reply::{ClientLeft, Reply};
use crate::tokens;
use crate::translate::{Ask, for_endpoint};

/// The longest answer that is read, and how much is read of one that tells of an error.
const MAX_ANSWER_BYTES: usize = 32 << 20;
const MAX_ERROR_BYTES: usize = 64 << 10;

/// The most time to connect, within the policy's time-outs.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a connection may take to end a stream after it said that this is all.
const RECYCLE: Duration = Duration::from_secs(1);

/// The way out to the upstreams: one pool of connections.
pub(crate) struct Upstreams {
    client: reqwest::Client,
}

/// How far a call has come: what is known of it when it fails, or when the client leaves.
#[derive(Default)]
pub(crate) struct Progress {
    status: Option<u16>,
    phase: Phase,
    /// The output so far, of a stream.
    text: String,
}

/// A call that did not end in an answer.
struct Failed {
    class: ErrorClass,
    retry_after_ms: Option<u64>,
    should_retry: Option<bool>,
}

/// Until when a call may take.
struct Limits {
    ends: Option<Instant>,
    /// The first token, then the next one.
    next: Option<Instant>,
    stall: Option<Duration>,
}

impl Upstreams {
    pub(crate) fn new() -> Result<Self, String> {
        // A redirect would carry the key elsewhere. A base URL is where a call goes, whatever the environment says.
        let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        let client = builder.connect_timeout(CONNECT).build().map_err(|e| e.to_string())?;
        Ok(Self { client })
    }

    /// Calls an endpoint and hands its answer to the reply, piece by piece if it is a stream. Dropped, it hangs up.
    pub(crate) async fn call(
        &self,
        config: &Config,
        attempt: &Attempt,
        ask: &Ask,
        reply: &mut Reply,
        progress: &mut Progress,
    ) -> Outcome {
        // The context named only providers that the file lists; a reload of the catalog cannot change that.
        let Some(provider) = config.providers.get(&attempt.provider) else {
            return Outcome::Failure(Failure::new(ErrorClass::Unavailable));
        };
        match self.answer(config, provider, attempt, ask, reply, progress).await {
            Ok(usage) => Outcome::Success(Success::new(usage, None)),
            Err(failed) => Outcome::Failure(progress.failure(failed)),
        }
    }

    async fn answer(
        &self,
        config: &Config,
        provider: &Provider,
        attempt: &Attempt,
        ask: &Ask,
        reply: &mut Reply,
        progress: &mut Progress,
    ) -> Result<Option<Usage>, Failed> {
        let streams = ask.request.stream;
        let limits = Limits {
            ends: after(attempt.timeout_ms.map_or(config.upstream_timeout, Duration::from_millis)),
            // Without a stream, the first token cannot be told from the last.
            next: attempt.first_token_ms.filter(|_| streams).map(Duration::from_millis).and_then(after),
            stall: attempt.stall_ms.map(Duration::from_millis),
        };
        let url = format!("{}/chat/completions", provider.base_url);
        let mut request = self.client.post(url).header("content-type", "application/json");
        let secret = match &attempt.credential {
            Credential::Shared => provider.secret.as_deref(),
            Credential::Own(id) => {
                config.credentials.iter().find(|(c, _)| c.id == *id).map(|(_, s)| s.as_str())
            }
        };
        if let Some(secret) = secret {
            request = request.bearer_auth(secret);
        }
        let sent = limits.within(request.body(for_endpoint(ask, attempt, provider)).send()).await?;
        let response = sent.map_err(|e| broken(&e, Phase::BeforeOutput))?;
        let status = response.status();
        progress.status = Some(status.as_u16());
        let headers = response.headers().clone();
        let headers =
            || headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        if !status.is_success() {
            let body =
                body(response, MAX_ERROR_BYTES, &limits, &mut Progress::default()).await.unwrap_or_default();
            let now = clock::now();
            return Err(faregate_wire::classify_response(
                &provider.dialect,
                status.as_u16(),
                headers(),
                &body,
                Phase::BeforeOutput,
                now,
            )
            .into());
        }
        let is_stream = headers().any(|(n, v)| n == "content-type" && v.starts_with("text/event-stream"));
        if streams && is_stream {
            return stream(provider, attempt, ask, response, limits, reply, progress).await;
        }
        let body = body(response, MAX_ANSWER_BYTES, &limits, progress).await?;
        progress.phase = Phase::AfterCompletion;
        let told = faregate_wire::classify_event(
            &provider.dialect,
            headers(),
            &body,
            Phase::BeforeOutput,
            clock::now(),
        );
        if let Some(told) = told {
            return Err(told.into());
        }
        let mut answer: Map<String, Value> = serde_json::from_slice(&body).map_err(|_| unusable())?;
        if streams || !is_whole(&answer) {
            return Err(unusable());
        }
        let used = answer.get("usage").and_then(usage);
        answer.insert("model".to_owned(), Value::from(attempt.model.as_str()));
        reply.whole(Value::Object(answer));
        Ok(used)
    }
}

/// Reads a stream to its end and passes on its chunks.
async fn stream(
    provider: &Provider,
    attempt: &Attempt,
    ask: &Ask,
    mut response: reqwest::Response,
    mut limits: Limits,
    reply: &mut Reply,
    progress: &mut Progress,
) -> Result<Option<Usage>, Failed> {
    let mut events = Events::default();
    let (mut used, mut finished) = (None, false);
    loop {
        let bytes = limits.within(response.chunk()).await?;
        let Some(bytes) = bytes.map_err(|e| broken(&e, progress.phase))? else {
            // Many servers leave out `[DONE]`. That the answer is whole is what `finish_reason` says.
            return if finished { Ok(used) } else { Err(transport(Transport::Ended, progress.phase)) };
        };
        for data in events.push(&bytes).map_err(|_| unusable())? {
            if data == b"[DONE]" {
                // Without a reason to finish, the answer may be half of one.
                if !finished {
                    return Err(transport(Transport::Ended, progress.phase));
                }
                recycle(response);
                return Ok(used);
            }
            let told =
                faregate_wire::classify_event(&provider.dialect, [], &data, progress.phase, clock::now());
            if let Some(told) = told {
                return Err(told.into());
            }
            let mut chunk: Map<String, Value> = serde_json::from_slice(&data).map_err(|_| unusable())?;
            let Some(choices) = chunk.get("choices").and_then(Value::as_array) else {
                return Err(unusable());
            };
            let mut output = false;
            for choice in choices {
                finished |= choice.get("finish_reason").is_some_and(Value::is_string);
                output |= take_output(choice, &mut progress.text);
            }
            let only_usage = choices.is_empty();
            if output {
                progress.phase = Phase::MidStream;
            }
            if output || progress.phase == Phase::MidStream {
                limits.next = limits.stall.and_then(after);
            }
            used = chunk.get("usage").and_then(usage).or(used);
            if !ask.wants_usage && chunk.shift_remove("usage").is_some_and(|u| !u.is_null()) && only_usage {
                continue;
            }
            chunk.insert("model".to_owned(), Value::from(attempt.model.as_str()));
            // What a slow client takes is not the upstream's time.
            let waiting = Instant::now();
            reply.chunk(&Value::Object(chunk), output).await.map_err(|ClientLeft| left())?;
            limits.forgive(waiting.elapsed());
        }
    }
}

/// Reads on to the end, which is near, so that the connection can serve again.
fn recycle(mut response: reqwest::Response) {
    tokio::spawn(tokio::time::timeout(
        RECYCLE,
        async move { while let Ok(Some(_)) = response.chunk().await {} },
    ));
}

/// Reads a body to its end, or as far as `most`.
async fn body(
    mut response: reqwest::Response,
    most: usize,
    limits: &Limits,
    progress: &mut Progress,
) -> Result<Vec<u8>, Failed> {
    let mut body = Vec::new();
    loop {
        let bytes = limits.within(response.chunk()).await?;
        let Some(bytes) = bytes.map_err(|e| broken(&e, progress.phase))? else { return Ok(body) };
        progress.phase = Phase::MidStream;
        body.extend_from_slice(&bytes);
        if body.len() > most {
            return Err(unusable());
        }
    }
}

impl Limits {
    async fn within<T>(&self, what: impl Future<Output = T>) -> Result<T, Failed> {
        let at = self.next.into_iter().chain(self.ends).min();
        let Some(at) = at else { return Ok(what.await) };
        let timeout = |_| transport(Transport::Timeout, Phase::BeforeOutput);
        timeout_at(at, what).await.map_err(timeout)
    }

    fn forgive(&mut self, time: Duration) {
        let later = |at: Instant| at.checked_add(time);
        (self.ends, self.next) = (self.ends.and_then(later), self.next.and_then(later));
    }
}

/// Returns the instant so much later; `None`: that is never.
fn after(time: Duration) -> Option<Instant> {
    Instant::now().checked_add(time)
}

impl Progress {
    fn failure(&self, failed: Failed) -> Failure {
        let mut failure = Failure::new(failed.class);
        failure.status = self.status;
        failure.phase = self.phase;
        failure.retry_after_ms = failed.retry_after_ms;
        failure.should_retry = failed.should_retry;
        if !self.text.is_empty() {
            failure.emitted_tokens = tokens::of_text(&self.text).max(1);
        }
        failure
    }

    /// The client hung up during the call.
    pub(crate) fn left(&self) -> Outcome {
        Outcome::Failure(self.failure(left()))
    }
}

impl From<Classified> for Failed {
    fn from(told: Classified) -> Self {
        Self { class: told.class, retry_after_ms: told.retry_after_ms, should_retry: told.should_retry }
    }
}

fn transport(kind: Transport, phase: Phase) -> Failed {
    Failed { class: classify_transport(kind, phase), retry_after_ms: None, should_retry: None }
}

fn broken(error: &reqwest::Error, phase: Phase) -> Failed {
    let kind = match error {
        e if e.is_timeout() => Transport::Timeout,
        e if e.is_connect() => Transport::Refused,
        _ => Transport::Reset,
    };
    transport(kind, phase)
}

fn unusable() -> Failed {
    Failed { class: ErrorClass::InvalidResponse, retry_after_ms: None, should_retry: None }
}

fn left() -> Failed {
    transport(Transport::ClientLeft, Phase::BeforeOutput)
}

/// Whether an answer has a message, and a reason why it ended.
fn is_whole(answer: &Map<String, Value>) -> bool {
    let choices = answer.get("choices").and_then(Value::as_array);
    choices.is_some_and(|choices| {
        let whole = |c: &Value| {
            c.get("message").is_some_and(Value::is_object)
                && c.get("finish_reason").is_some_and(Value::is_string)
        };
        !choices.is_empty() && choices.iter().all(whole)
    })
}

/// Adds what a chunk says to the text; whether it says anything: words, a call of a tool, a thought.
fn take_output(choice: &Value, text: &mut String) -> bool {
    let delta = choice.get("delta").and_then(Value::as_object);
    let mut found = false;
    for (_, value) in delta.into_iter().flatten().filter(|(name, _)| *name != "role") {
        match value {
            Value::String(words) if !words.is_empty() => text.push_str(words),
            Value::Array(parts) if !parts.is_empty() => text.push_str(&value.to_string()),
            Value::Object(_) => text.push_str(&value.to_string()),
            _ => continue,
        }
        found = true;
    }
    found
}

/// Reads what an answer used. What it does not say is not zero: without the two main counts there is no usage.
fn usage(value: &Value) -> Option<Usage> {
    let count = |path: &str| value.pointer(path).and_then(Value::as_u64);
    let mut usage = Usage::new(count("/prompt_tokens")?, count("/completion_tokens")?);
    usage.cached_input_tokens = count("/prompt_tokens_details/cached_tokens").unwrap_or(0);
    usage.reasoning_tokens = count("/completion_tokens_details/reasoning_tokens").unwrap_or(0);
    Some(usage)
}
