//! Records of runs as data.

mod otel;
mod shape;

use faregate::{Context, Record, Request, StepRecord, Told};

use crate::decision::{AmountDto, CredentialDto, DigestsDto, InstantText, MoneyText, PerDto, RoleDto};
use crate::outcome::{Parts, ToldDto};
use crate::path::Path;
use crate::request::to_node;
use crate::scalar::AnyInstant;
use crate::sink::Sink;
use crate::slot::{Tree, read};
use crate::{Error, Node, context, context_to_node, request, request_to_node};

pub use otel::record_to_otel;
pub(crate) use shape::RecordDto;
use shape::{
    BudgetChangeDto, ChargeDto, CrossedDto, EndDto, FailedCallDto, InputDto, RequestedDto, ServedDto,
    UsageDto,
};

/// Writes a record as JSON on one line, keys in one order, absent values as `null`.
///
/// Equal records are equal bytes.
///
/// ```
/// # use faregate::{Catalog, Context, Decision, Engine, PolicySet, Request};
/// # let text = r#"policy p { language 1 } workload rest { otherwise route { models "m/a" } }"#;
/// # let market = faregate_wire::catalog_layer("endpoints: [ { id: m/a@north, context_length: 9000, modalities: [text] } ]").unwrap();
/// # let engine = Engine::new(PolicySet::parse([("p.fare", text)]).unwrap(), Catalog::new(vec![market]).unwrap()).unwrap();
/// # let context = Context::new("2026-11-23T10:00:00Z".parse().unwrap());
/// # let Decision::Route(plan) = engine.decide(&Request::new("r1", 100), &context) else { panic!() };
/// # let restore = |saved| engine.restore(saved).map_err(|error| error.to_string());
/// # let script = faregate_wire::outcomes_file("[ { ok: {} } ]").unwrap();
/// let played = faregate_wire::golden::play(plan.run(), &script, &context, &restore).unwrap();
/// let json = faregate_wire::record_to_json(&played.record);
/// assert!(json.starts_with(r#"{"record":"r1","workload":"rest","outcome":"success","complete":true,"#));
/// ```
#[must_use]
pub fn record_to_json(record: &Record) -> String {
    // Nothing in the shape can fail to be written: no floats, no keys but texts.
    serde_json::to_string(&RecordDto::from(record)).unwrap_or_default()
}

/// Writes a record as JSON, two blanks a level.
///
/// ```
/// # use faregate::{Catalog, Context, Decision, Engine, PolicySet, Request};
/// # let text = r#"policy p { language 1 } workload rest { otherwise route { models "m/a" } }"#;
/// # let market = faregate_wire::catalog_layer("endpoints: [ { id: m/a@north, context_length: 9000, modalities: [text] } ]").unwrap();
/// # let engine = Engine::new(PolicySet::parse([("p.fare", text)]).unwrap(), Catalog::new(vec![market]).unwrap()).unwrap();
/// # let context = Context::new("2026-11-23T10:00:00Z".parse().unwrap());
/// # let Decision::Route(plan) = engine.decide(&Request::new("r1", 100), &context) else { panic!() };
/// # let restore = |saved| engine.restore(saved).map_err(|error| error.to_string());
/// # let script = faregate_wire::outcomes_file("[ { ok: {} } ]").unwrap();
/// let played = faregate_wire::golden::play(plan.run(), &script, &context, &restore).unwrap();
/// let json = faregate_wire::record_to_json_pretty(&played.record);
/// assert!(json.starts_with("{\n  \"record\": \"r1\",\n"));
/// ```
#[must_use]
pub fn record_to_json_pretty(record: &Record) -> String {
    serde_json::to_string_pretty(&RecordDto::from(record)).unwrap_or_default()
}

/// Returns a record as a tree, for comparing it with what a golden case expects or for writing it beside other data.
///
/// ```
/// # use faregate::{Catalog, Context, Decision, Engine, PolicySet, Request};
/// # let text = r#"policy p { language 1 } workload rest { otherwise route { models "m/a" } }"#;
/// # let market = faregate_wire::catalog_layer("endpoints: [ { id: m/a@north, context_length: 9000, modalities: [text] } ]").unwrap();
/// # let engine = Engine::new(PolicySet::parse([("p.fare", text)]).unwrap(), Catalog::new(vec![market]).unwrap()).unwrap();
/// # let context = Context::new("2026-11-23T10:00:00Z".parse().unwrap());
/// # let Decision::Route(plan) = engine.decide(&Request::new("r1", 100), &context) else { panic!() };
/// # let restore = |saved| engine.restore(saved).map_err(|error| error.to_string());
/// # let script = faregate_wire::outcomes_file("[ { ok: {} } ]").unwrap();
/// let played = faregate_wire::golden::play(plan.run(), &script, &context, &restore).unwrap();
/// let node = faregate_wire::record_to_node(&played.record);
/// assert_eq!(node.get("served").unwrap().get("provider").unwrap().as_text(), Some("north"));
/// ```
#[must_use]
pub fn record_to_node(record: &Record) -> Node {
    to_node(&RecordDto::from(record))
}

