//! How attempts end, as data: in scripts of runs, in records, in saved runs.

use faregate::{ErrorClass, Failure, Outcome, Phase, Success, Usage};

use crate::near::{nearest, unknown_field};
use crate::path::Path;
use crate::request::to_node;
use crate::scalar::{AnyCount, AnyDuration, Count, Duration, Price};
use crate::sink::Sink;
use crate::slot::{Entries, Given, Tree, read, shape, words};
use crate::{Error, Node, read_one};

/// How one call of a scripted run ends.
///
/// ```
/// use faregate::{ErrorClass, Outcome};
/// use faregate_wire::{outcomes_file, scripted_to_node};
///
/// let script = outcomes_file("[ { error: rate_limit, retry_after: 3s, took: 250ms }, { ok: {} } ]").unwrap();
/// let Outcome::Failure(failure) = &script[0].outcome else { panic!() };
/// assert_eq!((failure.class, failure.retry_after_ms, script[0].took_ms), (ErrorClass::RateLimit, Some(3000), 250));
/// assert_eq!(scripted_to_node(&script[1]).to_json(), r#"{"ok":{}}"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scripted {
    /// How it ends.
    pub outcome: Outcome,
    /// How long it takes, in milliseconds.
    pub took_ms: u64,
    /// Fields of the context that change then, laid over the context of the beginning; `now` is not looked at.
    pub observe: Option<Node>,
}

impl Scripted {
    /// Returns a call that takes no time and after which nothing is observed.
    #[must_use]
    pub fn new(outcome: Outcome) -> Self {
        Self { outcome, took_ms: 0, observe: None }
    }
}

/// Reads how one call of a scripted run ends: `{ error: CLASS, … }` or `{ ok: { … }, … }`.
///
/// # Errors
/// Fields that are unknown, of another type, or of the other kind; a class that there is not. Paths begin with
/// `outcome`.
///
/// ```
/// use faregate_wire::{read_one, scripted_from};
/// let error = scripted_from(&read_one("{ error: ratelimit }").unwrap()).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "outcome.error: no error class `ratelimit`; one with a similar name exists: rate_limit",
/// );
/// ```
pub fn scripted_from(node: &Node) -> Result<Scripted, Error> {
    let sink = Sink::default();
    let scripted = scripted_at(node, &Path::Root("outcome"), &sink);
    sink.finish(scripted)
}

/// Reads a script: a list of outcomes, or `{ outcomes: [ … ] }`.
///
/// # Errors
/// As [`scripted_from`], of all outcomes; paths begin with `outcomes[0]`.
///
/// ```
/// use faregate_wire::outcomes_file;
/// let bare = outcomes_file("- error: timeout\n- ok: { input_tokens: 5, output_tokens: 2 }\n").unwrap();
/// let wrapped = outcomes_file("outcomes: [ { error: timeout }, { ok: { input_tokens: 5, output_tokens: 2 } } ]").unwrap();
/// assert_eq!(bare, wrapped);
/// ```
pub fn outcomes_file(text: &str) -> Result<Vec<Scripted>, Error> {
    let node = read_one(text)?;
    let sink = Sink::default();
    let list = match &node {
        Node::Map(entries) => {
            for (name, _) in entries.iter().filter(|(name, _)| name != "outcomes") {
                sink.push(name, unknown_field(name, &["outcomes"]));
            }
            node.get("outcomes").unwrap_or(&Node::Null)
        }
        list => list,
    };
    let script = script_at(list, &sink);
    sink.finish(Some(script))
}

/// Reads a list of outcomes.
pub(crate) fn script_at(list: &Node, sink: &Sink) -> Vec<Scripted> {
    let root = Path::Root("outcomes");
    let Some(items) = list.as_seq() else {
        sink.push(root, format!("expected a list, found {}", list.found()));
        return Vec::new();
    };
    let read = |(n, item)| scripted_at(item, &Path::Index(&root, n), sink);
    items.iter().enumerate().filter_map(read).collect()
}

/// Returns an outcome as data; what is absent is left out.
///
/// ```
/// use faregate::{ErrorClass, Failure, Outcome, Success, Usage};
/// use faregate_wire::outcome_to_node;
/// let failure = Outcome::Failure(Failure::new(ErrorClass::Timeout));
/// assert_eq!(outcome_to_node(&failure).to_json(), r#"{"error":"timeout"}"#);
/// let success = Outcome::Success(Success::new(Some(Usage::new(1000, 210)), None));
/// assert_eq!(outcome_to_node(&success).to_json(), r#"{"ok":{"input_tokens":1000,"output_tokens":210}}"#);
/// ```
#[must_use]
pub fn outcome_to_node(outcome: &Outcome) -> Node {
    to_node(&OutcomeDto::from(outcome))
}

