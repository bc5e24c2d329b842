//! Records as JSON lines: one writer, so that lines stay whole, and none is lost when the gateway stops.

use std::path::Path;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

/// How many lines may wait. Behind that, requests wait for the disk rather than memory growing.
const WAITING: usize = 64;

/// Where records go.
pub(crate) struct Records {
    lines: Mutex<Option<mpsc::Sender<String>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Records {
    /// Opens a file to append to; `None`: standard output.
    pub(crate) async fn open(path: Option<&Path>) -> std::io::Result<Self> {
        let out: Box<dyn AsyncWrite + Send + Unpin> = match path {
            None => Box::new(tokio::io::stdout()),
            Some(path) => {
                let mut options = tokio::fs::OpenOptions::new();
                Box::new(options.create(true).append(true).open(path).await?)
            }
        };
        let (lines, waiting) = mpsc::channel(WAITING);
        let writer = tokio::spawn(write(out, waiting));
        Ok(Self { lines: Mutex::new(Some(lines)), writer: Mutex::new(Some(writer)) })
    }

    /// Hands a line to the writer; waits where the disk is behind.
    pub(crate) async fn write(&self, line: String) {
        let lines = self.lines.lock().await.clone();
        let left = match lines {
            Some(lines) => lines.send(line).await.err().map(|unsent| unsent.0),
            None => Some(line),
        };
        if let Some(line) = left {
            eprintln!("record not written: {line}");
        }
    }

    /// Writes what waits, and ends.
    pub(crate) async fn close(&self) {
        self.lines.lock().await.take();
        if let Some(writer) = self.writer.lock().await.take()
            && writer.await.is_err()
        {
            eprintln!("the writer of records failed");
        }
    }
}

async fn write(mut out: Box<dyn AsyncWrite + Send + Unpin>, mut waiting: mpsc::Receiver<String>) {
    let mut lines = Vec::new();
    while waiting.recv_many(&mut lines, WAITING).await > 0 {
        let mut text = lines.join("\n");
        text.push('\n');
        lines.clear();
        let written = async { out.write_all(text.as_bytes()).await.and(out.flush().await) };
        if let Err(error) = written.await {
            eprintln!("records not written ({error}): {text}");
        }
    }
}
