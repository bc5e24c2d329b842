//! An upstream that does as it is told: it answers, or fails in one of the ways in which upstreams fail.
//!
//! It speaks HTTP over plain sockets by itself, since a library would not let it misbehave. It serves
//! `/PROVIDER/v1/chat/completions` for any number of providers; what each does is written in a script, by provider and
//! model. An answer repeats the last message and names who gave it: `north/small heard: hello there`.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the upstream does when it is called.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// A whole answer, as a stream if that is asked for.
    Answer,
    /// This status, with headers and a body.
    Status {
        /// The status.
        status: u16,
        /// `retry-after`.
        retry_after: Option<String>,
        /// `error.code` of the body.
        code: Option<String>,
    },
    /// The connection is reset before a byte of the answer.
    Reset,
    /// Nothing at all, until the caller hangs up.
    Silence,
    /// Headers at once, the first token after so many milliseconds.
    SlowFirst(u64),
    /// So many milliseconds before each chunk.
    Slow(u64),
    /// The connection ends after so many chunks; without a stream, in the middle of the body.
    Cut(usize),
    /// Silence after so many chunks; without a stream, in the middle of the body.
    Stall(usize),
    /// What comes after so many chunks is no JSON.
    Malformed(usize),
    /// The stream ends in good order, but without `[DONE]`.
    NoDone,
    /// `[DONE]`, but no reason to finish.
    NoFinish,
    /// This reason to finish, after the answer.
    Finish(String),
    /// An error event with this code, after so many chunks.
    ErrorEvent(usize, String),
    /// An answer that says nothing of what it used.
    NoUsage,
}

/// A call that came in.
#[derive(Clone, Debug)]
pub struct Call {
    /// The provider that the path names.
    pub provider: String,
    /// What the `authorization` header says.
    pub authorization: Option<String>,
    /// The body.
    pub body: Value,
}

/// Says what to do with a call, by its number from 0.
pub type Chooser = dyn Fn(&Call, u64) -> Act + Send + Sync;

/// An upstream that listens. Clones are the same upstream.
#[derive(Clone)]
pub struct Upstream {
    /// Where it listens.
    pub address: SocketAddr,
    inner: Arc<Inner>,
}

struct Inner {
    scripts: Mutex<HashMap<(String, String), VecDeque<Act>>>,
    chooser: Option<Box<Chooser>>,
    log: Option<Mutex<Vec<Call>>>,
    count: watch::Sender<u64>,
    gone: watch::Sender<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScriptDto {
    provider: String,
    model: String,
    acts: Vec<Act>,
}

impl Upstream {
    /// Listens, and keeps a log of all calls. What no script names is answered.
    ///
    /// # Errors
    /// The address cannot be opened.
    pub async fn start(listen: &str) -> std::io::Result<Self> {
        Self::open(listen, None, true).await
    }

    /// Listens, does what the chooser says, and keeps no log.
    ///
    /// # Errors
    /// The address cannot be opened.
    pub async fn choosing(listen: &str, chooser: Box<Chooser>) -> std::io::Result<Self> {
        Self::open(listen, Some(chooser), false).await
    }

    async fn open(listen: &str, chooser: Option<Box<Chooser>>, log: bool) -> std::io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let inner = Arc::new(Inner {
            scripts: Mutex::default(),
            chooser,
            log: log.then(Mutex::default),
            count: watch::Sender::new(0),
            gone: watch::Sender::new(0),
        });
        let upstream = Self { address: listener.local_addr()?, inner: inner.clone() };
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let inner = inner.clone();
                tokio::spawn(async move {
                    drop(socket.set_nodelay(true));
                    drop(inner.serve(socket).await);
                });
            }
        });
        Ok(upstream)
    }

    /// Says what a provider does for a model, call by call. The last goes on for ever.
    pub fn script(&self, provider: &str, model: &str, acts: impl IntoIterator<Item = Act>) {
        let key = (provider.to_owned(), model.to_owned());
        locked(&self.inner.scripts).insert(key, acts.into_iter().collect());
    }

    /// Reads scripts from YAML: a list of `{ provider, model, acts }`.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn read_scripts(&self, text: &str) -> Result<(), String> {
        let node = faregate_wire::read_one(text).map_err(|e| e.to_string())?;
        let scripts: Vec<ScriptDto> = serde_json::from_str(&node.to_json()).map_err(|e| e.to_string())?;
        scripts.into_iter().for_each(|s| self.script(&s.provider, &s.model, s.acts));
        Ok(())
    }

    /// Returns the calls so far, of one provider, in order.
    #[must_use]
    pub fn calls(&self, provider: &str) -> Vec<Call> {
        let log = self.inner.log.as_ref().map(locked);
        log.iter().flat_map(|log| log.iter()).filter(|call| call.provider == provider).cloned().collect()
    }

    /// Returns how many calls came in.
    #[must_use]
    pub fn count(&self) -> u64 {
        *self.inner.count.borrow()
    }

    /// Waits until so many calls have come in.
    pub async fn called(&self, calls: u64) {
        drop(self.inner.count.subscribe().wait_for(|count| *count >= calls).await);
    }

    /// Waits until so many callers have hung up before their answer was complete.
    pub async fn hung_up(&self, callers: u64) {
        drop(self.inner.gone.subscribe().wait_for(|gone| *gone >= callers).await);
    }
}

