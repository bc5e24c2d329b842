//! Conditions as a table of nodes: equal parts once, attributes resolved, texts of requests turned into numbers.
//!
//! A node is known by what it reads. One that reads facts of endpoints alone becomes a pair of bit sets when a catalog is
//! bound; one that reads the request alone is asked once for a decision; the rest is asked for each endpoint that is
//! still there.

use std::collections::HashMap;

use faregate_syntax::ast::{CompareOp, Quantifier};
use rustc_hash::FxBuildHasher;

use super::leaf::{Leaf, Right, Wanted, fingerprint, leaf_reads};
use super::source::{AttemptFact, Clock, Fact, Source};
use super::value::{key_field, request_field};
use crate::attributes::{Subject, Type, Vocabulary};
use crate::classes::ErrorClass;
use crate::ir::{Attr, Expr, ExprKind, Member, Policy, SetTerm, Term, Value};
use crate::time::Zone;

/// The place of a node.
pub(super) type NodeId = u32;

/// A map that is asked for texts of requests. Its keys come from the policy or the catalog, never from a request.
pub(super) type Table<K, V> = HashMap<K, V, FxBuildHasher>;

/// What a node reads.
pub(super) mod reads {
    /// Facts of the request, the key, the time.
    pub(in crate::compiled) const REQUEST: u8 = 1;
    /// Facts of an endpoint that its catalog settles.
    pub(in crate::compiled) const CATALOG: u8 = 2;
    /// Facts of a candidate that the moment or the credential settles.
    pub(in crate::compiled) const MOMENT: u8 = 4;
    /// Facts of an attempt that failed.
    pub(in crate::compiled) const ATTEMPT: u8 = 8;
    /// Prices, which the catalog settles but where they change with size or time, or an own credential has others.
    pub(in crate::compiled) const PRICE: u8 = 16;
}

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Node {
    Constant(bool),
    All(Box<[NodeId]>),
    Any(Box<[NodeId]>),
    Not(NodeId),
    Leaf(u32),
}

/// A text of the request that conditions compare with texts of the policy, and the symbols of those.
#[derive(Clone, Debug)]
pub(super) struct TextSlot {
    pub(super) source: Source,
    /// Whether a declaration lists its values. Then all of them stand in `symbols`, and no other is allowed.
    pub(super) closed: bool,
    pub(super) symbols: Table<Box<str>, u32>,
}

/// A set of the request that conditions look into, and the bits of what they look for.
#[derive(Clone, Debug)]
pub(super) struct SetSlot {
    pub(super) source: Source,
    /// Whether a declaration lists its members; as of texts.
    pub(super) closed: bool,
    pub(super) bits: Table<Box<str>, u32>,
}

/// All conditions of a policy.
#[derive(Clone, Debug, Default)]
pub(super) struct Arena {
    pub(super) nodes: Vec<Node>,
    /// What each node reads.
    pub(super) reads: Vec<u8>,
    pub(super) leaves: Vec<Leaf>,
    pub(super) texts: Vec<TextSlot>,
    pub(super) sets: Vec<SetSlot>,
    /// The first is UTC.
    pub(super) zones: Vec<Zone>,
}

/// A comparison of a text or a set of the request, one of several that must all hold.
#[derive(Clone, Copy, Debug)]
pub(super) enum Atom {
    Is { slot: usize, symbol: u32 },
    IsNot { slot: usize, symbol: u32 },
    Overlaps { slot: usize, mask: u64 },
    Holds { slot: usize, mask: u64 },
}

impl Arena {
    /// Collects the plain comparisons that must all hold for a node to hold; `intricate`: there is more to it.
    pub(super) fn atoms(&self, node: NodeId, atoms: &mut Vec<Atom>, intricate: &mut bool) {
        match self.nodes.get(at(node)) {
            Some(Node::All(parts)) => parts.iter().for_each(|p| self.atoms(*p, atoms, intricate)),
            Some(Node::Leaf(leaf)) => match self.leaves.get(at(*leaf)) {
                Some(Leaf::Is { slot, symbol, negated: false }) => {
                    atoms.push(Atom::Is { slot: *slot, symbol: *symbol });
                }
                Some(Leaf::Is { slot, symbol, negated: true }) => {
                    atoms.push(Atom::IsNot { slot: *slot, symbol: *symbol });
                }
                Some(Leaf::Overlaps { slot, mask }) => {
                    atoms.push(Atom::Overlaps { slot: *slot, mask: *mask })
                }
                Some(Leaf::Holds { slot, mask }) => atoms.push(Atom::Holds { slot: *slot, mask: *mask }),
                _ => *intricate = true,
            },
            _ => *intricate = true,
        }
    }

