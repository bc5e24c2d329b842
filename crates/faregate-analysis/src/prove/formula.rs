//! Formulas over facts of a request and its context: shared, so that equal formulas are one, and folded while they are built.
//!
//! That is also what makes classes of endpoints: those that no condition, price or fact in use tells apart have the same
//! formula, and are asked about once.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use faregate::Timestamp;
use faregate::model::Zone;
use faregate_syntax::ast::CompareOp;

/// A formula: its place among the nodes, the lowest bit says whether it is negated.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) struct Formula(u32);

impl Formula {
    pub(super) const TRUE: Self = Self(0);
    pub(super) const FALSE: Self = Self(1);

    pub(super) fn of_node(node: u32) -> Self {
        Self(node.wrapping_shl(1))
    }

    pub(super) fn not(self) -> Self {
        Self(self.0 ^ 1)
    }

    pub(super) fn node(self) -> u32 {
        self.0 >> 1
    }

    pub(super) fn negated(self) -> bool {
        self.0 & 1 == 1
    }

    pub(super) fn of(value: bool) -> Self {
        if value { Self::TRUE } else { Self::FALSE }
    }
}

/// What a formula is made of; negation stands in [`Formula`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Node {
    True,
    Atom(Atom),
    All(Box<[Formula]>),
}

/// A fact that can be or not be.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Atom {
    /// The attribute has a value.
    Known(Key),
    /// It is known and true.
    IsTrue(Key),
    /// It is known and passes the test.
    Text(Key, TextTest),
    /// It is known and holds the member.
    Has(Key, String),
    /// It is known and holds nothing but these.
    Within(Key, BTreeSet<String>),
    /// It is known and at most so much.
    AtMost(Key, i128),
    /// The sum of the terms is at most so much; all of them are known wherever this is asked.
    Sum(Sum),
    /// What the clock says: a test of [`Arena::moment`].
    Moment(usize),
    /// Anything: where the model does not follow the engine exactly.
    Free(u32),
}

/// A test of a text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) enum TextTest {
    Is(String),
    Like(String),
}

impl TextTest {
    pub(super) fn passes(&self, text: &str) -> bool {
        match self {
            Self::Is(wanted) => wanted == text,
            Self::Like(pattern) => like(pattern, text),
        }
    }
}

/// Whether a text matches a pattern, as the language does it.
pub(super) fn like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or("")) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// `Σ factor × attribute ≤ most`, the keys ascending, at least two of them, no factor zero.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Sum {
    pub(super) terms: Vec<(Key, i128)>,
    pub(super) most: i128,
}

/// An attribute of request or context.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) struct Key(u32);

/// Where the value of an attribute stands in the data.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Place {
    /// A built-in field of the request.
    Request(String),
    /// What the policy declares for requests.
    RequestAttribute(String),
    /// A built-in field of the key.
    Key(String),
    /// What the policy declares for keys.
    KeyAttribute(String),
    /// A fact of an endpoint, now.
    Endpoint(String, String),
    /// A price, or the cost, of an own credential.
    Own(String),
    /// A fact of whichever endpoint or failed call is asked about.
    Any(String),
    /// `max_price { output … }` of the caller.
    CallerOutput,
}

/// What values an attribute can have.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Range {
    Text(Option<Arc<BTreeSet<String>>>),
    Set(Option<Arc<BTreeSet<String>>>),
    Bool,
    /// From, to; both inside.
    Number(i128, i128),
}

/// An attribute and its values.
#[derive(Clone, Debug)]
pub(super) struct About {
    pub(super) place: Place,
    pub(super) range: Range,
    /// Whether it always has a value.
    pub(super) known: bool,
    /// The value that it has where nothing is said, where it always has one.
    pub(super) absent: Absent,
    /// Written as a duration, as money and so on, where the data need to know.
    pub(super) unit: Unit,
}

/// What an attribute is where nothing is said.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Absent {
    Unknown,
    Text(String),
    Bool(bool),
    Number(i128),
    Set(BTreeSet<String>),
    /// Something must be said.
    Required,
}

/// How a number is written in the data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unit {
    Count,
    Fixed,
    Milliseconds,
}

/// A test of the moment.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Moment {
    Compare {
        name: String,
        zone: Option<Zone>,
        op: CompareOp,
        value: i128,
    },
    Weekday {
        zone: Option<Zone>,
        days: BTreeSet<String>,
    },
    /// A time of day in UTC, from (inside) to (outside), in milliseconds.
    Clock(u32, u32),
    /// A time of day in a zone; wraps where the second is smaller.
    Hour {
        zone: Option<Zone>,
        from: i128,
        to: i128,
    },
}

