//! What decisions write on: kept between them, so that a warm decision puts nothing on the heap.

use std::cell::Cell;

use fixedbitset::FixedBitSet;

use super::budgets::Counters;
use super::now::Now;
use crate::ir::CeilingKind;
use crate::time::{Date, Wall};
use crate::{Amount, DenialCode, Money};

/// Room in which [`Engine::decide_with`](crate::Engine::decide_with) works. One a thread, used again and again, for any
/// engine and any request.
///
/// ```
/// use faregate::{Catalog, Context, Engine, PolicySet, Request, Scratch};
/// let text = r#"policy demo { language 1 } workload rest { otherwise deny "closed" }"#;
/// let policy = PolicySet::parse([("demo.fare", text)]).unwrap();
/// let engine = Engine::new(policy, Catalog::new(Vec::new()).unwrap()).unwrap();
/// let context = Context::new("2026-11-23T10:00:00Z".parse().unwrap());
/// let mut scratch = Scratch::new();
/// for n in 0..3 {
///     let request = Request::new(format!("r{n}"), 100);
///     assert!(engine.decide_with(&mut scratch, &request, &context).denial().is_some());
/// }
/// ```
#[derive(Debug, Default)]
pub struct Scratch {
    /// The binding for which there is room.
    pub(super) owner: u64,
    pub(super) eyes: Eyes,
    pub(super) work: Work,
}

impl Scratch {
    /// Returns room that grows with the first decision.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// What a judgement reads.
#[derive(Debug, Default)]
pub(super) struct Eyes {
    pub(super) symbols: Vec<u32>,
    pub(super) masks: Vec<Option<u64>>,
    pub(super) walls: Vec<Cell<Option<Option<Wall>>>>,
    pub(super) today: Cell<Option<Option<Date>>>,
    pub(super) caller: Vec<(CeilingKind, Amount)>,
    pub(super) now: Now,
}

/// What a decision writes.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// Guardrails that the request may meet.
    pub(super) guards: Vec<u32>,
    pub(super) late_guards: Vec<u32>,
    pub(super) late_ceilings: Vec<usize>,
    /// For each guardrail, the last decision that met it.
    pub(super) met: Vec<u64>,
    pub(super) decision: u64,
    /// Shared candidates that are still there.
    pub(super) open: FixedBitSet,
    pub(super) other: FixedBitSet,
    /// For each endpoint its tier, where the request says which there are.
    pub(super) tier_of: Vec<u32>,
    /// Own candidates that are admitted: endpoint, credential.
    pub(super) own: Vec<(u32, u32)>,
    pub(super) entries: Vec<Entry>,
    /// A limit of the worst cost, in units of the catalog, to which the open ones are not held yet.
    pub(super) cost_limit: Option<u128>,
    /// Whether those that are there stand in `small` now, and not in `open`.
    pub(super) is_packed: bool,
    pub(super) small: Vec<u64>,
    /// The open ones by rank, as bits.
    pub(super) ranked: Vec<usize>,
    pub(super) keys: Vec<Key>,
    pub(super) prefers: Vec<u64>,
    pub(super) drawn: Vec<Entry>,
    pub(super) weights: Vec<(u32, u64)>,
    pub(super) plan: Vec<Planned>,
    pub(super) left: Vec<Planned>,
    /// For each model: the last decision that planned it, its first endpoint, whether there were several.
    pub(super) models: Vec<(u64, u32, bool)>,
    /// For each endpoint: the last decision that planned it.
    pub(super) planned: Vec<u64>,
    pub(super) counters: Counters,
    pub(super) named_budgets: Vec<bool>,
    /// Budget, workload before, workload after.
    pub(super) degraded: Vec<(u32, u32, u32)>,
    pub(super) left_workloads: Vec<u32>,
    pub(super) answer: Answer,
}

impl Work {
    /// Whether nobody is admitted.
    pub(super) fn is_empty(&self) -> bool {
        if self.is_packed { self.small.is_empty() } else { self.open.is_clear() && self.own.is_empty() }
    }
}

/// How a decision ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Answer {
    /// The data make no sense.
    #[default]
    Invalid,
    /// A workload cannot be told from the next.
    Missing(u32),
    /// No workload serves the request; the checker lets no such policy through.
    Nothing,
    Refused(u32),
    Routed(u32),
    Denied(u32, DenialCode),
}

/// A key of the order: whether it is unknown, and its value; the smaller goes first.
pub(super) type Key = (bool, u128);

/// The own credential of a candidate that has none.
pub(super) const SHARED: u32 = u32::MAX;

/// A candidate in the order of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Planned {
    pub(super) place: u32,
    /// The place of the own credential in the context.
    pub(super) own: u32,
    pub(super) tier: u32,
    pub(super) expected: Option<Money>,
}

/// A candidate to be sorted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) tier: u32,
    pub(super) rank: u8,
    pub(super) cooling: bool,
    pub(super) degraded: bool,
    /// Where its other keys begin.
    pub(super) number: u32,
    pub(super) planned: Planned,
}
