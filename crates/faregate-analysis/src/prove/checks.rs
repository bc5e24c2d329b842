//! What is surely not meant, over all requests: conditions that none makes true, workloads that none reaches, rules without
//! effect.
//!
//! Whatever is said to be never so is so for every request and context: where a formula does not follow the engine exactly it
//! lets more be possible, and then nothing is said.

mod conditions;
mod idle;
mod market;
mod requests;
mod workloads;

use std::collections::{HashMap, HashSet};

use faregate::model::{Expr, Policy, policy, settled};
use faregate::{Catalog, Date, PolicySet, Timestamp};
use faregate_syntax::{Diagnostic, Diagnostics, Span};

use super::formula::{Arena, Formula};
use super::lower::{Lower, Stands};
use super::solve::{Answer, Query};

/// How far `check` goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// As far as some milliseconds allow.
    Quick,
    /// As far as formulas can tell: clocks, weekdays and zones are followed over decades too.
    Thorough,
}

/// Returns all warnings about a policy set: those of [`PolicySet::check_with`], and those that need a look at every request.
///
/// ```
/// use faregate::PolicySet;
/// use faregate_analysis::{Depth, check};
/// let text = r#"
///     policy demo { language 1 }
///     guardrail g {
///       when (request.stream or request.idempotent) and not request.stream and not request.idempotent
///       forbid endpoint.free
///     }
///     workload rest { otherwise deny "closed" }
/// "#;
/// let policy = PolicySet::parse([("demo.fare", text)]).unwrap();
/// assert_eq!(policy.check_with(None, None).iter().count(), 0);
/// let codes: Vec<&str> = check(&policy, None, None, Depth::Quick).iter().map(|d| d.code).collect();
/// assert_eq!(codes, ["never-true"]);
/// ```
#[must_use]
pub fn check(
    policy: &PolicySet,
    catalog: Option<&Catalog>,
    today: Option<Date>,
    depth: Depth,
) -> Diagnostics {
    findings(policy, catalog, today, depth).diagnostics
}

/// What [`findings`] returns.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Findings {
    /// All warnings.
    pub diagnostics: Diagnostics,
    /// Whether a policy was too large for a look at every request, so that some warnings may be missing.
    pub left_out: bool,
}

/// Returns what [`check`] returns, and whether that is all. Work is counted in steps, so that it is the same on every machine.
#[must_use]
pub fn findings(
    policy: &PolicySet,
    catalog: Option<&Catalog>,
    today: Option<Date>,
    depth: Depth,
) -> Findings {
    let told = policy.check_with(catalog, today);
    let known: Vec<&Diagnostic> = told.iter().chain(policy.warnings()).collect();
    let Ok(none) = Catalog::new(Vec::new()) else {
        return Findings { diagnostics: told, left_out: true };
    };
    let mut finder = Finder::new(policy, catalog, &none, depth, &known);
    finder.find();
    let left_out = finder.left_out;
    // Nothing is said twice.
    let fresh =
        |d: &Diagnostic| !known.iter().any(|k| k.code == d.code && overlap(k.primary.span, d.primary.span));
    let found: Vec<Diagnostic> = finder.found.into_iter().filter(fresh).collect();
    if found.is_empty() {
        return Findings { diagnostics: told, left_out };
    }
    let found = settled(policy, found);
    let mut all: Vec<Diagnostic> = told.iter().chain(found.iter()).cloned().collect();
    all.sort_by(|a, b| (a.primary.span, a.code).cmp(&(b.primary.span, b.code)));
    Findings { diagnostics: Diagnostics::new(all, told.sources().clone()), left_out }
}

/// So many steps of the solver are made for one policy set; what would need more is left out.
const MOST_STEPS: u64 = 2_000_000;

/// With `--thorough`.
const MOST_THOROUGH_STEPS: u64 = 100_000_000;

/// Beside so many workloads it is not looked at which requests come to which.
const MOST_WORKLOADS: usize = 1_000;