/// What a run had to go by, beside policy and catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplayInput {
    /// What was asked.
    pub request: Request,
    /// What was known at the beginning.
    pub context: Context,
    /// What the host told, in order.
    pub told: Vec<Told>,
}

/// Reads back from a record, as [`record_to_node`] writes it, what its run had to go by. Nothing else of it is looked
/// at.
///
/// # Errors
/// All fields of `input` that are unknown, missing or of another type, with their paths.
///
/// ```
/// use faregate_wire::{read_one, replay_input};
/// let log = r#"{ "record": "r1", "input": { "request": { "id": "r1", "input_tokens": 5 },
///   "context": { "now": "2026-11-23T10:00:00Z" },
///   "outcomes": [ { "at": "2026-11-23T10:00:01Z", "error": "timeout" }, { "observed": { "now": "2026-11-23T10:00:00Z" } } ] } }"#;
/// let input = replay_input(&read_one(log).unwrap()).unwrap();
/// assert_eq!((input.request.id.as_str(), input.told.len()), ("r1", 2));
/// let error = replay_input(&read_one("{ record: r1 }").unwrap()).unwrap_err();
/// assert_eq!(error.to_string(), "input: is missing");
/// ```
pub fn replay_input(record: &Node) -> Result<ReplayInput, Error> {
    let sink = Sink::default();
    let root = Path::Root("input");
    let Some(node) = record.get("input") else {
        return Err(Error::at("input", "is missing"));
    };
    let input = read::<InputDto>(node, &root, &sink).and_then(|input| {
        let request = request::read_at(&input.request.0, &Path::Key(&root, "request"), &sink);
        let context = context::read_at(&input.context.0, &Path::Key(&root, "context"), &sink);
        let told = told_at(&input.outcomes, &Path::Key(&root, "outcomes"), &sink);
        Some(ReplayInput { request: request?, context: context?, told })
    });
    sink.finish(input)
}

pub(crate) fn told_at(list: &[Tree], path: &Path<'_>, sink: &Sink) -> Vec<Told> {
    let read = |(n, Tree(node)): (usize, &Tree)| {
        let path = Path::Index(path, n);
        let mut dto = read::<ToldDto>(node, &path, sink)?;
        let parts = dto.take();
        match (dto.at, dto.observed) {
            (None, Some(Tree(observed))) if parts.is_empty() => {
                let observed = context::read_at(&observed, &Path::Key(&path, "observed"), sink)?;
                Some(Told::Observed(Box::new(observed)))
            }
            (Some(AnyInstant(at)), None) => Some(Told::Outcome { at, outcome: parts.outcome(&path, sink)? }),
            (None, None) => {
                sink.push(Path::Key(&path, "at"), "is missing");
                None
            }
            (_, Some(_)) => {
                sink.push(Path::Key(&path, "observed"), "stands alone, and here are other fields");
                None
            }
        }
    };
    list.iter().enumerate().filter_map(read).collect()
}

pub(crate) fn told_trees(told: &[Told]) -> Vec<Tree> {
    let write = |told: &Told| match told {
        Told::Outcome { at, outcome } => ToldDto::with(Parts::of(outcome), Some(AnyInstant(*at)), None),
        Told::Observed(context) => {
            ToldDto::with(Parts::default(), None, Some(Tree(context_to_node(context))))
        }
    };
    told.iter().map(|told| Tree(to_node(&write(told)))).collect()
}

