//! What budgets have counted: where it is kept, and that it is kept whole.

use std::collections::{BTreeMap, HashMap};

use faregate_syntax::Fixed;
use faregate_syntax::ast::LimitKind;

use crate::sync::{Mutex, lock};
use crate::{Amount, Money, Timestamp};

/// What a counter counts: one limit of one budget, for one value of its `per`, in one window.
///
/// A policy that is replaced keeps its counters as long as the budget has the same name and counts by the same attributes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct CounterKey {
    /// The budget.
    pub budget: String,
    /// What is counted.
    pub kind: LimitKind,
    /// `minute`, `hour`, `day`, `week`, `month`, `total`; `None` for concurrency.
    pub period: Option<String>,
    /// Start (inside) and end (outside) of the window; `None` for `total` and concurrency. After its end it counts no more.
    pub window: Option<(Timestamp, Timestamp)>,
    /// The attributes of `per`, as written.
    pub by: Vec<String>,
    /// Their values, in the same order, of those that are known of a request before it has an endpoint.
    pub values: Vec<String>,
}

/// One counter: its key, and the values of `endpoint.…` attributes of `per`, none where it has none.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CounterId {
    /// What is counted.
    pub key: CounterKey,
    /// The values of the endpoint's attributes of `per`, in the order written.
    pub endpoint: Vec<String>,
}

/// The state of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// What ended runs have used.
    pub counted: Amount,
    /// What runs in flight may use yet.
    pub reserved: Amount,
}

/// An amount to be held while a run is in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Where.
    pub counter: CounterId,
    /// The most that the run adds.
    pub amount: Amount,
    /// What counted, reserved and `amount` together must not exceed, unless `amount` is zero. `None`: the budget only alerts.
    pub limit: Option<Amount>,
}

/// A held amount that becomes a counted one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Where.
    pub counter: CounterId,
    /// What had been held; zero where nothing was.
    pub held: Amount,
    /// What the run used.
    pub used: Amount,
}

/// Why amounts are not held.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReserveError {
    /// A counter has no room for its hold, by its place in the list.
    #[error("hold {0} does not fit")]
    Full(usize),
    /// The counters cannot be reached.
    #[error(transparent)]
    Unavailable(#[from] CountersUnavailable),
}

/// The counters cannot be reached, with the reason. A decision then knows of no budget, and every budget that applies closes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the counters of budgets cannot be reached: {0}")]
pub struct CountersUnavailable(pub String);

/// Where counters are kept. [`MemoryCounters`] keeps them in this process; a host with several processes keeps them in a store
/// that all of them see, and writes this trait for it.
///
/// A fault never widens what is allowed: where a method fails, nothing is held and nothing is admitted.
pub trait Counters: Send + Sync {
    /// Returns all counters of a key, by the values of the endpoint's attributes. One that is not there has counted nothing.
    ///
    /// # Errors
    /// The counters cannot be reached.
    fn read(&self, key: &CounterKey) -> Result<Vec<(Vec<String>, Count)>, CountersUnavailable>;

    /// Holds all amounts or none, as one step: no other reservation sees, or takes, room in between.
    ///
    /// # Errors
    /// The first hold that does not fit, or the counters cannot be reached; nothing is held then.
    fn reserve(&self, holds: &[Hold]) -> Result<(), ReserveError>;

    /// Releases what was held and counts what was used, as one step. The instant is that of the settlement: what has ended by
    /// then may be forgotten.
    ///
    /// # Errors
    /// The counters cannot be reached.
    fn settle(&self, settlements: &[Settlement], now: Timestamp) -> Result<(), CountersUnavailable>;
}

/// Counters in memory, behind one lock.
///
/// Windows that have ended and hold nothing are forgotten, so that memory follows what is counted now, not what ever was.
#[derive(Debug, Default)]
pub struct MemoryCounters {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    counters: HashMap<CounterKey, BTreeMap<Vec<String>, Count>>,
    /// When it is next looked for windows that have ended: after as many settlements as there are counters.
    sweep_in: usize,
}

impl MemoryCounters {
    /// Returns counters that have counted nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the number of counters that are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.kept).counters.values().map(BTreeMap::len).sum()
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        lock(&self.kept).counters.is_empty()
    }
}