/// Returns an outcome of a script as data; what is absent is left out.
///
/// ```
/// use faregate_wire::{read_one, scripted_from, scripted_to_node};
/// let node = read_one("{ error: timeout, took: 30s, observe: { endpoints: { north: { health: down } } } }").unwrap();
/// let written = scripted_to_node(&scripted_from(&node).unwrap());
/// assert_eq!(
///     written.to_json(),
///     r#"{"error":"timeout","took":30000,"observe":{"endpoints":{"north":{"health":"down"}}}}"#,
/// );
/// ```
#[must_use]
pub fn scripted_to_node(scripted: &Scripted) -> Node {
    let took = (scripted.took_ms != 0).then_some(Duration(scripted.took_ms));
    to_node(&ScriptedDto::with(Parts::of(&scripted.outcome), took, scripted.observe.clone().map(Tree)))
}

fn scripted_at(node: &Node, path: &Path<'_>, sink: &Sink) -> Option<Scripted> {
    let mut dto = read::<ScriptedDto>(node, path, sink)?;
    if let Some(Tree(observe)) = &dto.observe
        && observe.as_map().is_none()
    {
        sink.push(Path::Key(path, "observe"), format!("expected a map, found {}", observe.found()));
    }
    Some(Scripted {
        outcome: dto.take().outcome(path, sink)?,
        took_ms: dto.took.map_or(0, |took| took.0),
        observe: dto.observe.map(|Tree(node)| node),
    })
}

/// Returns the class of a name, or says which may be meant.
pub(crate) fn class_at(name: &str, path: &Path<'_>, sink: &Sink) -> Option<ErrorClass> {
    let class = ErrorClass::parse(name);
    if class.is_none() {
        sink.push(path, unknown_class(name));
    }
    class
}

/// Says that there is no such class, and which may be meant.
pub(crate) fn unknown_class(name: &str) -> String {
    let name = crate::node::shortened(name);
    match nearest(&name, &ErrorClass::NAMES) {
        Some(near) => format!("no error class `{name}`; one with a similar name exists: {near}"),
        None => format!("no error class `{name}`; the classes are: {}", ErrorClass::NAMES.join(", ")),
    }
}

/// The fields of an outcome, wherever it stands.
#[derive(Default)]
pub(crate) struct Parts {
    error: Option<String>,
    status: Option<Count>,
    phase: Option<PhaseDto>,
    emitted_tokens: Option<AnyCount>,
    retry_after: Option<AnyDuration>,
    should_retry: Option<bool>,
    ok: Given<OkDto>,
    cost: Option<Price>,
}

