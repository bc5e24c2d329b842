//! Conditions as a table of nodes: equal parts once, attributes resolved, texts of requests turned into numbers.
//!
//! A node is known by what it reads. One that reads facts of endpoints alone becomes a pair of bit sets when a catalog is
//! bound; one that reads the request alone is asked once for a decision; the rest is asked for each endpoint that is
//! still there.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use faregate_syntax::ast::{CompareOp, Quantifier};
use rustc_hash::{FxBuildHasher, FxHasher};

use super::cost::PriceKind;
use super::value::{KeyField, RequestField, Texts, Val, key_field, request_field};
use crate::attributes::{PERCENTILES, Subject, Type, Vocabulary};
use crate::catalog::Catalog;
use crate::ir::{Attr, Expr, ExprKind, Member, Policy, SetTerm, Term, Value};
use crate::pattern::Pattern;
use crate::reference::truth::Truth;
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

/// Where the value of an attribute is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    Request(RequestField),
    TotalTokens,
    Model,
    Models,
    Key(KeyField),
    /// Index into the policy's declarations.
    Declared(usize),
    Fact(Fact),
    Now,
    Clock(Clock, usize),
    Attempt,
    Nothing,
}

/// A part of the time on a wall clock; its zone stands beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    Date,
    Hour,
    Weekday,
}

/// A fact of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    Id,
    Model,
    NativeModel,
    Provider,
    Region,
    Quantization,
    ContextLength,
    MaxOutputTokens,
    Supports,
    Modalities,
    Tags,
    Free,
    Zdr,
    Trains,
    Retains,
    Deprecated,
    JointContext,
    Sunset,
    Credential,
    Byok,
    Price(PriceKind),
    WebSearch,
    Cost,
    Uptime,
    ErrorRate,
    Health,
    CoolingDown,
    Latency(usize),
    Throughput(usize),
}

impl Fact {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "id" => Self::Id,
            "model" => Self::Model,
            "native_model" => Self::NativeModel,
            "provider" => Self::Provider,
            "region" => Self::Region,
            "quantization" => Self::Quantization,
            "context_length" => Self::ContextLength,
            "max_output_tokens" => Self::MaxOutputTokens,
            "supports" => Self::Supports,
            "modalities" => Self::Modalities,
            "tags" => Self::Tags,
            "free" => Self::Free,
            "zdr" => Self::Zdr,
            "trains" => Self::Trains,
            "retains" => Self::Retains,
            "deprecated" => Self::Deprecated,
            "joint_context" => Self::JointContext,
            "sunset" => Self::Sunset,
            "credential" => Self::Credential,
            "byok" => Self::Byok,
            "price_prompt" => Self::Price(PriceKind::Prompt),
            "price_completion" => Self::Price(PriceKind::Completion),
            "price_request" => Self::Price(PriceKind::Request),
            "price_image" => Self::Price(PriceKind::Image),
            "price_cache_read" => Self::Price(PriceKind::CacheRead),
            "price_cache_write" => Self::Price(PriceKind::CacheWrite),
            "price_reasoning" => Self::Price(PriceKind::Reasoning),
            "price_web_search" => Self::WebSearch,
            "cost" => Self::Cost,
            "uptime" => Self::Uptime,
            "error_rate" => Self::ErrorRate,
            "health" => Self::Health,
            "cooling_down" => Self::CoolingDown,
            _ => {
                let (figure, percentile) = name.split_once('_')?;
                let at = PERCENTILES.iter().position(|p| *p == percentile)?;
                match figure {
                    "latency" => Self::Latency(at),
                    "throughput" => Self::Throughput(at),
                    _ => return None,
                }
            }
        })
    }

    /// Whether the catalog alone settles it, whatever the credential and the moment.
    fn of_catalog(self) -> bool {
        use Fact as F;
        matches!(
            self,
            F::Id
                | F::Model
                | F::NativeModel
                | F::Provider
                | F::Region
                | F::Quantization
                | F::ContextLength
                | F::MaxOutputTokens
                | F::Supports
                | F::Modalities
                | F::Tags
                | F::Free
                | F::Zdr
                | F::Trains
                | F::Retains
                | F::Deprecated
                | F::JointContext
                | F::Sunset
        )
    }
}

impl Source {
    fn reads(self) -> u8 {
        match self {
            Self::Fact(fact) if fact.of_catalog() => reads::CATALOG,
            Self::Fact(_) => reads::MOMENT,
            Self::Attempt => reads::ATTEMPT,
            _ => reads::REQUEST,
        }
    }
}