impl Counters for MemoryCounters {
    fn read(&self, key: &CounterKey) -> Result<Vec<(Vec<String>, Count)>, CountersUnavailable> {
        let kept = lock(&self.kept);
        let found = kept.counters.get(key).into_iter().flatten();
        Ok(found.map(|(endpoint, count)| (endpoint.clone(), *count)).collect())
    }

    fn reserve(&self, holds: &[Hold]) -> Result<(), ReserveError> {
        let mut kept = lock(&self.kept);
        for (at, hold) in holds.iter().enumerate() {
            let Some(limit) = hold.limit.filter(|_| !is_zero(hold.amount)) else { continue };
            let count = kept.count(&hold.counter, hold.amount);
            let after = plus(plus(count.counted, count.reserved), hold.amount);
            if after.is_none_or(|after| after > limit) {
                return Err(ReserveError::Full(at));
            }
        }
        for hold in holds {
            let mut count = kept.count(&hold.counter, hold.amount);
            count.reserved = plus_or_most(count.reserved, hold.amount);
            kept.put(&hold.counter, count);
        }
        Ok(())
    }

    fn settle(&self, settlements: &[Settlement], now: Timestamp) -> Result<(), CountersUnavailable> {
        let mut kept = lock(&self.kept);
        for settlement in settlements {
            let mut count = kept.count(&settlement.counter, settlement.used);
            count.reserved = minus(count.reserved, settlement.held);
            count.counted = plus_or_most(count.counted, settlement.used);
            kept.put(&settlement.counter, count);
        }
        kept.sweep(now);
        Ok(())
    }
}

impl Kept {
    fn count(&self, id: &CounterId, like: Amount) -> Count {
        let found = self.counters.get(&id.key).and_then(|parts| parts.get(&id.endpoint)).copied();
        found.unwrap_or(Count { counted: zero_like(like), reserved: zero_like(like) })
    }

    fn put(&mut self, id: &CounterId, count: Count) {
        if let Some(parts) = self.counters.get_mut(&id.key) {
            parts.insert(id.endpoint.clone(), count);
        } else {
            self.counters.insert(id.key.clone(), BTreeMap::from([(id.endpoint.clone(), count)]));
        }
    }

    /// Forgets, now and then, what can count no more: windows that have ended, and counters at zero.
    fn sweep(&mut self, now: Timestamp) {
        self.sweep_in = self.sweep_in.saturating_sub(1);
        if self.sweep_in > 0 {
            return;
        }
        for (key, parts) in &mut self.counters {
            let ended = key.window.is_some_and(|(_, end)| end <= now);
            parts.retain(|_, count| !is_zero(count.reserved) || !(ended || is_zero(count.counted)));
        }
        self.counters.retain(|_, parts| !parts.is_empty());
        self.sweep_in = self.counters.len().max(64);
    }
}

pub(super) fn is_zero(amount: Amount) -> bool {
    match amount {
        Amount::Money(m) => m.is_zero(),
        Amount::Count(n) => n == 0,
    }
}

pub(super) fn zero_like(amount: Amount) -> Amount {
    match amount {
        Amount::Money(_) => Amount::Money(Money::ZERO),
        Amount::Count(_) => Amount::Count(0),
    }
}

/// Returns the sum; `None`: it is past the range, or not of one kind.
fn plus(a: impl Into<Option<Amount>>, b: impl Into<Option<Amount>>) -> Option<Amount> {
    match (a.into()?, b.into()?) {
        (Amount::Money(a), Amount::Money(b)) => a.plus(b).map(Amount::Money),
        (Amount::Count(a), Amount::Count(b)) => a.checked_add(b).map(Amount::Count),
        _ => None,
    }
}

/// Returns the sum, or the most that can be counted: a counter past its range closes what it counts.
pub(super) fn plus_or_most(a: Amount, b: Amount) -> Amount {
    plus(a, b).unwrap_or(match a {
        Amount::Money(_) => Amount::Money(Money(Fixed::from_units(i128::MAX))),
        Amount::Count(_) => Amount::Count(u64::MAX),
    })
}

