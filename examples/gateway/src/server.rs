//! The routes, and what they share.

use std::collections::BTreeSet;
use std::future::IntoFuture;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State as Shared};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use faregate::{Catalog, Context, Engine, Key};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{Client, Config};
use crate::errors::ApiError;
use crate::records::Records;
use crate::reply::Reply;
use crate::state::State;
use crate::upstream::Upstreams;
use crate::{reload, run, translate};

/// The largest request: images travel in it.
const MAX_BODY_BYTES: usize = 32 << 20;

/// What all requests share.
pub(crate) struct Gateway {
    pub(crate) config: Config,
    pub(crate) state: State,
    pub(crate) upstreams: Upstreams,
    pub(crate) records: Records,
    /// Providers that a catalog has named so far and for which there is no shared key.
    closed: RwLock<BTreeSet<String>>,
    runs: TaskTracker,
    /// Ends runs that go on too long after the gateway was told to stop.
    hurry: CancellationToken,
}

/// A gateway that serves.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    gateway: Arc<Gateway>,
    server: JoinHandle<std::io::Result<()>>,
    stop: CancellationToken,
}

/// Starts a gateway.
///
/// # Errors
/// Policy or catalog do not load, or the address or the file of records cannot be opened.
pub async fn start(config: Config) -> Result<Running, String> {
    let (policy, catalog) = reload::load(&config)?;
    let closed = closed(&config, &catalog);
    let engine = Engine::new(policy, catalog).map_err(|e| e.to_string())?;
    let records = Records::open(config.records.as_deref()).await.map_err(|e| format!("records: {e}"))?;
    let listener = TcpListener::bind(&config.listen).await.map_err(|e| format!("{}: {e}", config.listen))?;
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    let gateway = Arc::new(Gateway {
        config,
        state: State::new(engine),
        upstreams: Upstreams::new()?,
        records,
        closed: RwLock::new(closed),
        runs: TaskTracker::new(),
        hurry: CancellationToken::new(),
    });
    let stop = CancellationToken::new();
    tokio::spawn(reload::watch(gateway.clone(), stop.clone()));
    let routes = Router::new()
        .route("/v1/chat/completions", post(chat))
        .route("/v1/models", get(models))
        .route("/v1/models/{*id}", get(model))
        .fallback(async || ApiError::new(404, "not_found", "no such route").response(HeaderMap::new()))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(gateway.clone());
    let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
    let serve = axum::serve(listener, routes).with_graceful_shutdown(stop.clone().cancelled_owned());
    Ok(Running { address, gateway, server: tokio::spawn(serve.into_future()), stop })
}

impl Running {
    /// Reads policy and catalog again, as happens by itself when the files change.
    ///
    /// # Errors
    /// What does not load. The old ones serve on.
    pub fn reload(&self) -> Result<(), String> {
        self.gateway.reload()
    }

    /// Returns what is known of endpoints, and what budgets have counted for a key.
    #[must_use]
    pub fn known(&self, key: &Key) -> Context {
        self.gateway.state.known(key)
    }

    /// Takes no more requests, ends those in flight, and writes the last record.
    pub async fn stop(self) {
        self.stop.cancel();
        self.gateway.runs.close();
        let drained = async {
            drop(self.server.await);
            self.gateway.runs.wait().await;
        };
        if tokio::time::timeout(self.gateway.config.drain, drained).await.is_err() {
            self.gateway.hurry.cancel();
            self.gateway.runs.wait().await;
        }
        self.gateway.records.close().await;
    }
}

impl Gateway {
    pub(crate) fn reload(&self) -> Result<(), String> {
        let (policy, catalog) = reload::load(&self.config)?;
        // Before the catalog is in force, and never fewer, so that no decision takes a key that is not there.
        self.closed.write().unwrap_or_else(PoisonError::into_inner).extend(closed(&self.config, &catalog));
        self.state.replace(Engine::new(policy, catalog).map_err(|e| e.to_string())?);
        Ok(())
    }

    pub(crate) fn without_shared_key(&self) -> BTreeSet<String> {
        self.closed.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn client(&self, headers: &HeaderMap) -> Result<&Client, ApiError> {
        let secret =
            headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()?.strip_prefix("Bearer "));
        let found = secret.and_then(|secret| self.config.client(secret.trim()));
        found.ok_or_else(|| ApiError::new(401, "invalid_api_key", "no key of this gateway"))
    }
}

fn closed(config: &Config, catalog: &Catalog) -> BTreeSet<String> {
    let open = |name: &String| config.providers.get(name).is_some_and(|p| p.shared);
    catalog.endpoints().iter().map(|e| &e.provider).filter(|name| !open(name)).cloned().collect()
}

async fn chat(
    Shared(gateway): Shared<Arc<Gateway>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let id = format!("req-{}", uuid::Uuid::new_v4().simple());
    let read = || {
        let client = gateway.client(&headers)?;
        let body = body.map_err(|e| ApiError::new(e.status().as_u16(), "invalid_request", e.body_text()))?;
        Ok::<_, ApiError>((client.clone(), translate::read(&id, &body, &headers, client)?))
    };
    let (client, ask) = match read() {
        Ok(read) => read,
        Err(error) => {
            let id = HeaderValue::from_str(&id).unwrap_or_else(|_| HeaderValue::from_static("?"));
            return error.response([(HeaderName::from_static("x-request-id"), id)].into_iter().collect());
        }
    };
    let (reply, head) = Reply::new(&id, ask.request.stream, gateway.config.client_stall);
    // The server drops what it serves when the client hangs up; the guard then tells the run.
    let left = gateway.hurry.child_token();
    let guard = left.clone().drop_guard();
    gateway.runs.spawn(run::drive(gateway.clone(), client, ask, reply, left));
    match head.await {
        Ok(head) => head.response(guard),
        Err(_) => ApiError::new(500, "internal_error", "the gateway failed").response(HeaderMap::new()),
    }
}

async fn models(Shared(gateway): Shared<Arc<Gateway>>, headers: HeaderMap) -> Response {
    if let Err(error) = gateway.client(&headers) {
        return error.response(HeaderMap::new());
    }
    let data: Vec<Value> = list(&gateway).iter().map(|id| described(id)).collect();
    axum::Json(json!({ "object": "list", "data": data })).into_response()
}

async fn model(
    Shared(gateway): Shared<Arc<Gateway>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    if let Err(error) = gateway.client(&headers) {
        return error.response(HeaderMap::new());
    }
    if list(&gateway).contains(&id) {
        axum::Json(described(&id)).into_response()
    } else {
        ApiError::new(404, "model_not_found", format!("no model {id}")).response(HeaderMap::new())
    }
}

/// The models of the catalog that an upstream of the file has.
fn list(gateway: &Gateway) -> BTreeSet<String> {
    let engine = gateway.state.engine();
    let endpoints = engine.catalog().endpoints().iter();
    let here = endpoints.filter(|e| gateway.config.providers.contains_key(&e.provider));
    here.map(|e| e.model.clone()).collect()
}

fn described(id: &str) -> Value {
    let owner = id.split('/').next().unwrap_or(id);
    json!({ "id": id, "object": "model", "created": 0, "owned_by": owner })
}
