//! What the client sees of a run: nothing until an answer is sure to begin, and nothing of one that failed.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use faregate::syntax::ast::MoveKind;
use faregate::{Attempt, Money, Record};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::DropGuard;

use crate::errors::ApiError;

/// How many chunks may wait for a slow client. Behind that, the upstream waits too.
const WAITING: usize = 16;

/// The client does not listen any more.
#[derive(Debug)]
pub(crate) struct ClientLeft;

/// The way back to a client.
pub(crate) struct Reply {
    /// Where the response goes; taken when it has begun.
    head: Option<oneshot::Sender<Head>>,
    /// Where chunks go after that.
    chunks: Option<mpsc::Sender<Bytes>>,
    /// The answer of the present call, until it may go out.
    held: Vec<u8>,
    streams: bool,
    /// Whether a stream is held until its end.
    to_the_end: bool,
    client_stall: Duration,
    headers: HeaderMap,
    calls: u64,
}

/// A response that begins.
pub(crate) enum Head {
    /// It is all there.
    Whole(Response),
    /// Chunks follow.
    Stream(HeaderMap, mpsc::Receiver<Bytes>),
}

impl Reply {
    pub(crate) fn new(id: &str, streams: bool, client_stall: Duration) -> (Self, oneshot::Receiver<Head>) {
        let (head, response) = oneshot::channel();
        let mut reply = Self {
            head: Some(head),
            chunks: None,
            held: Vec::new(),
            streams,
            to_the_end: false,
            client_stall,
            headers: HeaderMap::new(),
            calls: 0,
        };
        reply.header("x-request-id", id);
        reply.header("x-faregate-decision", id);
        (reply, response)
    }

    /// Says which workload decided, and whether a stream is held until its end.
    pub(crate) fn decided(&mut self, workload: Option<&str>, to_the_end: bool) {
        self.header("x-faregate-workload", workload.unwrap_or_default());
        self.to_the_end = to_the_end;
    }

    /// A call begins: what the one before it left is thrown away.
    pub(crate) fn begin(&mut self, attempt: &Attempt) {
        self.held.clear();
        self.calls = self.calls.saturating_add(1);
        self.header("x-faregate-attempts", &self.calls.to_string());
        self.header("x-faregate-endpoint", &attempt.endpoint);
        self.header("x-faregate-fallback", role(attempt.role));
    }

    /// An answer that is no stream.
    pub(crate) fn whole(&mut self, answer: Value) {
        self.held = answer.to_string().into_bytes();
    }

    /// A chunk of a stream. The first that has output begins the response, unless all is held until the end.
    pub(crate) async fn chunk(&mut self, chunk: &Value, output: bool) -> Result<(), ClientLeft> {
        let event = format!("data: {chunk}\n\n").into_bytes();
        if self.chunks.is_none() && (self.to_the_end || !output) {
            self.held.extend(event);
            return Ok(());
        }
        if let Some(head) = self.head.take() {
            let (chunks, body) = mpsc::channel(WAITING);
            self.chunks = Some(chunks);
            head.send(Head::Stream(self.headers.clone(), body)).map_err(|_| ClientLeft)?;
        }
        let mut bytes = std::mem::take(&mut self.held);
        bytes.extend(event);
        self.send(bytes).await
    }

    async fn send(&self, bytes: Vec<u8>) -> Result<(), ClientLeft> {
        let Some(chunks) = &self.chunks else { return Err(ClientLeft) };
        let sent = tokio::time::timeout(self.client_stall, chunks.send(bytes.into())).await;
        sent.map_err(|_| ClientLeft)?.map_err(|_| ClientLeft)
    }

    /// Nobody was called.
    pub(crate) fn refuse(mut self, error: &ApiError) {
        if let Some(head) = self.head.take() {
            drop(head.send(Head::Whole(error.response(self.headers))));
        }
    }

    /// The run has ended. A client that left hears nothing.
    pub(crate) async fn finish(mut self, record: &Record) {
        let cost = cost_of(record);
        let end = format!(": faregate cost={cost}\n\ndata: [DONE]\n\n");
        match (self.head.take(), record.ok) {
            (Some(head), false) => {
                self.header("x-faregate-cost", &cost);
                let error = ApiError::failed(record, record.ended_at);
                drop(head.send(Head::Whole(error.response(self.headers))));
            }
            (Some(head), true) => {
                self.header("x-faregate-cost", &cost);
                let mut body = std::mem::take(&mut self.held);
                if self.streams {
                    body.extend(end.into_bytes());
                }
                let kind = if self.streams { "text/event-stream" } else { "application/json" };
                self.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
                drop(head.send(Head::Whole((self.headers, body).into_response())));
            }
            (None, true) => drop(self.send(end.into_bytes()).await),
            // No `[DONE]`: a client that looks for it must not take the part for the whole.
            (None, false) => {
                drop(self.send(format!("data: {}\n\n", ApiError::cut(record)).into_bytes()).await);
            }
        }
    }

    fn header(&mut self, name: &'static str, value: &str) {
        // Ids of endpoints may hold what a header may not.
        let value = HeaderValue::from_str(value).unwrap_or_else(|_| HeaderValue::from_static("?"));
        self.headers.insert(HeaderName::from_static(name), value);
    }
}

impl Head {
    /// Makes the response. The guard is dropped with the body: that is how a client that leaves is noticed.
    pub(crate) fn response(self, guard: DropGuard) -> Response {
        match self {
            Self::Whole(response) => {
                guard.disarm();
                response
            }
            Self::Stream(mut headers, chunks) => {
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
                headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
                let next = async |(mut chunks, guard): (mpsc::Receiver<Bytes>, DropGuard)| {
                    let bytes = chunks.recv().await?;
                    Some((Ok::<_, std::convert::Infallible>(bytes), (chunks, guard)))
                };
                let body = futures_util::stream::unfold((chunks, guard), next);
                (headers, Body::from_stream(body)).into_response()
            }
        }
    }
}

fn cost_of(record: &Record) -> String {
    // Where a cost is not known, the sum of the others is no answer.
    let cost: Option<Money> = (record.unknown_costs == 0).then_some(record.cost);
    cost.map_or_else(|| "unknown".to_owned(), |cost| cost.to_string())
}

fn role(role: Option<MoveKind>) -> &'static str {
    match role {
        None => "none",
        Some(MoveKind::Credential) => "credential",
        Some(MoveKind::Provider) => "provider",
        Some(MoveKind::Model) => "model",
    }
}