/// A shape that has the fields of an outcome, and some before and after them.
macro_rules! outcome_shape {
    (
        $(#[$meta:meta])* $name:ident $shape:literal
        before { $($(#[$before_meta:meta])* $before:ident: $before_ty:ty,)* }
        after { $($(#[$after_meta:meta])* $after:ident: $after_ty:ty,)* }
    ) => {
        shape! {
            $(#[$meta])*
            pub(crate) struct $name as $shape {
                $($(#[$before_meta])* pub(crate) $before: $before_ty,)*
                /// the class of the error; exactly one of `error` and `ok` is there
                #[serde(skip_serializing_if = "Option::is_none")]
                error: Option<String>,
                /// the HTTP status
                #[serde(skip_serializing_if = "Option::is_none")]
                status: Option<Count>,
                /// when the error happened; absent: before any output
                #[serde(skip_serializing_if = "Option::is_none")]
                phase: Option<PhaseDto>,
                /// tokens of output that came before the error
                #[serde(skip_serializing_if = "Option::is_none")]
                emitted_tokens: Option<AnyCount>,
                /// how long the provider asks to wait
                #[serde(skip_serializing_if = "Option::is_none")]
                retry_after: Option<AnyDuration>,
                /// whether the provider forbids to try again
                #[serde(skip_serializing_if = "Option::is_none")]
                should_retry: Option<bool>,
                /// it answered, with this usage; empty or null: none was reported
                #[serde(skip_serializing_if = "Given::is_absent")]
                #[cfg_attr(feature = "schema", schemars(with = "Option<OkDto>"))]
                ok: Given<OkDto>,
                /// what it cost, where the provider reports it
                #[serde(skip_serializing_if = "Option::is_none")]
                cost: Option<Price>,
                $($(#[$after_meta])* pub(crate) $after: $after_ty,)*
            }
        }

        impl $name {
            pub(crate) fn with(parts: Parts $(, $before: $before_ty)* $(, $after: $after_ty)*) -> Self {
                let Parts { error, status, phase, emitted_tokens, retry_after, should_retry, ok, cost } = parts;
                Self {
                    $($before,)*
                    error, status, phase, emitted_tokens, retry_after, should_retry, ok, cost,
                    $($after,)*
                }
            }

            pub(crate) fn take(&mut self) -> Parts {
                Parts {
                    error: self.error.take(),
                    status: self.status.take(),
                    phase: self.phase.take(),
                    emitted_tokens: self.emitted_tokens.take(),
                    retry_after: self.retry_after.take(),
                    should_retry: self.should_retry.take(),
                    ok: std::mem::take(&mut self.ok),
                    cost: self.cost.take(),
                }
            }
        }
    };
}

outcome_shape! {
    /// How an attempt ended: `{ error: … }` or `{ ok: … }`.
    OutcomeDto "Outcome"
    before {}
    after {}
}

outcome_shape! {
    /// How one call of a scripted run ends: `{ error: … }` or `{ ok: … }`.
    ScriptedDto "Scripted"
    before {}
    after {
        /// how long the call takes; absent: no time
        #[serde(skip_serializing_if = "Option::is_none")]
        took: Option<Duration>,
        /// fields of the context that change then, laid over the context of the beginning
        #[serde(skip_serializing_if = "Option::is_none")]
        observe: Option<Tree>,
    }
}

outcome_shape! {
    /// What the host told a run: how an attempt ended and when, or fresher facts.
    ToldDto "Told"
    before {
        /// when the attempt ended
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<crate::scalar::AnyInstant>,
    }
    after {
        /// a context that was observed; alone
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schemars(with = "Option<crate::context::ContextDto>"))]
        observed: Option<Tree>,
    }
}

shape! {
    /// The usage of an answer. Where it is not empty, both kinds of tokens are there.
    struct OkDto as "UsageTold" {
        /// tokens of input, cached ones included
        #[serde(skip_serializing_if = "Option::is_none")]
        input_tokens: Option<AnyCount>,
        /// tokens of output, those of reasoning included
        #[serde(skip_serializing_if = "Option::is_none")]
        output_tokens: Option<AnyCount>,
        /// tokens of input that were read from the cache; absent: 0
        #[serde(skip_serializing_if = "Option::is_none")]
        cached_input_tokens: Option<AnyCount>,
        /// tokens of output that were reasoning; absent: 0
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning_tokens: Option<AnyCount>,
        /// calls of tools that the provider ran, by name: their number, or also that of their results
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schemars(with = "Option<Entries<ToolUseShape>>"))]
        tools: Option<Entries<Tree>>,
    }
}

shape! {
    /// Calls of a tool, and all their results together.
    pub(crate) struct ToolUseDto as "ToolUse" {
        /// calls
        calls: AnyCount,
        /// results of all calls together; absent: 0
        results: Option<AnyCount>,
    }
}

/// What `tools` may hold.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[schemars(rename = "ToolUses", untagged)]
#[expect(dead_code, reason = "only its schema is looked at")]
enum ToolUseShape {
    Calls(AnyCount),
    Both(ToolUseDto),
}

words! {
    pub(crate) enum PhaseDto as "Phase" {
        BeforeOutput = "before_output",
        MidStream = "mid_stream",
        AfterCompletion = "after_completion",
    }
}

impl From<Phase> for PhaseDto {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::BeforeOutput => Self::BeforeOutput,
            Phase::MidStream => Self::MidStream,
            Phase::AfterCompletion => Self::AfterCompletion,
        }
    }
}

impl From<PhaseDto> for Phase {
    fn from(phase: PhaseDto) -> Self {
        match phase {
            PhaseDto::BeforeOutput => Self::BeforeOutput,
            PhaseDto::MidStream => Self::MidStream,
            PhaseDto::AfterCompletion => Self::AfterCompletion,
        }
    }
}

impl From<faregate::ToolUse> for ToolUseDto {
    fn from(tool: faregate::ToolUse) -> Self {
        Self { calls: AnyCount(tool.calls), results: Some(AnyCount(tool.results)) }
    }
}

impl From<&Outcome> for OutcomeDto {
    fn from(outcome: &Outcome) -> Self {
        Self::with(Parts::of(outcome))
    }
}

impl Parts {
    /// Whether nothing is there.
    pub(crate) fn is_empty(&self) -> bool {
        self.error.is_none()
            && self.ok.is_absent()
            && self.cost.is_none()
            && self.of_errors().next().is_none()
    }

    pub(crate) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Success(success) => Self {
                ok: Given(Some(Some(success.usage.as_ref().map(OkDto::from).unwrap_or_default()))),
                cost: success.cost.map(Price),
                ..Self::default()
            },
            Outcome::Failure(failure) => Self {
                error: Some(failure.class.as_str().to_owned()),
                status: failure.status.map(|status| Count(status.into())),
                phase: (failure.phase != Phase::BeforeOutput).then(|| failure.phase.into()),
                emitted_tokens: (failure.emitted_tokens != 0).then_some(AnyCount(failure.emitted_tokens)),
                retry_after: failure.retry_after_ms.map(AnyDuration),
                should_retry: failure.should_retry,
                ok: Given(None),
                cost: failure.cost.map(Price),
            },
        }
    }

    pub(crate) fn outcome(mut self, path: &Path<'_>, sink: &Sink) -> Option<Outcome> {
        match (&self.error, self.ok.0.take()) {
            (Some(class), None) => {
                let mut failure = Failure::new(class_at(class, &Path::Key(path, "error"), sink)?);
                if let Some(Count(status)) = self.status {
                    failure.status = u16::try_from(status).ok();
                    if failure.status.is_none() {
                        sink.push(Path::Key(path, "status"), format!("{status} is no HTTP status"));
                    }
                }
                failure.phase = self.phase.map_or(Phase::BeforeOutput, Phase::from);
                failure.emitted_tokens = self.emitted_tokens.map_or(0, |n| n.0);
                failure.retry_after_ms = self.retry_after.map(|ms| ms.0);
                failure.should_retry = self.should_retry;
                failure.cost = self.cost.map(|cost| cost.0);
                Some(Outcome::Failure(failure))
            }
            (None, Some(ok)) => {
                for field in self.of_errors() {
                    sink.push(Path::Key(path, field), "goes with `error`, and here is `ok`");
                }
                let usage = ok.and_then(|ok| ok.usage(&Path::Key(path, "ok"), sink));
                Some(Outcome::Success(Success::new(usage, self.cost.map(|cost| cost.0))))
            }
            _ => {
                sink.push(path, "needs exactly one of error, ok");
                None
            }
        }
    }

    /// The fields that are there and that only an error has.
    fn of_errors(&self) -> impl Iterator<Item = &'static str> {
        let fields = [
            ("status", self.status.is_some()),
            ("phase", self.phase.is_some()),
            ("emitted_tokens", self.emitted_tokens.is_some()),
            ("retry_after", self.retry_after.is_some()),
            ("should_retry", self.should_retry.is_some()),
        ];
        fields.into_iter().filter(|(_, there)| *there).map(|(name, _)| name)
    }
}

impl From<&Usage> for OkDto {
    fn from(usage: &Usage) -> Self {
        let count = |n| (n != 0).then_some(AnyCount(n));
        let tool = |(name, tool): (&String, &faregate::ToolUse)| {
            (name.clone(), Tree(to_node(&ToolUseDto::from(*tool))))
        };
        Self {
            input_tokens: Some(AnyCount(usage.input_tokens)),
            output_tokens: Some(AnyCount(usage.output_tokens)),
            cached_input_tokens: count(usage.cached_input_tokens),
            reasoning_tokens: count(usage.reasoning_tokens),
            tools: (!usage.tools.is_empty()).then(|| usage.tools.iter().map(tool).collect()),
        }
    }
}

impl OkDto {
    /// Returns the usage; `None` where none was reported.
    fn usage(self, path: &Path<'_>, sink: &Sink) -> Option<Usage> {
        let rest =
            self.cached_input_tokens.is_some() || self.reasoning_tokens.is_some() || self.tools.is_some();
        if self.input_tokens.is_none() && self.output_tokens.is_none() && !rest {
            return None;
        }
        // A side that is left out by mistake would cost nothing.
        for (name, count) in [("input_tokens", self.input_tokens), ("output_tokens", self.output_tokens)] {
            if count.is_none() {
                sink.push(Path::Key(path, name), "is missing; without any usage, write `ok: {}`");
            }
        }
        let count = |n: Option<AnyCount>| n.map_or(0, |n| n.0);
        let mut usage = Usage::new(count(self.input_tokens), count(self.output_tokens));
        usage.cached_input_tokens = count(self.cached_input_tokens);
        usage.reasoning_tokens = count(self.reasoning_tokens);
        let tools = Path::Key(path, "tools");
        for (name, Tree(node)) in self.tools.unwrap_or_default().sorted() {
            let path = Path::Key(&tools, &name);
            let tool = match &node {
                Node::Map(_) => read::<ToolUseDto>(&node, &path, sink),
                node => read(node, &path, sink).map(|calls| ToolUseDto { calls, results: None }),
            };
            if let Some(tool) = tool {
                let tool = faregate::ToolUse { calls: tool.calls.0, results: count(tool.results) };
                usage.tools.insert(name, tool);
            }
        }
        Some(usage)
    }
}