fn overlap(a: Span, b: Span) -> bool {
    a.file == b.file && a.start < b.end && b.start < a.end
}

struct Finder<'a> {
    set: &'a PolicySet,
    lower: Lower<'a>,
    first: Timestamp,
    with_catalog: bool,
    /// What has been said of the text already.
    known: &'a [&'a Diagnostic],
    found: Vec<Diagnostic>,
    /// Conditions that are never true, by their places.
    dead: HashSet<Span>,
    asked: HashMap<Formula, bool>,
    /// Steps that may still be made.
    steps: u64,
    /// Whether something was not looked at.
    left_out: bool,
    /// Places of conditions that have been said to be never true.
    said_dead: Vec<Span>,
}

impl<'a> Finder<'a> {
    fn new(
        set: &'a PolicySet,
        catalog: Option<&'a Catalog>,
        none: &'a Catalog,
        depth: Depth,
        known: &'a [&'a Diagnostic],
    ) -> Self {
        let mut lower = Lower {
            arena: Arena::new(),
            policy: policy(set),
            catalog: catalog.unwrap_or(none),
            stands: Stands::default(),
            cooled: false,
        };
        lower.arena.taken.names_open = catalog.is_none();
        lower.arena.taken.list_prices = true;
        lower.arena.taken.any_hour = depth == Depth::Quick;
        let first = super::noon(catalog.and_then(Catalog::as_of));
        let with_catalog = catalog.is_some();
        Self {
            set,
            lower,
            first,
            with_catalog,
            known,
            found: Vec::new(),
            dead: HashSet::new(),
            asked: HashMap::new(),
            steps: if depth == Depth::Thorough { MOST_THOROUGH_STEPS } else { MOST_STEPS },
            left_out: false,
            said_dead: known.iter().filter(|d| d.code == "never-true").map(|d| d.primary.span).collect(),
        }
    }

    fn policy(&self) -> &'a Policy {
        self.lower.policy
    }

    fn find(&mut self) {
        self.never_true();
        let workloads = self.policy().workloads.len();
        if workloads > MOST_WORKLOADS {
            self.left_out = true;
            let anywhere = vec![Formula::TRUE; workloads];
            self.idle(&anywhere);
            return;
        }
        let reached = self.lower.reached();
        self.unreachable(&reached);
        self.overlapping(&reached);
        let in_runs = self.lower.reached_in_runs();
        self.idle(&in_runs);
        if self.with_catalog {
            self.market(&reached);
        }
    }

    /// Whether a condition has been said to be never true.
    fn is_dead(&self, expr: &Expr) -> bool {
        self.dead.contains(&expr.span) || self.said_dead.iter().any(|said| overlap(*said, expr.span))
    }

    /// Whether a formula surely never holds.
    fn never(&mut self, formula: Formula) -> bool {
        if formula == Formula::FALSE || formula == Formula::TRUE {
            return formula == Formula::FALSE;
        }
        if let Some(never) = self.asked.get(&formula) {
            return *never;
        }
        let never = matches!(self.answer(formula), Some(Answer::Never));
        self.asked.insert(formula, never);
        never
    }

    /// Asks whether a formula can hold; `None`: so much has been looked at that this is left out.
    fn answer(&mut self, formula: Formula) -> Option<Answer> {
        if self.steps == 0 {
            self.left_out = true;
            return None;
        }
        let mut query = Query::new(&self.lower.arena, &[formula], &[], self.first);
        let answer = query.next();
        self.steps = self.steps.saturating_sub(query.steps());
        Some(answer)
    }

    /// Whether one formula holds wherever another does.
    fn implies(&mut self, one: Formula, other: Formula) -> bool {
        let open = self.lower.arena.both(one, other.not());
        self.never(open)
    }

    /// Returns what stands at a place, on one line.
    fn text(&self, span: Span) -> String {
        crate::coverage::words(self.set.sources().text(span))
    }

    fn warn(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }
}
