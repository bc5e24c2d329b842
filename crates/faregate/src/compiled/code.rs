//! A policy compiled: its conditions as nodes, its guardrails behind an index, what is to be prepared for a catalog.

use super::expr::{Arena, Atom, Builder, NodeId, Table, id};
use super::index::Index;
use super::source::Source;
use super::value::{KeyField, RequestField, key_field, request_field};
use crate::attributes::{Subject, Type};
use crate::ir::{Attr, Body, Budget, Order, OrderKey, Policy, Routing, Rule, Tier};
use crate::reference::budgets::{less_share, per_candidate};
use crate::{Amount, ErrorClass};
use faregate_syntax::ast::MoveKind;

/// The place of a [`PassCode`].
pub(super) type PassId = u32;

/// A policy, ready to be bound to catalogs.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) arena: Arena,
    pub(super) declared: Vec<DeclaredCode>,
    /// Those that must be looked at beside the slots: what fills in a field, and what is no text and no set of texts.
    pub(super) asked: Vec<usize>,
    pub(super) guards: Vec<GuardCode>,
    pub(super) index: Index,
    /// The condition of each waiver.
    pub(super) waivers: Vec<Option<NodeId>>,
    pub(super) workloads: Vec<WorkloadCode>,
    pub(super) budgets: Vec<BudgetCode>,
    pub(super) budget_named: Table<Box<str>, u32>,
    pub(super) n_limits: usize,
    pub(super) passes: Vec<PassCode>,
    /// `key.id`, by which own credentials say whom they serve.
    pub(super) key_id: Source,
}

/// Where a declared attribute comes from, and what its default fills in.
#[derive(Debug)]
pub(super) struct DeclaredCode {
    pub(super) field: Field,
    pub(super) fills: Option<Fill>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    Request(RequestField),
    Key(KeyField),
    /// Among the attributes of request or key.
    Attribute,
}

/// A built-in field that a declared default fills wherever it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fill {
    Model,
    MaxOutput,
    ExpectedOutput,
    Only,
    Ignore,
    Credits,
}

/// `require` or `forbid`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct RuleCode {
    pub(super) node: NodeId,
    pub(super) forbid: bool,
}

/// Rules that the catalog alone settles: an endpoint passes where `when` is false or all of them are satisfied.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct PassCode {
    pub(super) when: Option<NodeId>,
    pub(super) rules: Vec<RuleCode>,
}

/// A guardrail. It applies unless one of its conditions is false.
#[derive(Debug)]
pub(super) struct GuardCode {
    /// What of its condition the request settles.
    pub(super) request_when: Option<NodeId>,
    /// The same, as far as it is a list of plain comparisons that must all hold.
    pub(super) atoms: Box<[Atom]>,
    /// Whether there is more to it than `atoms`.
    pub(super) intricate: bool,
    /// The rest of its condition, where that is not part of `pass`.
    pub(super) endpoint_when: Option<NodeId>,
    /// The rules that the catalog settles.
    pub(super) pass: Option<PassId>,
    /// The other rules.
    pub(super) late: Vec<RuleCode>,
    pub(super) waivers: Vec<u32>,
}

impl GuardCode {
    /// Whether `pass` says all there is to say.
    pub(super) fn is_settled(&self) -> bool {
        self.endpoint_when.is_none() && self.late.is_empty()
    }
}

#[derive(Debug)]
pub(super) struct WorkloadCode {
    /// `None`: otherwise.
    pub(super) when: Option<NodeId>,
    /// `None`: it denies.
    pub(super) route: Option<RouteCode>,
}