impl<'a> From<&'a Record> for RecordDto<'a> {
    fn from(record: &'a Record) -> Self {
        let request = &record.request;
        let end = if record.ok { EndDto::Success } else { EndDto::Failure };
        let error = |call: &'a faregate::FailedCall| FailedCallDto {
            class: call.class.as_str(),
            status: call.status,
            endpoint: &call.endpoint,
            credential: CredentialDto::from(&call.credential),
            phase: call.phase.into(),
            emitted_tokens: call.emitted_tokens,
            retry_after_ms: call.retry_after_ms,
            waited_ms: call.waited_ms,
            cost: call.cost.map(MoneyText),
        };
        let charge = |charge: &'a faregate::Charge| ChargeDto {
            provider: &charge.provider,
            credential: CredentialDto::from(&charge.credential),
            cost: MoneyText(charge.cost),
        };
        let change = |change: &'a faregate::BudgetChange| BudgetChangeDto {
            budget: &change.budget,
            kind: change.kind.into(),
            per: PerDto::from(change.per.as_slice()),
            period: change.period.as_deref(),
            added: AmountDto::from(change.added),
        };
        let crossed = |alert: &'a faregate::AlertCrossed| CrossedDto {
            budget: &alert.budget,
            crossed: alert.threshold.to_string(),
        };
        let lasted = record.ended_at.0.saturating_sub(record.started_at.0);
        Self {
            record: &request.id,
            workload: &record.workload,
            outcome: end,
            complete: record.ok && record.partial.is_none(),
            requested: RequestedDto { model: request.model.as_deref(), models: &request.models },
            served: record.served.as_ref().map(ServedDto::from),
            fallback: record.served.as_ref().and_then(|served| served.role).map(RoleDto::from),
            usage: record.usage.as_ref().map(UsageDto::from),
            error: record.error.map(faregate::ErrorClass::as_str),
            limit: record.limit.map(faregate::RunLimit::as_str),
            opens_at: record.opens_at.map(InstantText),
            advice: record.advice(),
            calls: record.calls,
            errors: record.errors.iter().map(error).collect(),
            steps: record.steps.iter().map(step_text).collect(),
            cost: MoneyText(record.cost),
            unknown_costs: record.unknown_costs,
            charged: record.charged.iter().map(charge).collect(),
            budgets: record.budgets.iter().map(change).collect(),
            alerts: record.alerts.iter().map(crossed).collect(),
            partial: record.partial.map(Into::into),
            discarded_tokens: record.discarded_tokens,
            started_at: InstantText(record.started_at),
            ended_at: InstantText(record.ended_at),
            duration_ms: u64::try_from(lasted).unwrap_or(0),
            digests: DigestsDto::from(&record.digests),
            input: InputDto {
                request: Tree(request_to_node(request)),
                context: Tree(context_to_node(&record.context)),
                outcomes: told_trees(&record.told),
            },
        }
    }
}

impl<'a> From<&'a faregate::Served> for ServedDto<'a> {
    fn from(served: &'a faregate::Served) -> Self {
        Self {
            endpoint: &served.endpoint,
            model: &served.model,
            native_model: served.native_model.as_deref(),
            provider: &served.provider,
            credential: CredentialDto::from(&served.credential),
        }
    }
}

impl<'a> From<&'a faregate::Usage> for UsageDto<'a> {
    fn from(usage: &'a faregate::Usage) -> Self {
        Self {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cached_input_tokens: usage.cached_input_tokens,
            reasoning_tokens: usage.reasoning_tokens,
            tools: usage.tools.iter().map(|(name, tool)| (name.as_str(), (*tool).into())).collect(),
        }
    }
}

/// Writes a step as golden cases do.
pub(crate) fn step_text(step: &StepRecord) -> String {
    match step {
        StepRecord::Try { endpoint, credential, .. } => try_text(
            endpoint,
            match credential {
                faregate::Credential::Shared => None,
                faregate::Credential::Own(key) => Some(key),
            },
        ),
        StepRecord::Wait { ms, .. } => wait_text(*ms),
        StepRecord::Done => "done".to_owned(),
        StepRecord::Fail(None) => "fail".to_owned(),
        StepRecord::Fail(Some(class)) => format!("fail {}", class.as_str()),
    }
}

pub(crate) fn try_text(endpoint: &str, key: Option<&str>) -> String {
    match key {
        None => format!("try {endpoint}"),
        Some(key) => format!("try {endpoint} with {key}"),
    }
}

/// Writes a wait in the largest unit of which it is a whole number.
pub(crate) fn wait_text(ms: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")];
    let whole = |(unit, name): &(u64, &'static str)| {
        (ms != 0 && ms.checked_rem(*unit) == Some(0)).then_some((ms.checked_div(*unit)?, *name))
    };
    let (n, unit) = UNITS.iter().find_map(whole).unwrap_or((ms, "ms"));
    format!("wait {n}{unit}")
}