impl Inner {
    async fn serve(&self, mut socket: TcpStream) -> std::io::Result<()> {
        let mut waiting = Vec::new();
        while let Some(call) = read(&mut socket, &mut waiting).await? {
            let act = self.act(&call);
            if let Err(error) = self.play(&mut socket, &call, act).await {
                self.gone.send_modify(|gone| *gone = gone.saturating_add(1));
                return Err(error);
            }
        }
        Ok(())
    }

    fn act(&self, call: &Call) -> Act {
        if let Some(log) = &self.log {
            locked(log).push(call.clone());
        }
        let mut number = 0;
        self.count.send_modify(|count| {
            number = *count;
            *count = count.saturating_add(1);
        });
        if let Some(chooser) = &self.chooser {
            return chooser(call, number);
        }
        let key = (call.provider.clone(), call.model().to_owned());
        match locked(&self.scripts).get_mut(&key) {
            Some(acts) if acts.len() > 1 => acts.pop_front(),
            Some(acts) => acts.front().cloned(),
            None => None,
        }
        .unwrap_or(Act::Answer)
    }

    async fn play(&self, socket: &mut TcpStream, call: &Call, act: Act) -> std::io::Result<()> {
        match act {
            Act::Status { status, retry_after, code } => {
                let error = json!({ "message": "as scripted", "type": null, "param": null, "code": code });
                let after = retry_after.map(|a| format!("retry-after: {a}\r\n")).unwrap_or_default();
                whole(socket, status, &after, &json!({ "error": error }).to_string(), true).await
            }
            Act::Reset => {
                socket.set_zero_linger()?;
                Err(std::io::ErrorKind::ConnectionReset.into())
            }
            Act::Silence => silence(socket).await,
            act if call.body.get("stream") == Some(&Value::Bool(true)) => stream(socket, call, act).await,
            act => {
                if let Act::SlowFirst(ms) | Act::Slow(ms) = act {
                    tokio::time::sleep(Duration::from_millis(ms)).await;
                }
                let mut body = answer(call, &act).to_string();
                if matches!(act, Act::Malformed(_)) {
                    body.truncate(body.len() / 2);
                }
                let all = !matches!(act, Act::Cut(_) | Act::Stall(_));
                whole(socket, 200, "", &body, all).await?;
                match act {
                    Act::Cut(_) => Err(std::io::ErrorKind::ConnectionAborted.into()),
                    Act::Stall(_) => silence(socket).await,
                    _ => Ok(()),
                }
            }
        }
    }
}

impl Call {
    /// Returns the model that is asked for.
    #[must_use]
    pub fn model(&self) -> &str {
        self.body.get("model").and_then(Value::as_str).unwrap_or_default()
    }

    /// Returns the words of the last message.
    #[must_use]
    pub fn said(&self) -> &str {
        let messages = self.body.get("messages").and_then(Value::as_array);
        let content = messages.and_then(|m| m.last()?.get("content"));
        content.and_then(Value::as_str).unwrap_or_default()
    }

    /// The words of the answer, whether the output limit cut them, and what was used: a word is a token.
    fn words(&self) -> (Vec<String>, bool, Value) {
        let text = format!("{}/{} heard: {}", self.provider, self.model(), self.said());
        let mut words: Vec<String> = text.split_inclusive(' ').map(str::to_owned).collect();
        let most =
            ["max_completion_tokens", "max_tokens"].iter().find_map(|name| self.body.get(*name)?.as_u64());
        let most = most.and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
        let cut = words.len() > most;
        words.truncate(most);
        let input = self.said().split_whitespace().count();
        let usage = json!({
            "prompt_tokens": input,
            "completion_tokens": words.len(),
            "total_tokens": input.saturating_add(words.len()),
        });
        (words, cut, usage)
    }
}

/// Reads a request; `None`: the caller has closed the connection.
async fn read(socket: &mut TcpStream, waiting: &mut Vec<u8>) -> std::io::Result<Option<Call>> {
    let end = loop {
        match waiting.windows(4).position(|w| w == b"\r\n\r\n") {
            Some(at) => break at.saturating_add(4),
            None if socket.read_buf(waiting).await? == 0 => return Ok(None),
            None => {}
        }
    };
    let mut rest = waiting.split_off(end);
    let head = String::from_utf8_lossy(waiting).into_owned();
    let header = |name: &str| {
        let mut fields = head.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    };
    let length: usize = header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
    while rest.len() < length {
        if socket.read_buf(&mut rest).await? == 0 {
            return Ok(None);
        }
    }
    *waiting = rest.split_off(length);
    let provider = head.split('/').nth(1).unwrap_or_default().to_owned();
    let body = serde_json::from_slice(&rest).unwrap_or_default();
    Ok(Some(Call { provider, authorization: header("authorization"), body }))
}