#[derive(Debug)]
pub(super) struct RouteCode {
    pub(super) pass: PassId,
    pub(super) late: Vec<RuleCode>,
    /// All `require` and `forbid`, in the order of the text.
    pub(super) rules: Vec<RuleCode>,
    pub(super) prefers: Vec<NodeId>,
    /// The conditions of the ceilings, in the order of the text.
    pub(super) ceilings: Vec<Option<NodeId>>,
    /// The same, in the form that a request asks first.
    pub(super) whens: Vec<When>,
    pub(super) has_output_ceiling: bool,
    pub(super) requires: Vec<NodeId>,
    pub(super) moves: Vec<MoveCode>,
    /// The conditions of the retry rules, in the order of the text.
    pub(super) retries: Vec<Option<NodeId>>,
    /// Whether moves lead from the first candidate to any other, but for own credentials and to any of those too.
    pub(super) leads_anywhere: (bool, bool),
    /// Whether the cost of the request alone orders what stands in one tier.
    pub(super) by_price: bool,
    /// Whether a tier is what the request asks for.
    pub(super) requested: bool,
    /// What draws are made from, where it is not the request's id.
    pub(super) sticky: Option<(Source, Type)>,
}

/// A condition by who settles it.
#[derive(Clone, Copy, Debug)]
pub(super) enum When {
    Always,
    /// Most often: a text of the request is this one.
    Is {
        slot: usize,
        symbol: u32,
    },
    Asked(NodeId),
    /// Not the request alone.
    Late,
}

#[derive(Debug)]
pub(super) struct MoveCode {
    pub(super) kind: MoveKind,
    pub(super) when: Option<NodeId>,
    pub(super) on: Vec<ErrorClass>,
}

#[derive(Debug)]
pub(super) struct BudgetCode {
    pub(super) when: Option<NodeId>,
    pub(super) covers: Option<NodeId>,
    /// With each source its type.
    pub(super) per: Vec<(Source, Type)>,
    /// Whether it counts by a fact of the candidate.
    pub(super) per_candidate: bool,
    pub(super) reserve: Option<NodeId>,
    /// Each limit less the reserve.
    pub(super) reduced: Vec<Amount>,
    /// Whether each limit's windows begin and end in UTC.
    pub(super) utc: Vec<bool>,
    /// The number of the first limit among those of all budgets.
    pub(super) first_limit: usize,
}

struct Compiler<'p> {
    builder: Builder<'p>,
    passes: Vec<PassCode>,
    pass_ids: Table<PassCode, PassId>,
}

impl Code {
    pub(super) fn new(policy: &Policy) -> Self {
        let mut compiler =
            Compiler { builder: Builder::new(policy), passes: Vec::new(), pass_ids: Table::default() };
        let mut waivers_of: Table<&str, Vec<u32>> = Table::default();
        for (place, waiver) in policy.waivers.iter().enumerate() {
            waivers_of.entry(&waiver.guardrail).or_default().push(id(place));
        }
        let guards: Vec<GuardCode> = policy
            .guardrails
            .iter()
            .map(|g| {
                let waivers = waivers_of.get(g.name.as_str()).cloned().unwrap_or_default();
                compiler.guard(g, waivers)
            })
            .collect();
        let waivers = policy.waivers.iter().map(|w| compiler.when(w.when.as_ref())).collect();
        let workloads = policy
            .workloads
            .iter()
            .map(|w| WorkloadCode {
                when: compiler.when(w.when.as_ref().map(|(when, _)| when)),
                route: match &w.body {
                    Body::Deny(..) => None,
                    Body::Route(routing) => Some(compiler.route(routing)),
                },
            })
            .collect();
        let mut n_limits = 0_usize;
        let budgets: Vec<BudgetCode> = policy
            .budgets
            .iter()
            .map(|budget| {
                let first_limit = n_limits;
                n_limits = n_limits.saturating_add(budget.limits.len());
                compiler.budget(budget, first_limit)
            })
            .collect();
        let mut budget_named: Table<Box<str>, u32> = Table::default();
        for (place, budget) in policy.budgets.iter().enumerate() {
            budget_named.entry(budget.name.as_str().into()).or_insert(id(place));
        }
        let key_id = Attr {
            subject: Subject::Key,
            name: "id".to_owned(),
            ty: Type::Text(crate::attributes::Vocabulary::Open),
        };
        let key_id = compiler.builder.source(&key_id, None);
        compiler.builder.close_slots();
        let declared: Vec<DeclaredCode> = policy.declared.iter().map(declared).collect();
        let asked = |(place, d): &(usize, &crate::ir::Declared)| {
            let fills = declared.get(*place).is_some_and(|d| d.fills.is_some());
            fills || !compiler.builder.has_slot(d.subject, &d.name)
        };
        let asked = policy.declared.iter().enumerate().filter(asked).map(|(place, _)| place).collect();
        let arena = compiler.builder.arena;
        let index = Index::new(&arena, &guards);
        Self {
            arena,
            declared,
            asked,
            guards,
            index,
            waivers,
            workloads,
            budgets,
            budget_named,
            n_limits,
            passes: compiler.passes,
            key_id,
        }
    }
}

