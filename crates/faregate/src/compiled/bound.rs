//! A compiled policy bound to a catalog: what the catalog settles, settled.

use fixedbitset::FixedBitSet;

use super::code::{Code, PassCode, PassId, RouteCode};
use super::columns::{Columns, Known, PriceColumn};
use super::cost::Listed;
use super::expr::{Node, NodeId, at, id};
use crate::catalog::{Catalog, Endpoint, Moment};
use crate::ir::{Body, CeilingKind, Policy, Routing, Tier, TierEntry};
use crate::time::TimeOfDay;
use crate::{Amount, Money};
use faregate_syntax::ast::CredentialMode;

/// What a policy says of a catalog before any request is there.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) columns: Columns,
    /// For each node that the catalog settles: its place in `known`.
    known_at: Vec<u32>,
    known: Vec<Known>,
    passes: Vec<Pass>,
    /// For each workload.
    pub(super) routes: Vec<Option<RouteBound>>,
}

/// Who passes rules that the catalog settles.
#[derive(Debug)]
pub(super) struct Pass {
    /// Those whose prices change pass here where a rule reads prices, and are asked one by one.
    pub(super) set: FixedBitSet,
    /// Whether a rule, or the condition, reads prices.
    pub(super) priced: bool,
}

/// A route, and what its catalog settles of it.
#[derive(Debug)]
pub(super) struct RouteBound {
    /// For each endpoint the tier that names its model first; 0: none does. Without `requested` tiers.
    pub(super) tier_of: Vec<u32>,
    /// Whether there is but one tier.
    pub(super) one_tier: bool,
    /// The written tiers, where one of them is `requested`: the models' endpoints of each.
    pub(super) tiers: Vec<TierBound>,
    /// Shared candidates that pass all that is settled: tiers (without `requested`), rules, credentials.
    pub(super) open: FixedBitSet,
    pub(super) ceilings: Vec<CeilingBound>,
}

/// What the catalog settles of a ceiling.
#[derive(Debug)]
pub(super) enum CeilingBound {
    /// Those that keep it, and those whose prices change.
    Price(FixedBitSet),
    /// A limit of the worst cost, in units of the catalog's prices; `None`: it is below nothing.
    Cost(Option<u128>),
    Output(u64),
}

#[derive(Debug)]
pub(super) enum TierBound {
    Named(FixedBitSet),
    Requested,
}

impl Bound {
    pub(super) fn new(code: &Code, policy: &Policy, catalog: &Catalog) -> Self {
        let columns = Columns::new(catalog);
        let mut bound = Self {
            columns,
            known_at: vec![u32::MAX; code.arena.nodes.len()],
            known: Vec::new(),
            passes: Vec::new(),
            routes: Vec::new(),
        };
        let of_prices = code.arena.reads.iter().any(|r| r & super::expr::reads::PRICE != 0);
        let prices = if of_prices { PriceColumn::new(catalog) } else { PriceColumn::default() };
        // Parts stand before what they are part of.
        for (place, node) in code.arena.nodes.iter().enumerate() {
            if code.arena.is_of_catalog(id(place)) {
                let mut known = bound.settle(code, catalog, node, &prices);
                known.priced = code.arena.reads_prices(id(place));
                if let Some(slot) = bound.known_at.get_mut(place) {
                    *slot = id(bound.known.len());
                }
                bound.known.push(known);
            }
        }
        bound.passes = code.passes.iter().map(|p| bound.pass_of(code, p)).collect();
        let workloads = code.workloads.iter().zip(&policy.workloads);
        bound.routes = workloads
            .map(|(code, workload)| match (&code.route, &workload.body) {
                (Some(route), Body::Route(routing)) => Some(bound.route(route, routing, catalog)),
                _ => None,
            })
            .collect();
        bound
    }

    fn settle(&self, code: &Code, catalog: &Catalog, node: &Node, prices: &PriceColumn) -> Known {
        let count = self.columns.count;
        let all = || {
            let mut all = FixedBitSet::with_capacity(count);
            all.insert_range(..);
            all
        };
        let none = || FixedBitSet::with_capacity(count);
        let said = |yes, no| Known { yes, no, priced: false };
        match node {
            Node::Constant(true) => said(all(), none()),
            Node::Constant(false) => said(none(), all()),
            Node::Not(inner) => match self.known(*inner) {
                Some(known) => said(known.no.clone(), known.yes.clone()),
                None => self.columns.unknown(),
            },
            Node::All(parts) => {
                let mut known = said(all(), none());
                for part in parts.iter().filter_map(|p| self.known(*p)) {
                    known.yes.intersect_with(&part.yes);
                    known.no.union_with(&part.no);
                }
                known
            }
            Node::Any(parts) => {
                let mut known = said(none(), all());
                for part in parts.iter().filter_map(|p| self.known(*p)) {
                    known.yes.union_with(&part.yes);
                    known.no.intersect_with(&part.no);
                }
                known
            }
            Node::Leaf(leaf) => match code.arena.leaves.get(at(*leaf)) {
                Some(leaf) => self.columns.known(leaf, catalog, prices),
                None => self.columns.unknown(),
            },
        }
    }

    /// Returns what the catalog says of a node, where it settles it.
    pub(super) fn known(&self, node: NodeId) -> Option<&Known> {
        self.known.get(at(*self.known_at.get(at(node))?))
    }

    pub(super) fn pass(&self, pass: PassId) -> Option<&Pass> {
        self.passes.get(at(pass))
    }

