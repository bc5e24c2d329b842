//! Saved runs as data: written, kept elsewhere, and read again without loss.

mod shape;

use faregate::{
    Credential, Digests, FailedCall, Outcome, RunLimit, SavedCall, SavedRun, SavedState, StepRecord,
};

use crate::outcome::{OutcomeDto, class_at};
use crate::path::Path;
use crate::record::{told_at, told_trees};
use crate::request::to_node;
use crate::scalar::{AnyCount, AnyDuration, AnyInstant, Count, Money};
use crate::sink::Sink;
use crate::slot::{Tree, read};
use crate::{Error, Node, context, context_to_node, outcome_to_node, request, request_to_node};
use shape::{
    CallDto, CounterDto, CredentialDto, CredentialKind, DeadDto, DigestsDto, ErrorDto, PlacedDto,
    SavedRunDto, StateDto, StateKind, StepDto, StepKind,
};

/// The version of the shape; one that is read must have it.
const VERSION: u64 = 1;

/// The caps of a run that this version knows.
const LIMITS: [RunLimit; 4] = [RunLimit::Deadline, RunLimit::Calls, RunLimit::Moves, RunLimit::Cost];

/// Returns a saved run as a tree.
///
/// ```
/// # use faregate::{Catalog, Context, Decision, Engine, PolicySet, Request};
/// # let text = r#"policy p { language 1 } workload rest { otherwise route { models "m/a" } }"#;
/// # let market = faregate_wire::catalog_layer("endpoints: [ { id: m/a@north, context_length: 9000, modalities: [text] } ]").unwrap();
/// # let engine = Engine::new(PolicySet::parse([("p.fare", text)]).unwrap(), Catalog::new(vec![market]).unwrap()).unwrap();
/// # let context = Context::new("2026-11-23T10:00:00Z".parse().unwrap());
/// # let Decision::Route(plan) = engine.decide(&Request::new("r1", 100), &context) else { panic!() };
/// let node = faregate_wire::saved_run_to_node(&plan.run().save());
/// assert_eq!(node.get("state").unwrap().to_json(), r#"{"is":"ready","waited_ms":0}"#);
/// ```
#[must_use]
pub fn saved_run_to_node(saved: &SavedRun) -> Node {
    to_node(&SavedRunDto::from(saved))
}

/// Writes a saved run as JSON on one line. [`saved_run_from`] reads it back as it was, but for what the
/// data of requests and contexts do not hold: counts past [`MAX_COUNT`](faregate::MAX_COUNT), instants beyond the calendar.
///
/// ```
/// # use faregate::{Catalog, Context, Decision, Engine, PolicySet, Request};
/// # let text = r#"policy p { language 1 } workload rest { otherwise route { models "m/a" } }"#;
/// # let market = faregate_wire::catalog_layer("endpoints: [ { id: m/a@north, context_length: 9000, modalities: [text] } ]").unwrap();
/// # let engine = Engine::new(PolicySet::parse([("p.fare", text)]).unwrap(), Catalog::new(vec![market]).unwrap()).unwrap();
/// # let context = Context::new("2026-11-23T10:00:00Z".parse().unwrap());
/// # let Decision::Route(plan) = engine.decide(&Request::new("r1", 100), &context) else { panic!() };
/// use faregate_wire::{read_one, saved_run_from, saved_run_to_json};
/// let saved = plan.run().save();
/// let text = saved_run_to_json(&saved);
/// assert_eq!(saved_run_from(&read_one(&text).unwrap()).unwrap(), saved);
/// ```
#[must_use]
pub fn saved_run_to_json(saved: &SavedRun) -> String {
    // Nothing in the shape can fail to be written: no floats, no keys but texts.
    serde_json::to_string(&SavedRunDto::from(saved)).unwrap_or_default()
}