pub(super) fn minus(a: Amount, b: Amount) -> Amount {
    match (a, b) {
        (Amount::Money(a), Amount::Money(b)) => Amount::Money(a.minus(b)),
        (Amount::Count(a), Amount::Count(b)) => Amount::Count(a.saturating_sub(b)),
        (a, _) => a,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter(name: &str, window: Option<(i64, i64)>) -> CounterId {
        let key = CounterKey {
            budget: name.to_owned(),
            kind: LimitKind::Requests,
            period: window.map(|_| "minute".to_owned()),
            window: window.map(|(start, end)| (Timestamp(start), Timestamp(end))),
            by: Vec::new(),
            values: Vec::new(),
        };
        CounterId { key, endpoint: Vec::new() }
    }

    fn hold(counter: &CounterId, amount: u64, limit: u64) -> Hold {
        Hold { counter: counter.clone(), amount: Amount::Count(amount), limit: Some(Amount::Count(limit)) }
    }

    fn settled(counter: &CounterId, held: u64, used: u64) -> Settlement {
        Settlement { counter: counter.clone(), held: Amount::Count(held), used: Amount::Count(used) }
    }

    fn state(counters: &MemoryCounters, id: &CounterId) -> Option<(Amount, Amount)> {
        let found = counters.read(&id.key).unwrap();
        found.first().map(|(_, count)| (count.counted, count.reserved))
    }

    #[test]
    fn all_amounts_are_held_or_none() {
        let counters = MemoryCounters::new();
        let (a, b) = (counter("a", None), counter("b", None));
        counters.reserve(&[hold(&b, 3, 5)]).unwrap();
        assert_eq!(counters.reserve(&[hold(&a, 1, 5), hold(&b, 3, 5)]), Err(ReserveError::Full(1)));
        assert_eq!(state(&counters, &a), None);
        counters.reserve(&[hold(&a, 1, 5), hold(&b, 2, 5)]).unwrap();
        assert_eq!(state(&counters, &b), Some((Amount::Count(0), Amount::Count(5))));
    }

    #[test]
    fn what_is_settled_counts_and_is_held_no_more() {
        let counters = MemoryCounters::new();
        let a = counter("a", None);
        counters.reserve(&[hold(&a, 4, 5)]).unwrap();
        counters.settle(&[settled(&a, 4, 1)], Timestamp(0)).unwrap();
        assert_eq!(state(&counters, &a), Some((Amount::Count(1), Amount::Count(0))));
        assert_eq!(counters.reserve(&[hold(&a, 5, 5)]), Err(ReserveError::Full(0)));
        counters.reserve(&[hold(&a, 4, 5)]).unwrap();
    }

    #[test]
    fn nothing_fits_beside_a_hold_of_nothing_but_nothing() {
        let counters = MemoryCounters::new();
        let a = counter("a", None);
        counters.reserve(&[hold(&a, 5, 5)]).unwrap();
        counters.reserve(&[hold(&a, 0, 5)]).unwrap();
        assert_eq!(counters.reserve(&[hold(&a, 1, 5)]), Err(ReserveError::Full(0)));
    }

    #[test]
    fn what_is_past_the_range_closes() {
        let counters = MemoryCounters::new();
        let a = counter("a", None);
        counters.settle(&[settled(&a, 0, u64::MAX)], Timestamp(0)).unwrap();
        assert_eq!(counters.reserve(&[hold(&a, 1, u64::MAX)]), Err(ReserveError::Full(0)));
        counters.settle(&[settled(&a, 0, 7)], Timestamp(0)).unwrap();
        assert_eq!(state(&counters, &a), Some((Amount::Count(u64::MAX), Amount::Count(0))));
    }

    #[test]
    fn windows_that_have_ended_are_forgotten_once_they_hold_nothing() {
        let counters = MemoryCounters::new();
        for minute in 0..10_000 {
            let id = counter("a", Some((minute, minute + 1)));
            counters.reserve(&[hold(&id, 1, 1)]).unwrap();
            counters.settle(&[settled(&id, 1, 1)], Timestamp(minute)).unwrap();
        }
        assert!(counters.len() <= 130, "{} counters are kept", counters.len());
        let held = counter("held", Some((0, 1)));
        counters.reserve(&[hold(&held, 1, 1)]).unwrap();
        for _ in 0..1000 {
            counters.settle(&[settled(&counter("b", None), 0, 1)], Timestamp(20_000)).unwrap();
        }
        assert_eq!(counters.len(), 2);
        assert_eq!(state(&counters, &held), Some((Amount::Count(0), Amount::Count(1))));
    }
}
