//! Files of requests and contexts.

use faregate::{Context, Request};

use crate::near::unknown_field;
use crate::path::Path;
use crate::read::document_prefix;
use crate::sink::Sink;
use crate::{Error, Node, context, read_many, request};

/// What one document of a file holds.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Document {
    /// The request, if it has one.
    pub request: Option<Request>,
    /// The context, if it has one.
    pub context: Option<Context>,
}

/// Reads a file of requests: YAML documents, JSON values one after the other, or a list.
///
/// A document is `{ request: …, context: … }` with one or both of them, or the fields of a request themselves.
///
/// # Errors
/// All faults of all documents; where there are several, paths begin with `document 2: `.
///
/// ```
/// use faregate_wire::read_requests;
/// let bare = read_requests("{ id: r1, input_tokens: 12 }").unwrap();
/// let wrapped = read_requests("request: { id: r1, input_tokens: 12 }").unwrap();
/// assert_eq!(bare, wrapped);
/// ```
pub fn read_requests(text: &str) -> Result<Vec<Document>, Error> {
    read_documents(text, Bare::Request)
}

/// Reads a file of contexts, in the form of [`read_requests`]; a document without `request` and `context` holds the
/// fields of a context.
///
/// # Errors
/// As [`read_requests`].
///
/// ```
/// let documents = faregate_wire::read_contexts("now: 2026-11-23T10:00:00Z").unwrap();
/// assert_eq!(documents[0].context.as_ref().unwrap().budgets, None);
/// ```
pub fn read_contexts(text: &str) -> Result<Vec<Document>, Error> {
    read_documents(text, Bare::Context)
}

/// What a document without a wrapper is.
#[derive(Clone, Copy)]
enum Bare {
    Request,
    Context,
}

fn read_documents(text: &str, bare: Bare) -> Result<Vec<Document>, Error> {
    let nodes = read_many(text)?;
    if nodes.is_empty() {
        return Err(Error::at("", "holds no data"));
    }
    let sink = Sink::default();
    let count = nodes.len();
    let documents = nodes
        .iter()
        .enumerate()
        .map(|(n, node)| read_document(node, &document_prefix(n, count), bare, &sink));
    let documents = documents.collect();
    sink.finish(Some(documents))
}

fn read_document(node: &Node, prefix: &str, bare: Bare, sink: &Sink) -> Document {
    let root = Path::Root(prefix);
    let mut document = Document::default();
    let wrapped = node.get("request").is_some() || node.get("context").is_some();
    if let (true, Some(entries)) = (wrapped, node.as_map()) {
        for (name, value) in entries {
            let path = Path::Key(&root, name);
            match name.as_str() {
                _ if *value == Node::Null => {}
                "request" => document.request = request::read_at(value, &path, sink),
                "context" => document.context = context::read_at(value, &path, sink),
                _ => sink.push(path, unknown_field(name, &["request", "context"])),
            }
        }
        return document;
    }
    match bare {
        Bare::Request => document.request = request::read_at(node, &Path::Key(&root, "request"), sink),
        Bare::Context => document.context = context::read_at(node, &Path::Key(&root, "context"), sink),
    }
    document
}