/// Reads a saved run.
///
/// # Errors
/// Another version; fields that are unknown, missing or of another type, with their paths, which begin with `run`.
///
/// ```
/// use faregate_wire::{read_one, saved_run_from};
/// let error = saved_run_from(&read_one("{ faregate_run: 2, plans: [] }").unwrap()).unwrap_err();
/// assert_eq!(error.to_string(), "run.faregate_run: is version 2, and this is read by version 1");
/// ```
pub fn saved_run_from(node: &Node) -> Result<SavedRun, Error> {
    let sink = Sink::default();
    let root = Path::Root("run");
    // Fields of another version are none of this one's.
    if let Some(version) = node.get("faregate_run")
        && read::<Count>(version, &Path::Key(&root, "faregate_run"), &sink).is_some_and(|n| n.0 != VERSION)
    {
        return Err(Error::at(
            "run.faregate_run",
            format!("is version {version}, and this is read by version {VERSION}"),
        ));
    }
    let saved =
        read::<SavedRunDto>(node, &root, &sink).and_then(|dto| At { path: root, sink: &sink }.run(dto));
    sink.finish(saved)
}

/// A place in the data, and where faults go.
#[derive(Clone, Copy)]
struct At<'a> {
    path: Path<'a>,
    sink: &'a Sink,
}