fn declared(declared: &crate::ir::Declared) -> DeclaredCode {
    let field = match (declared.narrows, declared.subject) {
        (false, _) => None,
        (true, Subject::Key) => key_field(&declared.name).map(Field::Key),
        (true, _) => request_field(&declared.name).map(Field::Request),
    };
    let fills = match (declared.subject, declared.name.as_str()) {
        _ if !declared.narrows || declared.default.is_none() => None,
        (Subject::Key, "credits") => Some(Fill::Credits),
        (Subject::Request, "model") => Some(Fill::Model),
        (Subject::Request, "max_output_tokens") => Some(Fill::MaxOutput),
        (Subject::Request, "expected_output_tokens") => Some(Fill::ExpectedOutput),
        (Subject::Request, "only") => Some(Fill::Only),
        (Subject::Request, "ignore") => Some(Fill::Ignore),
        _ => None,
    };
    DeclaredCode { field: field.unwrap_or(Field::Attribute), fills }
}

impl<'p> Compiler<'p> {
    fn when(&mut self, expr: Option<&'p crate::ir::Expr>) -> Option<NodeId> {
        expr.map(|e| self.builder.node(e))
    }

    fn rule(&mut self, rule: &'p Rule) -> RuleCode {
        RuleCode { node: self.builder.node(&rule.expr), forbid: rule.forbid }
    }

    fn pass(&mut self, code: PassCode) -> PassId {
        if let Some(known) = self.pass_ids.get(&code) {
            return *known;
        }
        let place = id(self.passes.len());
        self.passes.push(code.clone());
        self.pass_ids.insert(code, place);
        place
    }

    fn split(&self, rules: Vec<RuleCode>) -> (Vec<RuleCode>, Vec<RuleCode>) {
        rules.into_iter().partition(|r| self.builder.arena.is_of_catalog(r.node))
    }

    fn guard(&mut self, guardrail: &'p crate::ir::Guardrail, waivers: Vec<u32>) -> GuardCode {
        let when = self.when(guardrail.when.as_ref());
        let (request_when, mut endpoint_when) = match when {
            None => (None, None),
            Some(when) => self.parts(when),
        };
        let rules = guardrail.rules.iter().map(|r| self.rule(r)).collect();
        let (settled, late) = self.split(rules);
        let mut code = PassCode { when: None, rules: settled };
        if late.is_empty() && endpoint_when.is_some_and(|w| self.builder.arena.is_of_catalog(w)) {
            code.when = endpoint_when.take();
        }
        let pass = (!code.rules.is_empty()).then(|| self.pass(code));
        let (mut atoms, mut intricate) = (Vec::new(), false);
        if let Some(when) = request_when {
            self.builder.arena.atoms(when, &mut atoms, &mut intricate);
        }
        GuardCode { request_when, atoms: atoms.into(), intricate, endpoint_when, pass, late, waivers }
    }

    /// Splits a condition into what the request settles and the rest: it is false where one of them is.
    fn parts(&mut self, when: NodeId) -> (Option<NodeId>, Option<NodeId>) {
        use super::expr::Node;
        let arena = &self.builder.arena;
        if arena.is_of_request(when) {
            return (Some(when), None);
        }
        let Some(Node::All(parts)) = arena.nodes.get(super::expr::at(when)) else {
            return (None, Some(when));
        };
        let (mine, rest): (Vec<NodeId>, Vec<NodeId>) = parts.iter().partition(|p| arena.is_of_request(**p));
        let mut joined = |parts: Vec<NodeId>| match parts.as_slice() {
            [] => None,
            [one] => Some(*one),
            _ => Some(self.builder.push(Node::All(parts.into()))),
        };
        (joined(mine), joined(rest))
    }