    pub(super) fn reads(&self, node: NodeId) -> u8 {
        self.reads.get(at(node)).copied().unwrap_or(0)
    }

    /// Whether the catalog settles a node; where it [reads prices](Self::reads_prices), for those whose prices never change.
    pub(super) fn is_of_catalog(&self, node: NodeId) -> bool {
        self.reads(node) & !(reads::CATALOG | reads::PRICE) == 0
    }

    pub(super) fn reads_prices(&self, node: NodeId) -> bool {
        self.reads(node) & reads::PRICE != 0
    }

    /// Whether the request alone settles a node.
    pub(super) fn is_of_request(&self, node: NodeId) -> bool {
        self.reads(node) & !reads::REQUEST == 0
    }
}

/// Returns an index as one of a vector.
pub(super) fn at(id: u32) -> usize {
    usize::try_from(id).unwrap_or(usize::MAX)
}

/// Returns a place in a vector as an index. No policy and no catalog has that many parts.
pub(super) fn id(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// Turns expressions into nodes.
pub(super) struct Builder<'p> {
    policy: &'p Policy,
    pub(super) arena: Arena,
    nodes: Table<Node, NodeId>,
    leaves: Table<u64, Vec<(u32, &'p ExprKind)>>,
    text_slots: Table<(Subject, &'p str), usize>,
    set_slots: Table<(Subject, &'p str), usize>,
}

impl<'p> Builder<'p> {
    pub(super) fn new(policy: &'p Policy) -> Self {
        let arena = Arena { zones: vec![Zone::utc()], ..Arena::default() };
        Self {
            policy,
            arena,
            nodes: Table::default(),
            leaves: Table::default(),
            text_slots: Table::default(),
            set_slots: Table::default(),
        }
    }

    pub(super) fn node(&mut self, expr: &'p Expr) -> NodeId {
        let node = match &expr.kind {
            ExprKind::Constant(value) => Node::Constant(*value),
            ExprKind::And(parts) => Node::All(parts.iter().map(|p| self.node(p)).collect()),
            ExprKind::Or(parts) => Node::Any(parts.iter().map(|p| self.node(p)).collect()),
            ExprKind::Not(inner) => Node::Not(self.node(inner)),
            _ => Node::Leaf(self.leaf(expr)),
        };
        self.push(node)
    }

    /// Returns the node of this form, one that is there already where there is one.
    pub(super) fn push(&mut self, node: Node) -> NodeId {
        if let Some(known) = self.nodes.get(&node) {
            return *known;
        }
        let of = |node: &NodeId| self.arena.reads(*node);
        let reads = match &node {
            Node::Constant(_) => 0,
            Node::All(parts) | Node::Any(parts) => parts.iter().map(of).fold(0, |a, b| a | b),
            Node::Not(inner) => of(inner),
            Node::Leaf(leaf) => self.arena.leaves.get(at(*leaf)).map_or(0, leaf_reads),
        };
        let place = id(self.arena.nodes.len());
        self.arena.nodes.push(node.clone());
        self.arena.reads.push(reads);
        self.nodes.insert(node, place);
        place
    }

    fn leaf(&mut self, expr: &'p Expr) -> u32 {
        let fingerprint = fingerprint(&expr.kind);
        let same = self.leaves.get(&fingerprint).into_iter().flatten().find(|(_, kind)| **kind == expr.kind);
        if let Some((known, _)) = same {
            return *known;
        }
        let leaf = self.compile(expr);
        let place = id(self.arena.leaves.len());
        self.arena.leaves.push(leaf);
        self.leaves.entry(fingerprint).or_default().push((place, &expr.kind));
        place
    }

    fn compile(&mut self, expr: &'p Expr) -> Leaf {
        let mut of_attempt = false;
        crate::check::attributes(expr, &mut |a| of_attempt |= a.subject == Subject::Attempt);
        if of_attempt {
            let can = |class: ErrorClass| match crate::reference::eval::error_leaf(expr, class) {
                Some(holds) => (holds, !holds),
                None => (true, true),
            };
            let possible = ErrorClass::ALL.into_iter().map(|class| (class, can(class))).collect();
            return Leaf::Attempt { possible, exact: Box::new(self.comparison(expr)) };
        }
        self.comparison(expr)
    }

    fn comparison(&mut self, expr: &'p Expr) -> Leaf {
        match &expr.kind {
            ExprKind::Flag(attr) => Leaf::Flag(self.source(attr, None)),
            ExprKind::Present(attr) => Leaf::Present(self.source(attr, None)),
            ExprKind::Compare { left, op, right, zone } => {
                if let Term::Value(Value::Text(text)) = right
                    && matches!(op, CompareOp::Eq | CompareOp::Ne)
                    && let Some(slot) = self.text_slot(left)
                {
                    return Leaf::Is { slot, symbol: self.symbol(slot, text), negated: *op == CompareOp::Ne };
                }
                let right = match right {
                    Term::Value(value) => Right::Value(value.clone()),
                    Term::Attr(attr) => Right::Source(self.source(attr, zone.as_ref())),
                };
                let source = self.source(left, zone.as_ref());
                Leaf::Compare { left: source, op: *op, right, models: of_models(left) }
            }
            ExprKind::Between { left, low, high, zone } => Leaf::Between {
                left: self.source(left, zone.as_ref()),
                low: *low,
                high: *high,
                clock: left.ty == Type::TimeOfDay,
            },
            ExprKind::In { left, members, zone } => {
                let texts: Option<Vec<&str>> = members
                    .iter()
                    .map(|m| match m {
                        Member::Value(Value::Text(text)) => Some(text.as_str()),
                        _ => None,
                    })
                    .collect();
                if let Some(texts) = texts
                    && let Some(slot) = self.text_slot(left)
                {
                    let symbols = texts.into_iter().map(|t| self.symbol(slot, t)).collect();
                    return Leaf::OneOf { slot, symbols };
                }
                let left_source = self.source(left, zone.as_ref());
                Leaf::In { left: left_source, members: members.as_slice().into(), models: of_models(left) }
            }
            ExprKind::Includes { left, quantifier, right } => {
                let any = *quantifier == Quantifier::Any;
                if let SetTerm::Values(values) = right
                    && let Some(slot) = self.set_slot(left)
                    && let Some(mask) = self.mask(slot, values)
                {
                    return if any { Leaf::Overlaps { slot, mask } } else { Leaf::Holds { slot, mask } };
                }
                let right = match right {
                    SetTerm::Values(values) => Wanted::Values(values.as_slice().into()),
                    SetTerm::Attr(attr) => Wanted::Source(self.source(attr, None)),
                };
                Leaf::Includes { left: self.source(left, None), any, right, models: of_models(left) }
            }
            ExprKind::Matches { left, pattern } => {
                Leaf::Matches { left: self.source(left, None), pattern: pattern.clone() }
            }
            // Not leaves.
            ExprKind::Constant(_) | ExprKind::And(_) | ExprKind::Or(_) | ExprKind::Not(_) => {
                Leaf::Flag(Source::Nothing)
            }
        }
    }

    /// Makes a slot of each attribute of which a declaration lists the values, and enters those of which no condition speaks:
    /// what is not in a slot's table is then not declared. After this no condition is compiled.
    pub(super) fn close_slots(&mut self) {
        for (place, declared) in self.policy.declared.iter().enumerate() {
            let (source, key) = (Source::Declared(place), (declared.subject, declared.name.as_str()));
            match &declared.ty {
                Type::Text(Vocabulary::Declared(values)) => {
                    let slots = &mut self.arena.texts;
                    let slot = *self.text_slots.entry(key).or_insert_with(|| {
                        slots.push(TextSlot { source, closed: true, symbols: Table::default() });
                        slots.len().saturating_sub(1)
                    });
                    let Some(slot) = slots.get_mut(slot) else { continue };
                    slot.closed = true;
                    for value in values.iter() {
                        slot.symbols.entry(value.as_str().into()).or_insert(NO_SYMBOL);
                    }
                }
                Type::Set(Vocabulary::Declared(values)) => {
                    let slots = &mut self.arena.sets;
                    let slot = *self.set_slots.entry(key).or_insert_with(|| {
                        slots.push(SetSlot { source, closed: true, bits: Table::default() });
                        slots.len().saturating_sub(1)
                    });
                    let Some(slot) = slots.get_mut(slot) else { continue };
                    slot.closed = true;
                    for value in values.iter() {
                        slot.bits.entry(value.as_str().into()).or_insert(NO_BIT);
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether a slot holds the values of an attribute, so that it also sees to it that they are declared.
    pub(super) fn has_slot(&self, subject: Subject, name: &str) -> bool {
        self.text_slots.contains_key(&(subject, name)) || self.set_slots.contains_key(&(subject, name))
    }

    /// Returns where the value of an attribute is.
    pub(super) fn source(&mut self, attr: &Attr, zone: Option<&Zone>) -> Source {
        let declared =
            self.policy.declared.iter().position(|d| d.subject == attr.subject && d.name == attr.name);
        if let Some(place) = declared {
            return Source::Declared(place);
        }
        match attr.subject {
            Subject::Request => match attr.name.as_str() {
                "total_tokens" => Source::TotalTokens,
                "model" => Source::Model,
                "models" => Source::Models,
                name => request_field(name).map_or(Source::Nothing, Source::Request),
            },
            Subject::Key => key_field(&attr.name).map_or(Source::Nothing, Source::Key),
            Subject::Endpoint => Fact::named(&attr.name).map_or(Source::Nothing, Source::Fact),
            Subject::Time => match attr.name.as_str() {
                "now" => Source::Now,
                "date" => Source::Clock(Clock::Date, self.zone(zone)),
                "hour" => Source::Clock(Clock::Hour, self.zone(zone)),
                "weekday" => Source::Clock(Clock::Weekday, self.zone(zone)),
                _ => Source::Nothing,
            },
            Subject::Attempt => AttemptFact::named(&attr.name).map_or(Source::Nothing, Source::Attempt),
        }
    }

    fn zone(&mut self, zone: Option<&Zone>) -> usize {
        let Some(zone) = zone else { return 0 };
        if let Some(known) = self.arena.zones.iter().position(|z| z == zone) {
            return known;
        }
        self.arena.zones.push(zone.clone());
        self.arena.zones.len().saturating_sub(1)
    }

    /// Returns the slot of a text of request or key; `None`: it is none, or one in which aliases count.
    fn text_slot(&mut self, attr: &'p Attr) -> Option<usize> {
        if !matches!(attr.ty, Type::Text(_)) || of_models(attr) {
            return None;
        }
        let source = self.source(attr, None);
        if !matches!(source, Source::Request(_) | Source::Key(_) | Source::Declared(_)) {
            return None;
        }
        let key = (attr.subject, attr.name.as_str());
        let texts = &mut self.arena.texts;
        Some(*self.text_slots.entry(key).or_insert_with(|| {
            texts.push(TextSlot { source, closed: false, symbols: Table::default() });
            texts.len().saturating_sub(1)
        }))
    }

    fn symbol(&mut self, slot: usize, text: &str) -> u32 {
        let Some(slot) = self.arena.texts.get_mut(slot) else { return NO_SYMBOL };
        if let Some(known) = slot.symbols.get(text) {
            return *known;
        }
        let symbol = id(slot.symbols.len());
        slot.symbols.insert(text.into(), symbol);
        symbol
    }

    fn set_slot(&mut self, attr: &'p Attr) -> Option<usize> {
        if !matches!(attr.ty, Type::Set(_)) || of_models(attr) {
            return None;
        }
        let source = self.source(attr, None);
        if !matches!(source, Source::Request(_) | Source::Key(_) | Source::Declared(_)) {
            return None;
        }
        let key = (attr.subject, attr.name.as_str());
        let sets = &mut self.arena.sets;
        Some(*self.set_slots.entry(key).or_insert_with(|| {
            sets.push(SetSlot { source, closed: false, bits: Table::default() });
            sets.len().saturating_sub(1)
        }))
    }

    /// Returns the bits of these texts; `None`: there are more than 64 in all.
    fn mask(&mut self, slot: usize, texts: &[String]) -> Option<u64> {
        let slot = self.arena.sets.get_mut(slot)?;
        let mut mask = 0_u64;
        for text in texts {
            let bit = match slot.bits.get(text.as_str()) {
                Some(bit) => *bit,
                None => {
                    let bit = id(slot.bits.len());
                    if bit >= u64::BITS {
                        return None;
                    }
                    slot.bits.insert(text.as_str().into(), bit);
                    bit
                }
            };
            mask |= 1_u64.checked_shl(bit)?;
        }
        Some(mask)
    }
}

/// The symbol of a text that no condition compares with.
pub(super) const NO_SYMBOL: u32 = u32::MAX.wrapping_sub(1);

/// The symbol of a text that is unknown.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// The bit of a text for which no condition looks.
const NO_BIT: u32 = u32::MAX;

fn of_models(attr: &Attr) -> bool {
    matches!(attr.ty, Type::Text(Vocabulary::Models) | Type::Set(Vocabulary::Models))
}