impl At<'_> {
    fn fault<T>(&self, message: impl Into<String>) -> Option<T> {
        self.sink.push(self.path, message);
        None
    }

    /// Calls a function with the place of a field.
    fn in_field<T>(&self, name: &str, read: impl FnOnce(At<'_>) -> T) -> T {
        read(At { path: Path::Key(&self.path, name), sink: self.sink })
    }

    /// Reads each element of a list, at its place; those with a fault are passed over.
    fn each<D, T>(&self, name: &str, list: Vec<D>, read: impl Fn(At<'_>, D) -> Option<T>) -> Vec<T> {
        self.in_field(name, |list_at| {
            let read = |(n, item)| read(At { path: Path::Index(&list_at.path, n), sink: list_at.sink }, item);
            list.into_iter().enumerate().filter_map(read).collect()
        })
    }

    fn run(&self, dto: SavedRunDto) -> Option<SavedRun> {
        let context = |name: &str, Tree(node): &Tree| {
            self.in_field(name, |at| context::read_at(node, &at.path, at.sink))
        };
        let request = self.in_field("request", |at| request::read_at(&dto.request.0, &at.path, at.sink));
        let beginning = context("context", &dto.context);
        let observed = context("observed", &dto.observed);
        let plan = self.each("plan", dto.plan, |at, placed| {
            Some((placed.endpoint, at.in_field("credential", |at| at.credential(placed.credential))?))
        });
        let state = self.in_field("state", |at| at.state(dto.state));
        let place = self.in_field("at", |at| at.place(dto.at));
        let calls = self.each("calls", dto.calls, |at, call| at.call(call));
        let dead = self.each("dead", dto.dead, |at, dead| {
            Some((dead.provider, at.in_field("credential", |at| at.credential(dead.credential))?))
        });
        let errors = self.each("errors", dto.errors, |at, error| at.error(error));
        let steps = self.each("steps", dto.steps, |at, step| at.step(step));
        let told = self.in_field("told", |at| told_at(&dto.told, &at.path, at.sink));
        Some(SavedRun {
            request: request?,
            context: beginning?,
            observed: observed?,
            workload: dto.workload,
            degraded: dto.degraded,
            plan,
            state: state?,
            at: place?,
            moves: dto.moves.0,
            used: dto.used.into_iter().map(|n| n.0).collect(),
            calls,
            dead,
            errors,
            steps,
            discarded_tokens: dto.discarded_tokens.0,
            told,
            digests: Digests::new(dto.digests.policy, dto.digests.catalog, dto.digests.engine),
        })
    }

    fn place(&self, n: AnyCount) -> Option<usize> {
        usize::try_from(n.0).ok().or_else(|| self.fault("is too large"))
    }

    fn credential(&self, dto: CredentialDto) -> Option<Credential> {
        match (dto.kind, dto.key) {
            (CredentialKind::Shared, None) => Some(Credential::Shared),
            (CredentialKind::Own, Some(key)) => Some(Credential::Own(key)),
            (CredentialKind::Shared, Some(_)) => self.fault("a shared credential has no key"),
            (CredentialKind::Own, None) => self.fault("an own credential has a key"),
        }
    }

    fn state(&self, mut dto: StateDto) -> Option<SavedState> {
        let state = match dto.is {
            StateKind::Ready => {
                SavedState::Ready { waited_ms: self.there("waited_ms", dto.waited_ms.take())?.0 }
            }
            StateKind::Waiting => SavedState::Waiting {
                until: self.there("until", dto.until.take())?.0,
                ms: self.there("waited_ms", dto.waited_ms.take())?.0,
            },
            StateKind::Calling => SavedState::Calling,
            StateKind::Judging => SavedState::Judging { at: self.there("at", dto.at.take())?.0 },
            StateKind::Done => SavedState::Done { at: self.there("at", dto.at.take())?.0 },
            StateKind::Failed => SavedState::Failed {
                error: self.class("error", dto.error.take())?,
                limit: self.limit(dto.limit.take())?,
                cut: self.there("cut", dto.cut.take())?,
                at: self.there("at", dto.at.take())?.0,
            },
        };
        let rest = [
            ("waited_ms", dto.waited_ms.is_some()),
            ("until", dto.until.is_some()),
            ("error", dto.error.is_some()),
            ("limit", dto.limit.is_some()),
            ("cut", dto.cut.is_some()),
            ("at", dto.at.is_some()),
        ];
        self.nothing_else(rest)?;
        Some(state)
    }

    fn step(&self, mut dto: StepDto) -> Option<StepRecord> {
        let step = match dto.step {
            StepKind::Try => {
                let credential = self.there("credential", dto.credential.take())?;
                StepRecord::Try {
                    endpoint: self.there("endpoint", dto.endpoint.take())?,
                    provider: self.there("provider", dto.provider.take())?,
                    credential: self.in_field("credential", |at| at.credential(credential))?,
                    at: self.there("at", dto.at.take())?.0,
                }
            }
            StepKind::Wait => StepRecord::Wait {
                ms: self.there("ms", dto.ms.take())?.0,
                at: self.there("at", dto.at.take())?.0,
            },
            StepKind::Done => StepRecord::Done,
            StepKind::Fail => StepRecord::Fail(self.class("class", dto.class.take())?),
        };
        let rest = [
            ("endpoint", dto.endpoint.is_some()),
            ("provider", dto.provider.is_some()),
            ("credential", dto.credential.is_some()),
            ("ms", dto.ms.is_some()),
            ("class", dto.class.is_some()),
            ("at", dto.at.is_some()),
        ];
        self.nothing_else(rest)?;
        Some(step)
    }

    fn call(&self, dto: CallDto) -> Option<SavedCall> {
        let outcome = match dto.outcome {
            None => Some(None),
            Some(Tree(node)) => self.in_field("outcome", |at| at.outcome(&node)).map(Some),
        };
        Some(SavedCall {
            at: self.in_field("at", |at| at.place(dto.at))?,
            started_at: dto.started_at.0,
            waited_ms: dto.waited_ms.0,
            worst: dto.worst.map(|money| money.0),
            worst_tokens: dto.worst_tokens.map(|n| n.0),
            spent: dto.spent.map(|money| money.0),
            tokens: dto.tokens.map(|n| n.0),
            counts_under: dto.counts_under.into_iter().map(|c| (c.budget, c.per)).collect(),
            outcome: outcome?,
        })
    }

    fn outcome(&self, node: &Node) -> Option<Outcome> {
        read::<OutcomeDto>(node, &self.path, self.sink)?.take().outcome(&self.path, self.sink)
    }

    fn error(&self, dto: ErrorDto) -> Option<FailedCall> {
        let class = self.in_field("class", |at| class_at(&dto.class, &at.path, at.sink));
        let credential = self.in_field("credential", |at| at.credential(dto.credential));
        let mut call = FailedCall::new(class?, dto.endpoint, credential?);
        if let Some(Count(status)) = dto.status {
            let status = u16::try_from(status).ok();
            call.status =
                Some(status.or_else(|| self.in_field("status", |at| at.fault("is no HTTP status")))?);
        }
        call.phase = dto.phase.into();
        call.emitted_tokens = dto.emitted_tokens.0;
        call.retry_after_ms = dto.retry_after_ms.map(|ms| ms.0);
        call.waited_ms = dto.waited_ms.0;
        call.cost = dto.cost.map(|money| money.0);
        Some(call)
    }

    /// Reads a class, where there is one. The outer `None` is a fault.
    fn class(&self, name: &str, class: Option<String>) -> Option<Option<faregate::ErrorClass>> {
        match class {
            None => Some(None),
            Some(class) => self.in_field(name, |at| class_at(&class, &at.path, at.sink)).map(Some),
        }
    }

    fn limit(&self, limit: Option<String>) -> Option<Option<RunLimit>> {
        let Some(name) = limit else { return Some(None) };
        match LIMITS.into_iter().find(|limit| limit.as_str() == name) {
            Some(limit) => Some(Some(limit)),
            None => {
                let known = LIMITS.map(RunLimit::as_str).join(", ");
                self.in_field("limit", |at| at.fault(format!("expected one of {known}, found {name:?}")))
            }
        }
    }

    fn there<T>(&self, name: &str, value: Option<T>) -> Option<T> {
        value.or_else(|| self.in_field(name, |at| at.fault("is missing")))
    }

    fn nothing_else<const N: usize>(&self, rest: [(&str, bool); N]) -> Option<()> {
        match rest.iter().find(|(_, there)| *there) {
            None => Some(()),
            Some((name, _)) => self.in_field(name, |at| at.fault("does not belong here")),
        }
    }
}

impl From<&SavedRun> for SavedRunDto {
    fn from(saved: &SavedRun) -> Self {
        let placed = |(endpoint, credential): &(String, Credential)| PlacedDto {
            endpoint: endpoint.clone(),
            credential: credential.into(),
        };
        let dead = |(provider, credential): &(String, Credential)| DeadDto {
            provider: provider.clone(),
            credential: credential.into(),
        };
        Self {
            faregate_run: Count(VERSION),
            request: Tree(request_to_node(&saved.request)),
            context: Tree(context_to_node(&saved.context)),
            observed: Tree(context_to_node(&saved.observed)),
            workload: saved.workload.clone(),
            degraded: saved.degraded.clone(),
            plan: saved.plan.iter().map(placed).collect(),
            state: StateDto::from(&saved.state),
            at: place(saved.at),
            moves: AnyCount(saved.moves),
            used: saved.used.iter().copied().map(AnyCount).collect(),
            calls: saved.calls.iter().map(CallDto::from).collect(),
            dead: saved.dead.iter().map(dead).collect(),
            errors: saved.errors.iter().map(ErrorDto::from).collect(),
            steps: saved.steps.iter().map(StepDto::from).collect(),
            discarded_tokens: AnyCount(saved.discarded_tokens),
            told: told_trees(&saved.told),
            digests: DigestsDto {
                policy: saved.digests.policy.clone(),
                catalog: saved.digests.catalog.clone(),
                engine: saved.digests.engine.clone(),
            },
        }
    }
}

fn place(at: usize) -> AnyCount {
    AnyCount(u64::try_from(at).unwrap_or(u64::MAX))
}

impl From<&Credential> for CredentialDto {
    fn from(credential: &Credential) -> Self {
        match credential {
            Credential::Shared => Self { kind: CredentialKind::Shared, key: None },
            Credential::Own(key) => Self { kind: CredentialKind::Own, key: Some(key.clone()) },
        }
    }
}

impl From<&SavedState> for StateDto {
    fn from(state: &SavedState) -> Self {
        let of =
            |is| Self { is, waited_ms: None, until: None, error: None, limit: None, cut: None, at: None };
        match state {
            SavedState::Ready { waited_ms } => {
                Self { waited_ms: Some(AnyDuration(*waited_ms)), ..of(StateKind::Ready) }
            }
            SavedState::Waiting { until, ms } => Self {
                waited_ms: Some(AnyDuration(*ms)),
                until: Some(AnyInstant(*until)),
                ..of(StateKind::Waiting)
            },
            SavedState::Calling => of(StateKind::Calling),
            SavedState::Judging { at } => Self { at: Some(AnyInstant(*at)), ..of(StateKind::Judging) },
            SavedState::Done { at } => Self { at: Some(AnyInstant(*at)), ..of(StateKind::Done) },
            SavedState::Failed { error, limit, cut, at } => Self {
                error: error.map(|class| class.as_str().to_owned()),
                limit: limit.map(|limit| limit.as_str().to_owned()),
                cut: Some(*cut),
                at: Some(AnyInstant(*at)),
                ..of(StateKind::Failed)
            },
        }
    }
}

impl From<&SavedCall> for CallDto {
    fn from(call: &SavedCall) -> Self {
        Self {
            at: place(call.at),
            started_at: AnyInstant(call.started_at),
            waited_ms: AnyDuration(call.waited_ms),
            worst: call.worst.map(Money),
            worst_tokens: call.worst_tokens.map(AnyCount),
            spent: call.spent.map(Money),
            tokens: call.tokens.map(AnyCount),
            counts_under: call.counts_under.iter().map(CounterDto::from).collect(),
            outcome: call.outcome.as_ref().map(|outcome| Tree(outcome_to_node(outcome))),
        }
    }
}

impl From<&(String, Vec<Option<String>>)> for CounterDto {
    fn from((budget, per): &(String, Vec<Option<String>>)) -> Self {
        Self { budget: budget.clone(), per: per.clone() }
    }
}

impl From<&FailedCall> for ErrorDto {
    fn from(call: &FailedCall) -> Self {
        Self {
            class: call.class.as_str().to_owned(),
            status: call.status.map(|status| Count(status.into())),
            endpoint: call.endpoint.clone(),
            credential: CredentialDto::from(&call.credential),
            phase: call.phase.into(),
            emitted_tokens: AnyCount(call.emitted_tokens),
            retry_after_ms: call.retry_after_ms.map(AnyDuration),
            waited_ms: AnyDuration(call.waited_ms),
            cost: call.cost.map(Money),
        }
    }
}

impl From<&StepRecord> for StepDto {
    fn from(step: &StepRecord) -> Self {
        let of = |step| Self {
            step,
            endpoint: None,
            provider: None,
            credential: None,
            ms: None,
            class: None,
            at: None,
        };
        match step {
            StepRecord::Try { endpoint, provider, credential, at } => Self {
                endpoint: Some(endpoint.clone()),
                provider: Some(provider.clone()),
                credential: Some(credential.into()),
                at: Some(AnyInstant(*at)),
                ..of(StepKind::Try)
            },
            StepRecord::Wait { ms, at } => {
                Self { ms: Some(AnyDuration(*ms)), at: Some(AnyInstant(*at)), ..of(StepKind::Wait) }
            }
            StepRecord::Done => of(StepKind::Done),
            StepRecord::Fail(class) => {
                Self { class: class.map(|class| class.as_str().to_owned()), ..of(StepKind::Fail) }
            }
        }
    }
}