    fn settled_by(&self, when: Option<NodeId>) -> When {
        let arena = &self.builder.arena;
        let Some(node) = when else { return When::Always };
        if !arena.is_of_request(node) {
            return When::Late;
        }
        let (mut atoms, mut intricate) = (Vec::new(), false);
        arena.atoms(node, &mut atoms, &mut intricate);
        match atoms.as_slice() {
            [Atom::Is { slot, symbol }] if !intricate => When::Is { slot: *slot, symbol: *symbol },
            _ => When::Asked(node),
        }
    }

    fn route(&mut self, routing: &'p Routing) -> RouteCode {
        let rules: Vec<RuleCode> = routing.rules.iter().map(|r| self.rule(r)).collect();
        let (settled, late) = self.split(rules.clone());
        let pass = self.pass(PassCode { when: None, rules: settled });
        let fallback = routing.fallback.as_ref();
        let ceilings: Vec<Option<NodeId>> =
            routing.ceilings.iter().map(|c| self.when(c.when.as_ref())).collect();
        RouteCode {
            whens: ceilings.iter().map(|when| self.settled_by(*when)).collect(),
            by_price: matches!(&routing.order, Order::By(keys) if keys.as_slice() == [OrderKey::Price])
                && routing.prefers.is_empty(),
            pass,
            late,
            rules,
            prefers: routing.prefers.iter().map(|(e, _)| self.builder.node(e)).collect(),
            ceilings,
            has_output_ceiling: routing.ceilings.iter().any(|c| c.kind == crate::ir::CeilingKind::Output),
            requires: fallback
                .map_or_else(Vec::new, |f| f.requires.iter().map(|(e, _)| self.builder.node(e)).collect()),
            moves: fallback
                .into_iter()
                .flat_map(|f| &f.rules)
                .map(|m| MoveCode { kind: m.kind, when: self.when(m.when.as_ref()), on: m.on.clone() })
                .collect(),
            retries: routing
                .retry
                .iter()
                .flat_map(|retry| &retry.rules)
                .map(|rule| self.when(rule.when.as_ref()))
                .collect(),
            leads_anywhere: fallback.map_or((false, false), |fallback| {
                let plain = |kind: MoveKind| {
                    let mut rules = fallback.rules.iter().filter(|r| r.kind == kind && r.when.is_none());
                    rules.any(|r| r.on.iter().any(|class| *class != ErrorClass::ContextLength))
                };
                let all = fallback.requires.is_empty()
                    && fallback.price_at_most.is_none()
                    && plain(MoveKind::Model)
                    && plain(MoveKind::Provider);
                (all, all && plain(MoveKind::Credential))
            }),
            sticky: match &routing.order {
                Order::BalanceByPrice { sticky: Some(attr) } | Order::Balance { sticky: Some(attr), .. } => {
                    Some((self.builder.source(attr, None), attr.ty.clone()))
                }
                _ => None,
            },
            requested: routing.tiers.iter().any(|t| matches!(t, Tier::Requested { .. })),
        }
    }

    fn budget(&mut self, budget: &'p Budget, first_limit: usize) -> BudgetCode {
        let share = budget.reserve.as_ref().map(|(share, _)| *share);
        let utc = crate::time::Zone::utc();
        BudgetCode {
            when: self.when(budget.when.as_ref()),
            covers: self.when(budget.covers.as_ref()),
            per: budget.per.iter().map(|attr| (self.builder.source(attr, None), attr.ty.clone())).collect(),
            per_candidate: per_candidate(budget),
            reserve: self.when(budget.reserve.as_ref().map(|(_, expr)| expr)),
            reduced: budget
                .limits
                .iter()
                .map(|l| share.map_or(l.amount, |share| less_share(l.amount, share)))
                .collect(),
            utc: budget.limits.iter().map(|l| l.zone == utc).collect(),
            first_limit,
        }
    }
}
