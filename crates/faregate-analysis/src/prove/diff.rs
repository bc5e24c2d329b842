//! Where two policies, or one policy over two catalogs, decide differently: over all requests and contexts.
//!
//! Both are lowered into formulas over one space, and what says the same on both sides is dropped first: a change of one line
//! leaves nearly nothing. A solver says of the rest whether any request can tell; its model becomes a request and a context,
//! and both engines decide them, so that a witness always shows what is claimed. What the formulas do not follow is compared as
//! it is written: where it differs in writing and no request was found that shows it, the answer is *undecided*, never *equal*.

mod admission;
mod attempts;
mod beside;
mod bills;
mod budgets;
mod codes;
mod duo;
mod effects;
mod joint;
mod listed;
mod moves;
mod orders;
mod picks;
mod prices;
mod probe;
mod same;
mod sections;
mod sides;
mod values;
mod words;

use std::collections::BTreeSet;

use faregate::model::policy;
use faregate::{Context, Decision, Engine, Request};

use joint::Joint;
use sides::Differ;

/// In which direction a decision changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Direction {
    /// A request may go where it might not.
    Looser,
    /// A request may not go where it might.
    Tighter,
    /// The same costs more.
    Dearer,
    /// The same costs less.
    Cheaper,
    /// The same is tried in another order.
    Order,
    /// After a failure, or for lack of time, something else is done.
    Retries,
    /// What was denied is denied with another code.
    Denial,
    /// Only what is said of a decision differs.
    Words,
}

impl Direction {
    /// All directions, the gravest first.
    pub const ALL: [Self; 8] = [
        Self::Looser,
        Self::Dearer,
        Self::Tighter,
        Self::Cheaper,
        Self::Order,
        Self::Retries,
        Self::Denial,
        Self::Words,
    ];

    /// Returns its name, for programs and people.
    ///
    /// ```
    /// assert_eq!(faregate_analysis::Direction::Looser.as_str(), "looser");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Looser => "looser",
            Self::Tighter => "tighter",
            Self::Dearer => "dearer",
            Self::Cheaper => "cheaper",
            Self::Order => "order",
            Self::Retries => "retries",
            Self::Denial => "denial",
            Self::Words => "words",
        }
    }
}

/// A class of requests whose decision changes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DecisionChange {
    /// In which direction.
    pub direction: Direction,
    /// The workload that decides, of the old policy; `None`: none is picked, or it is about all.
    pub old_workload: Option<String>,
    /// The workload that decides, of the new policy.
    pub new_workload: Option<String>,
    /// Other workloads in which the same lines do the same: of one name on both sides, or on the side that picks any.
    pub also: BTreeSet<String>,
    /// The candidates that the change is about: endpoint ids, with `#` and the id of a key where it is an own one; empty: all.
    pub endpoints: BTreeSet<String>,
    /// More candidates than those listed were not looked at one by one.
    pub and_more: bool,
    /// What changes, in a few words.
    pub what: String,
    /// Whether it is certain that a decision changes; else it may.
    pub certain: bool,
    /// Whether it stands beside a class that is certain, and becomes a [`NotRuledOut`].
    beside: bool,
    /// A request that shows it, where one is needed to.
    pub witness: Option<Box<Difference>>,
    /// The places in the old policy and catalog that make the difference.
    pub at_old: Vec<String>,
    /// The places in the new policy and catalog.
    pub at_new: Vec<String>,
}

/// A request and a context that are decided differently.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Difference {
    /// What is asked.
    pub request: Request,
    /// What is known.
    pub context: Context,
    /// The decision of the old engine.
    pub old: Decision,
    /// The decision of the new engine.
    pub new: Decision,
}

/// A direction in which requests of a pair of workloads may change beside what is told of it: none that was tried shows it, and
/// nothing rules it out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotRuledOut {
    /// In which direction.
    pub direction: Direction,
    /// The workload that decides, of the old policy.
    pub old_workload: Option<String>,
    /// The workload that decides, of the new policy.
    pub new_workload: Option<String>,
    /// The places in the old policy and catalog that make the difference that is told.
    pub at_old: Vec<String>,
    /// The places in the new policy and catalog.
    pub at_new: Vec<String>,
}

/// Something of which it was not settled whether it makes a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unsettled {
    /// What, and why, as a sentence.
    pub why: String,
    /// The places in the old policy and catalog.
    pub at_old: Vec<String>,
    /// The places in the new ones.
    pub at_new: Vec<String>,
}

/// Everything in which two engines differ. All lists empty: proved equal.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Differences {
    /// The classes, the gravest direction first.
    pub changes: Vec<DecisionChange>,
    /// What those of one of the classes may do beside: empty where `changes` is.
    pub not_ruled_out: Vec<NotRuledOut>,
    /// What was not settled.
    pub undecided: Vec<Unsettled>,
}

impl Differences {
    /// Whether it is proved that no decision differs, not even in its words.
    #[must_use]
    pub fn equal(&self) -> bool {
        self.changes.is_empty() && self.undecided.is_empty() && self.not_ruled_out.is_empty()
    }
}

/// Finds every class of requests that two engines decide differently, each with a small request that shows it.
///
/// ```
/// use faregate::{Catalog, Engine, PolicySet};
/// use faregate_analysis::{Direction, diff};
/// let engine = |text: &str| {
///     let policy = PolicySet::parse([("demo.fare", text)]).unwrap();
///     Engine::new(policy, Catalog::new(Vec::new()).unwrap()).unwrap()
/// };
/// let old = engine(r#"policy demo { language 1 } workload rest { otherwise deny "closed" }"#);
/// let new = engine(r#"policy demo { language 1 } workload rest { otherwise deny "closed today" }"#);
/// assert!(diff(&old, &old).equal());
/// assert_eq!(diff(&old, &new).changes[0].direction, Direction::Words);
/// ```
#[must_use]
pub fn diff(old: &Engine, new: &Engine) -> Differences {
    let joint = Joint::new(policy(old.policy()), policy(new.policy()));
    let mut differ = Differ::new([old, new], &joint);
    let pairs = differ.pairs();
    differ.values(&joint.redeclared, &pairs);
    differ.aliases();
    for pair in &pairs {
        differ.admission(pair);
        differ.sections(pair);
    }
    if differ.other_list_prices() {
        let mut listed = Differ::new([old, new], &joint).with_list_prices();
        for pair in listed.pairs() {
            listed.admission(&pair);
        }
        differ.join(listed);
    }
    differ.budgets(&pairs);
    differ.beside(&pairs);
    differ.soft_caps_apart();
    differ.words();
    differ.into_found()
}