/// A comparison.
#[derive(Clone, Debug)]
pub(super) enum Leaf {
    /// A text of the request is this symbol.
    Is {
        slot: usize,
        symbol: u32,
        negated: bool,
    },
    /// A text of the request is one of these symbols.
    OneOf {
        slot: usize,
        symbols: Box<[u32]>,
    },
    /// A set of the request has one of these bits.
    Overlaps {
        slot: usize,
        mask: u64,
    },
    /// A set of the request has all of these bits.
    Holds {
        slot: usize,
        mask: u64,
    },
    Flag(Source),
    Present(Source),
    /// `models`: the texts of the policy may be aliases.
    Compare {
        left: Source,
        op: CompareOp,
        right: Right,
        models: bool,
    },
    /// `clock`: the end is outside, and the range wraps.
    Between {
        left: Source,
        low: i128,
        high: i128,
        clock: bool,
    },
    In {
        left: Source,
        members: Box<[Member]>,
        models: bool,
    },
    Includes {
        left: Source,
        any: bool,
        right: Wanted,
        models: bool,
    },
    Matches {
        left: Source,
        pattern: Pattern,
    },
    /// What reads an attempt; only what is possible can be said of it.
    Attempt(Box<Expr>),
}

#[derive(Clone, Debug)]
pub(super) enum Right {
    Value(Value),
    Source(Source),
}

#[derive(Clone, Debug)]
pub(super) enum Wanted {
    Values(Box<[String]>),
    Source(Source),
}

/// A text of the request that conditions compare with texts of the policy, and the symbols of those.
#[derive(Clone, Debug)]
pub(super) struct TextSlot {
    pub(super) source: Source,
    pub(super) symbols: Table<Box<str>, u32>,
}

/// A set of the request that conditions look into, and the bits of what they look for.
#[derive(Clone, Debug)]
pub(super) struct SetSlot {
    pub(super) source: Source,
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

impl Arena {
    pub(super) fn reads(&self, node: NodeId) -> u8 {
        self.reads.get(at(node)).copied().unwrap_or(0)
    }