    fn pass_of(&self, code: &Code, pass: &PassCode) -> Pass {
        let mut set = FixedBitSet::with_capacity(self.columns.count);
        set.insert_range(..);
        for rule in &pass.rules {
            if let Some(known) = self.known(rule.node) {
                set.intersect_with(if rule.forbid { &known.no } else { &known.yes });
            }
        }
        if let Some(known) = pass.when.and_then(|when| self.known(when)) {
            set.union_with(&known.no);
        }
        let mut nodes = pass.rules.iter().map(|r| r.node).chain(pass.when);
        let priced = nodes.any(|node| code.arena.reads_prices(node));
        if priced {
            set.union_with(&self.columns.changing);
        }
        Pass { set, priced }
    }

    fn route(&self, code: &RouteCode, routing: &Routing, catalog: &Catalog) -> RouteBound {
        let count = self.columns.count;
        let tiers: Vec<TierBound> = routing
            .tiers
            .iter()
            .map(|tier| match tier {
                Tier::Requested { .. } => TierBound::Requested,
                Tier::Entries(entries) => TierBound::Named(self.named(entries, catalog)),
            })
            .collect();
        let mut tier_of = vec![0; count];
        for (number, tier) in (1_u32..).zip(&tiers) {
            let TierBound::Named(endpoints) = tier else { continue };
            for place in endpoints.ones() {
                if let Some(tier) = tier_of.get_mut(place)
                    && *tier == 0
                {
                    *tier = number;
                }
            }
        }
        let mut open = FixedBitSet::with_capacity(count);
        for (place, endpoint) in catalog.endpoints().iter().enumerate() {
            open.set(place, lets_in(routing, endpoint, false));
        }
        if let Some(pass) = self.pass(code.pass) {
            open.intersect_with(&pass.set);
        }
        if !code.requested {
            for (place, tier) in tier_of.iter().enumerate() {
                if *tier == 0 {
                    open.set(place, false);
                }
            }
        }
        let ceilings = routing
            .ceilings
            .iter()
            .map(|ceiling| {
                let limit = match ceiling.amount {
                    Amount::Count(limit) => return CeilingBound::Output(limit),
                    Amount::Money(limit) => limit,
                };
                let mut set = FixedBitSet::with_capacity(count);
                for (place, endpoint) in catalog.endpoints().iter().enumerate() {
                    let Some(kept) = keeps(endpoint, &ceiling.kind, limit) else {
                        return CeilingBound::Cost(self.columns.unit.floor(limit));
                    };
                    set.set(place, kept || self.columns.changing.contains(place));
                }
                CeilingBound::Price(set)
            })
            .collect();
        RouteBound {
            tier_of,
            one_tier: routing.tiers.len() == 1 && !code.requested,
            tiers: if code.requested { tiers } else { Vec::new() },
            open,
            ceilings,
        }
    }

    /// Returns the endpoints whose models the entries of a tier name.
    fn named(&self, entries: &[TierEntry], catalog: &Catalog) -> FixedBitSet {
        let mut set = FixedBitSet::with_capacity(self.columns.count);
        let mut enter = |endpoints: &[u32]| endpoints.iter().for_each(|e| set.insert(at(*e)));
        for entry in entries {
            match entry {
                TierEntry::Model(name) => {
                    if let Some(endpoints) = self.columns.models.get(catalog.resolve(name)) {
                        enter(endpoints);
                    }
                }
                entry => {
                    for (model, endpoints) in &self.columns.models {
                        if names(entry, model, catalog) {
                            enter(endpoints);
                        }
                    }
                }
            }
        }
        set
    }
}

/// Whether an entry of a tier names a model.
pub(super) fn names(entry: &TierEntry, model: &str, catalog: &Catalog) -> bool {
    match entry {
        TierEntry::Model(name) => catalog.resolve(name) == model,
        TierEntry::Pattern(pattern) => pattern.matches(model),
        TierEntry::Group(patterns) => {
            patterns.iter().any(|p| p.matches(model) || catalog.resolve(p.as_str()) == model)
        }
    }
}

/// Whether the lines on credentials let a candidate in, as far as they look at its kind.
pub(super) fn lets_in(routing: &Routing, endpoint: &Endpoint, own: bool) -> bool {
    let special = routing.credentials_for.get(&endpoint.provider).map(|(mode, _)| *mode);
    std::iter::once(routing.credentials).chain(special).all(|mode| match mode {
        CredentialMode::OwnOnly => own,
        CredentialMode::SharedOnly => !own,
        CredentialMode::OwnThenShared | CredentialMode::SharedThenOwn => true,
    })
}

/// Whether an endpoint whose prices never change keeps a ceiling on one of them; `None`: it bounds no price.
fn keeps(endpoint: &Endpoint, kind: &CeilingKind, limit: Money) -> Option<bool> {
    let listed = Listed::new(&endpoint.facts.prices, None);
    let moment = Moment { input_tokens: 0, time_of_day: TimeOfDay(0) };
    let prices = listed.at(moment);
    let price = match kind {
        CeilingKind::Prompt => prices.prompt,
        CeilingKind::Completion => prices.completion,
        CeilingKind::RequestFee => Some(prices.request),
        CeilingKind::Image => prices.image,
        CeilingKind::CacheRead => prices.cache_read,
        CeilingKind::CacheWrite => prices.cache_write,
        CeilingKind::Reasoning => prices.reasoning,
        CeilingKind::Tool(tool) => listed.tool_at(tool, moment).map(|t| t.per_call),
        CeilingKind::Attempt | CeilingKind::Run | CeilingKind::Output => return None,
    };
    Some(price.is_some_and(|p| p <= limit))
}