/// What is taken for granted in all formulas of one proof. Each lets more be possible, or less, than a host may do.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Taken {
    /// Which model a name stands for is not known, so that two names may be one.
    pub(super) names_open: bool,
    /// Own credentials cost what the catalog says.
    pub(super) list_prices: bool,
    /// Clocks and weekdays are not held to one another.
    pub(super) any_hour: bool,
}

/// All formulas of one proof.
#[derive(Default)]
pub(super) struct Arena {
    pub(super) taken: Taken,
    nodes: Vec<Node>,
    places: HashMap<Node, u32>,
    about: Vec<About>,
    keys: HashMap<Place, Key>,
    moments: Vec<Moment>,
    /// In how many ways tests of the moment come out together, by the tests: many questions have the same.
    pub(super) moment_ways: RefCell<HashMap<Vec<usize>, MomentWays>>,
    free: u32,
}

/// Ways in which tests of the moment come out, each with an instant.
pub(super) type MomentWays = Rc<Vec<(Vec<bool>, Timestamp)>>;

impl Arena {
    pub(super) fn new() -> Self {
        let mut arena = Self::default();
        arena.intern(Node::True);
        arena
    }

    fn intern(&mut self, node: Node) -> Formula {
        if let Some(place) = self.places.get(&node) {
            return Formula(place << 1);
        }
        let place = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX >> 1);
        self.nodes.push(node.clone());
        self.places.insert(node, place);
        Formula(place << 1)
    }

    pub(super) fn node(&self, formula: Formula) -> &Node {
        const TRUE: &Node = &Node::True;
        self.nodes.get(usize::try_from(formula.node()).unwrap_or(usize::MAX)).unwrap_or(TRUE)
    }

    pub(super) fn about(&self, key: Key) -> Option<&About> {
        self.about.get(usize::try_from(key.0).unwrap_or(usize::MAX))
    }

    /// Returns the key of an attribute, noted down by `about` where it is met first.
    pub(super) fn key(&mut self, place: Place, about: impl FnOnce(Place) -> About) -> Key {
        if let Some(key) = self.keys.get(&place) {
            return *key;
        }
        let key = Key(u32::try_from(self.about.len()).unwrap_or(u32::MAX));
        self.about.push(about(place.clone()));
        self.keys.insert(place, key);
        key
    }

    pub(super) fn moment(&self, at: usize) -> Option<&Moment> {
        self.moments.get(at)
    }

    pub(super) fn free(&mut self) -> Formula {
        self.free = self.free.saturating_add(1);
        self.intern(Node::Atom(Atom::Free(self.free)))
    }

    pub(super) fn moment_is(&mut self, moment: Moment) -> Formula {
        let at = self.moments.iter().position(|m| *m == moment).unwrap_or_else(|| {
            self.moments.push(moment);
            self.moments.len().saturating_sub(1)
        });
        self.intern(Node::Atom(Atom::Moment(at)))
    }

    pub(super) fn known(&mut self, key: Key) -> Formula {
        if self.about(key).is_some_and(|a| a.known) {
            return Formula::TRUE;
        }
        self.intern(Node::Atom(Atom::Known(key)))
    }

    pub(super) fn is_true(&mut self, key: Key) -> Formula {
        self.intern(Node::Atom(Atom::IsTrue(key)))
    }

    pub(super) fn text(&mut self, key: Key, test: TextTest) -> Formula {
        // A text that only a declared list allows is one of it.
        let listed = match self.about(key).map(|a| &a.range) {
            Some(Range::Text(Some(list))) => Some(Arc::clone(list)),
            _ => None,
        };
        match (&test, listed) {
            (TextTest::Is(text), Some(list)) if !list.contains(text) => return Formula::FALSE,
            (TextTest::Like(pattern), Some(list)) => {
                let matching: Vec<String> = list.iter().filter(|t| like(pattern, t)).cloned().collect();
                let parts =
                    matching.into_iter().map(|t| self.intern(Node::Atom(Atom::Text(key, TextTest::Is(t)))));
                let parts: Vec<Formula> = parts.collect();
                return self.any(parts);
            }
            (TextTest::Like(pattern), None) if pattern.bytes().all(|b| b == b'*') && !pattern.is_empty() => {
                return self.known(key);
            }
            _ => {}
        }
        self.intern(Node::Atom(Atom::Text(key, test)))
    }

    pub(super) fn has(&mut self, key: Key, member: String) -> Formula {
        if let Some(Range::Set(Some(list))) = self.about(key).map(|a| &a.range)
            && !list.contains(&member)
        {
            return Formula::FALSE;
        }
        self.intern(Node::Atom(Atom::Has(key, member)))
    }

    pub(super) fn within(&mut self, key: Key, members: BTreeSet<String>) -> Formula {
        self.intern(Node::Atom(Atom::Within(key, members)))
    }

    pub(super) fn at_most(&mut self, key: Key, most: i128) -> Formula {
        match self.about(key).map(|a| &a.range) {
            Some(Range::Number(from, _)) if most < *from => Formula::FALSE,
            Some(Range::Number(_, to)) if most >= *to => self.known(key),
            _ => self.intern(Node::Atom(Atom::AtMost(key, most))),
        }
    }

    /// Returns `Σ factor × attribute ≤ most`, where all of them are known.
    pub(super) fn sum_at_most(&mut self, terms: &[(Key, i128)], most: i128) -> Formula {
        let mut terms = terms.to_vec();
        terms.sort_unstable();
        let mut merged: Vec<(Key, i128)> = Vec::new();
        for (key, factor) in terms {
            match merged.last_mut() {
                Some((last, sum)) if *last == key => match sum.checked_add(factor) {
                    Some(total) => *sum = total,
                    None => return self.free(),
                },
                _ => merged.push((key, factor)),
            }
        }
        merged.retain(|(_, factor)| *factor != 0);
        let divisor = merged.iter().fold(0_i128, |d, (_, factor)| gcd(d, *factor));
        if divisor == 0 {
            return Formula::of(0 <= most);
        }
        // All of them are whole numbers, so the bound may be rounded down.
        let most = most.div_euclid(divisor);
        for (_, factor) in &mut merged {
            *factor = factor.div_euclid(divisor);
        }
        match merged.as_slice() {
            [(key, 1)] => self.at_most(*key, most),
            [(key, -1)] => {
                let Some(below) = most.checked_neg().and_then(|n| n.checked_sub(1)) else {
                    return self.free();
                };
                self.at_most(*key, below).not()
            }
            _ => self.intern(Node::Atom(Atom::Sum(Sum { terms: merged, most }))),
        }
    }

    pub(super) fn all(&mut self, parts: impl IntoIterator<Item = Formula>) -> Formula {
        let mut flat: Vec<Formula> = Vec::new();
        for part in parts {
            if part == Formula::TRUE {
                continue;
            }
            match self.node(part) {
                Node::All(inner) if !part.negated() => flat.extend_from_slice(inner),
                _ => flat.push(part),
            }
        }
        flat.sort_unstable();
        flat.dedup();
        // A formula and its negation are neighbours.
        let contradiction = flat.windows(2).any(|w| matches!(w, [a, b] if a.not() == *b));
        if contradiction || flat.contains(&Formula::FALSE) || self.two_texts(&flat) {
            return Formula::FALSE;
        }
        match flat.as_slice() {
            [] => Formula::TRUE,
            [one] => *one,
            _ => self.intern(Node::All(flat.into_boxed_slice())),
        }
    }

    /// Whether an attribute would have to be two texts at once: the parts are different ones.
    fn two_texts(&self, parts: &[Formula]) -> bool {
        let mut keys: Vec<Key> = Vec::new();
        for part in parts.iter().filter(|p| !p.negated()) {
            if let Node::Atom(Atom::Text(key, TextTest::Is(_))) = self.node(*part) {
                if keys.contains(key) {
                    return true;
                }
                keys.push(*key);
            }
        }
        false
    }

    pub(super) fn any(&mut self, parts: impl IntoIterator<Item = Formula>) -> Formula {
        let negated: Vec<Formula> = parts.into_iter().map(Formula::not).collect();
        self.all(negated).not()
    }

    pub(super) fn both(&mut self, a: Formula, b: Formula) -> Formula {
        self.all([a, b])
    }

    pub(super) fn either(&mut self, a: Formula, b: Formula) -> Formula {
        self.any([a, b])
    }
}

fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a.checked_rem(b).unwrap_or(0));
    }
    i128::try_from(a).unwrap_or(1)
}