    /// Whether the catalog alone settles a node.
    pub(super) fn is_of_catalog(&self, node: NodeId) -> bool {
        self.reads(node) & !reads::CATALOG == 0
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
            return Leaf::Attempt(Box::new(expr.clone()));
        }
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
            Subject::Attempt => Source::Attempt,
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
            texts.push(TextSlot { source, symbols: Table::default() });
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
            sets.push(SetSlot { source, bits: Table::default() });
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

fn of_models(attr: &Attr) -> bool {
    matches!(attr.ty, Type::Text(Vocabulary::Models) | Type::Set(Vocabulary::Models))
}

fn leaf_reads(leaf: &Leaf) -> u8 {
    match leaf {
        Leaf::Is { .. } | Leaf::OneOf { .. } | Leaf::Overlaps { .. } | Leaf::Holds { .. } => reads::REQUEST,
        Leaf::Flag(source)
        | Leaf::Present(source)
        | Leaf::Between { left: source, .. }
        | Leaf::In { left: source, .. }
        | Leaf::Matches { left: source, .. }
        | Leaf::Compare { left: source, right: Right::Value(_), .. }
        | Leaf::Includes { left: source, right: Wanted::Values(_), .. } => source.reads(),
        Leaf::Compare { left, right: Right::Source(right), .. }
        | Leaf::Includes { left, right: Wanted::Source(right), .. } => left.reads() | right.reads(),
        Leaf::Attempt(_) => reads::ATTEMPT | reads::MOMENT,
    }
}

/// A hash by which equal comparisons find each other.
fn fingerprint(kind: &ExprKind) -> u64 {
    let mut hasher = FxHasher::default();
    std::mem::discriminant(kind).hash(&mut hasher);
    let attr = |attr: &Attr, hasher: &mut FxHasher| {
        attr.subject.hash(hasher);
        attr.name.hash(hasher);
    };
    let value = |value: &Value, hasher: &mut FxHasher| match value {
        Value::Text(text) => text.hash(hasher),
        Value::Bool(flag) => flag.hash(hasher),
        Value::Number(n) => n.hash(hasher),
        Value::Set(set) => set.hash(hasher),
    };
    match kind {
        ExprKind::Flag(a) | ExprKind::Present(a) => attr(a, &mut hasher),
        ExprKind::Compare { left, op, right, .. } => {
            attr(left, &mut hasher);
            op.hash(&mut hasher);
            match right {
                Term::Value(v) => value(v, &mut hasher),
                Term::Attr(a) => attr(a, &mut hasher),
            }
        }
        ExprKind::Between { left, low, high, .. } => {
            attr(left, &mut hasher);
            (low, high).hash(&mut hasher);
        }
        ExprKind::In { left, members, .. } => {
            attr(left, &mut hasher);
            for member in members {
                match member {
                    Member::Value(v) => value(v, &mut hasher),
                    Member::Group(name, _) => name.hash(&mut hasher),
                }
            }
        }
        ExprKind::Includes { left, quantifier, right } => {
            attr(left, &mut hasher);
            quantifier.hash(&mut hasher);
            match right {
                SetTerm::Values(values) => values.hash(&mut hasher),
                SetTerm::Attr(a) => attr(a, &mut hasher),
            }
        }
        ExprKind::Matches { left, pattern } => {
            attr(left, &mut hasher);
            pattern.as_str().hash(&mut hasher);
        }
        ExprKind::Constant(_) | ExprKind::And(_) | ExprKind::Or(_) | ExprKind::Not(_) => {}
    }
    hasher.finish()
}

/// Returns the truth of a comparison whose values are looked up one by one, as `reference::eval` has it.
pub(super) fn leaf_truth<'a>(
    leaf: &'a Leaf,
    catalog: &'a Catalog,
    value: impl Fn(Source) -> Option<Val<'a>>,
) -> Truth {
    let resolved = |text: &'a str, models: bool| if models { catalog.resolve(text) } else { text };
    match leaf {
        Leaf::Flag(source) => match value(*source) {
            Some(Val::Bool(flag)) => Truth::from(flag),
            _ => Truth::Unknown,
        },
        Leaf::Present(source) => Truth::from(value(*source).is_some()),
        Leaf::Compare { left, op, right, models } => {
            let right = match right {
                Right::Value(Value::Text(text)) => Some(Val::Text(resolved(text, *models))),
                Right::Value(value) => Some(Val::of(value)),
                Right::Source(source) => value(*source),
            };
            Truth::known(value(*left).zip(right).map(|(a, b)| compare(a, *op, b)))
        }
        Leaf::Between { left, low, high, clock } => match value(*left) {
            Some(Val::Number(n)) if *clock => {
                Truth::from(if low <= high { *low <= n && n < *high } else { n >= *low || n < *high })
            }
            Some(Val::Number(n)) => Truth::from(*low <= n && n <= *high),
            _ => Truth::Unknown,
        },
        Leaf::In { left, members, models } => match value(*left) {
            None => Truth::Unknown,
            Some(value) => Truth::from(members.iter().any(|member| match (member, value) {
                (Member::Value(Value::Text(wanted)), Val::Text(text)) => resolved(wanted, *models) == text,
                (Member::Value(wanted), value) => compare(Val::of(wanted), CompareOp::Eq, value),
                (Member::Group(_, patterns), Val::Text(text)) => {
                    patterns.iter().any(|p| p.matches(text) || catalog.resolve(p.as_str()) == text)
                }
                _ => false,
            })),
        },
        Leaf::Includes { left, any, right, models } => {
            let Some(Val::Set(set)) = value(*left) else { return Truth::Unknown };
            let holds = match right {
                Wanted::Values(values) => {
                    let within = |v: &'a String| set.contains(resolved(v, *models));
                    if *any { values.iter().any(within) } else { values.iter().all(within) }
                }
                Wanted::Source(source) => {
                    let wanted = match value(*source) {
                        Some(Val::Set(wanted)) => wanted,
                        Some(Val::Text(text)) => Texts::One(text),
                        _ => return Truth::Unknown,
                    };
                    let within = |text: &str| set.contains(text);
                    if *any { wanted.any(within) } else { wanted.all(within) }
                }
            };
            Truth::from(holds)
        }
        Leaf::Matches { left, pattern } => match value(*left) {
            Some(Val::Text(text)) => Truth::from(pattern.matches(text)),
            _ => Truth::Unknown,
        },
        // These are read by number, or not at all.
        Leaf::Is { .. }
        | Leaf::OneOf { .. }
        | Leaf::Overlaps { .. }
        | Leaf::Holds { .. }
        | Leaf::Attempt(_) => Truth::Unknown,
    }
}

fn compare(a: Val<'_>, op: CompareOp, b: Val<'_>) -> bool {
    let ordering = match (a, b) {
        (Val::Number(a), Val::Number(b)) => a.cmp(&b),
        (Val::Text(a), Val::Text(b)) => a.cmp(b),
        (Val::Bool(a), Val::Bool(b)) => a.cmp(&b),
        // The checker lets no other pair through.
        _ => return false,
    };
    match op {
        CompareOp::Eq => ordering.is_eq(),
        CompareOp::Ne => ordering.is_ne(),
        CompareOp::Lt => ordering.is_lt(),
        CompareOp::Le => ordering.is_le(),
        CompareOp::Gt => ordering.is_gt(),
        CompareOp::Ge => ordering.is_ge(),
    }
}