/// Waits until the caller hangs up.
async fn silence(socket: &mut TcpStream) -> std::io::Result<()> {
    let mut bytes = [0; 64];
    while socket.read(&mut bytes).await? > 0 {}
    Err(std::io::ErrorKind::UnexpectedEof.into())
}

/// Sends an answer with its length, or the first part of it.
async fn whole(
    socket: &mut TcpStream,
    status: u16,
    more: &str,
    body: &str,
    all: bool,
) -> std::io::Result<()> {
    let length = body.len();
    let sent = if all { length } else { length / 2 };
    let head = format!("HTTP/1.1 {status} Scripted\r\ncontent-type: application/json\r\n{more}");
    let text = format!("{head}content-length: {length}\r\n\r\n{}", body.get(..sent).unwrap_or(body));
    socket.write_all(text.as_bytes()).await?;
    socket.flush().await
}

fn answer(call: &Call, act: &Act) -> Value {
    let (words, cut, usage) = call.words();
    let finish = match act {
        Act::Finish(reason) => json!(reason),
        Act::NoFinish => Value::Null,
        _ if cut => json!("length"),
        _ => json!("stop"),
    };
    let message = json!({ "role": "assistant", "content": words.concat() });
    let mut answer = json!({
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": call.model(),
        "choices": [{ "index": 0, "message": message, "finish_reason": finish }],
    });
    if let (false, Some(answer)) = (matches!(act, Act::NoUsage), answer.as_object_mut()) {
        answer.insert("usage".to_owned(), usage);
    }
    answer
}

async fn stream(socket: &mut TcpStream, call: &Call, act: Act) -> std::io::Result<()> {
    let (words, cut, usage) = call.words();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    socket.write_all(head.as_bytes()).await?;
    let chunk = |delta: Value, finish: Value| {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
        chunk(call, json!([choice]), Value::Null)
    };
    event(socket, &chunk(json!({ "role": "assistant", "content": "" }), Value::Null)).await?;
    if let Act::SlowFirst(ms) = act {
        pause(socket, ms).await?;
    }
    for (number, word) in words.iter().enumerate() {
        let now = |at: usize| number == at;
        match &act {
            Act::Slow(ms) => pause(socket, *ms).await?,
            Act::Cut(at) if now(*at) => return Err(std::io::ErrorKind::ConnectionAborted.into()),
            Act::Stall(at) if now(*at) => return silence(socket).await,
            Act::Malformed(at) if now(*at) => event(socket, r#"{"choices": [{"delta": {"cont"#).await?,
            Act::ErrorEvent(at, code) if now(*at) => {
                let error = json!({ "message": "as scripted", "code": code });
                event(socket, &json!({ "error": error }).to_string()).await?;
            }
            _ => {}
        }
        event(socket, &chunk(json!({ "content": word }), Value::Null)).await?;
    }
    let finish = match &act {
        Act::Finish(reason) => reason.as_str(),
        _ if cut => "length",
        _ => "stop",
    };
    if !matches!(act, Act::NoFinish) {
        event(socket, &chunk(json!({}), json!(finish))).await?;
    }
    let asked = call.body.pointer("/stream_options/include_usage") == Some(&Value::Bool(true));
    if asked && !matches!(act, Act::NoUsage) {
        event(socket, &self::chunk(call, json!([]), usage)).await?;
    }
    if !matches!(act, Act::NoDone) {
        event(socket, "[DONE]").await?;
    }
    socket.write_all(b"0\r\n\r\n").await
}

fn chunk(call: &Call, choices: Value, usage: Value) -> String {
    let chunk = json!({
        "id": "chatcmpl-scripted",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": call.model(),
        "choices": choices,
        "usage": usage,
    });
    chunk.to_string()
}

async fn event(socket: &mut TcpStream, data: &str) -> std::io::Result<()> {
    let text = format!("data: {data}\n\n");
    socket.write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes()).await
}

/// Waits, and notices a caller that hangs up meanwhile.
async fn pause(socket: &mut TcpStream, ms: u64) -> std::io::Result<()> {
    let mut bytes = [0; 64];
    match tokio::time::timeout(Duration::from_millis(ms), socket.read(&mut bytes)).await {
        Ok(Ok(0)) => Err(std::io::ErrorKind::UnexpectedEof.into()),
        Ok(Err(error)) => Err(error),
        Ok(Ok(_)) | Err(_) => Ok(()),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
