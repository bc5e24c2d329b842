//! Order within a tier (step 5, rules 22 to 24).

use std::cmp::Ordering;

use faregate_syntax::{Fixed, Span};

use super::balance;
use super::candidate::Candidate;
use super::values::show;
use super::world::World;
use crate::ir::{Attr, Expr, Order, OrderKey, Routing, Value};
use crate::{Health, Money};
use faregate_syntax::ast::CredentialMode;

/// Candidates of one tier that are equal on all earlier keys are drawn together.
type EarlierKeys = (u8, bool, Vec<bool>, bool);

impl<'a> World<'a> {
    /// Returns the admitted candidates in the order of the plan: tier by tier.
    pub(crate) fn order(&self, routing: &Routing, mut admitted: Vec<Candidate<'a>>) -> Vec<Candidate<'a>> {
        if let Some(span) = routing.order_span {
            self.tell_rule(span);
        }
        let keys = |c: &Candidate<'_>| self.earlier_keys(routing, c);
        admitted.sort_by(|a, b| {
            a.tier
                .cmp(&b.tier)
                .then_with(|| keys(a).cmp(&keys(b)))
                .then_with(|| by_order(routing, a, b))
                .then_with(|| a.id_key().cmp(&b.id_key()))
        });
        let (shares, sticky) = match &routing.order {
            Order::By(_) => return admitted,
            Order::BalanceByPrice { sticky } => (None, sticky),
            Order::Balance { shares, sticky } => (Some(shares), sticky),
        };
        let seed = self.seed(sticky.as_ref());
        let mut ordered = Vec::with_capacity(admitted.len());
        let mut rest = admitted.into_iter().peekable();
        while let Some(first) = rest.next() {
            let group_keys = (first.tier, keys(&first));
            let mut group = vec![first];
            while let Some(next) = rest.next_if(|c| (c.tier, keys(c)) == group_keys) {
                group.push(next);
            }
            group.sort_by(|a, b| a.id_key().cmp(&b.id_key()));
            ordered.extend(match shares {
                None => balance::by_price(&seed, group),
                Some(shares) => balance::by_shares(&seed, shares, group),
            });
        }
        ordered
    }

    fn seed(&self, sticky: Option<&Attr>) -> String {
        match sticky.and_then(|attr| self.value(attr, None, None)) {
            Some(Value::Text(text)) => text,
            Some(value) => show(&value, &crate::attributes::Type::Count),
            None => self.request.id.clone(),
        }
    }

    /// Credential rank, cooling, each `prefer`, degraded: smaller goes first.
    fn earlier_keys(&self, routing: &Routing, candidate: &Candidate<'_>) -> EarlierKeys {
        let cooling = candidate.cooling_until(self.context.now).is_some();
        let prefer = |(expr, span): &(Expr, Span)| {
            self.tell_rule(*span);
            !self.eval(expr, Some(candidate)).is_true()
        };
        let not_preferred = routing.prefers.iter().map(prefer).collect();
        let degraded = candidate.health() == Health::Degraded;
        (rank(routing.credentials, candidate), cooling, not_preferred, degraded)
    }

    /// Says what put a candidate where it is.
    pub(crate) fn why(&self, routing: &Routing, candidate: &Candidate<'_>) -> Vec<String> {
        let mut why: Vec<String> = routing
            .prefers
            .iter()
            .filter(|(e, _)| self.truth(e, Some(candidate)).is_true())
            .map(|(_, span)| format!("prefer at {}", self.at(*span)))
            .collect();
        let order = match &routing.order {
            Order::By(keys) => {
                let names: Vec<String> = keys.iter().map(|k| key_name(*k)).collect();
                format!("order by {}", names.join(", "))
            }
            Order::BalanceByPrice { .. } => "balance by price".to_owned(),
            Order::Balance { .. } => "balance".to_owned(),
        };
        why.push(match routing.order_span {
            Some(span) => format!("{order} at {}", self.at(span)),
            None => order,
        });
        why
    }
}

/// The rank of a credential (rule 22).
fn rank(mode: CredentialMode, candidate: &Candidate<'_>) -> u8 {
    match (mode, candidate.own) {
        (CredentialMode::SharedThenOwn, None) => 0,
        (CredentialMode::SharedThenOwn, Some(own)) => 1_u8.saturating_add(u8::from(own.fallback)),
        (_, None) => 1,
        (_, Some(own)) if own.fallback => 2,
        (_, Some(_)) => 0,
    }
}

fn by_order(routing: &Routing, a: &Candidate<'_>, b: &Candidate<'_>) -> Ordering {
    let Order::By(keys) = &routing.order else { return Ordering::Equal };
    keys.iter().map(|key| by_key(*key, a, b)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

fn by_key(key: OrderKey, a: &Candidate<'_>, b: &Candidate<'_>) -> Ordering {
    let throughput =
        |c: &Candidate<'_>, at: usize| c.facts_now.throughput.get(at).copied().flatten().map(Fixed::units);
    let latency = |c: &Candidate<'_>, at: usize| c.facts_now.latency_ms.get(at).copied().flatten();
    match key {
        OrderKey::Price => ascending(a.expected, b.expected),
        OrderKey::Latency(at) => ascending(latency(a, at), latency(b, at)),
        OrderKey::Throughput(at) => descending(throughput(a, at), throughput(b, at)),
        OrderKey::Uptime => descending(a.facts_now.uptime, b.facts_now.uptime),
    }
}

/// Small first, unknown last.
pub(crate) fn ascending<T: Ord>(a: Option<T>, b: Option<T>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a.cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// Large first, unknown last.
fn descending<T: Ord>(a: Option<T>, b: Option<T>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => b.cmp(&a),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

fn key_name(key: OrderKey) -> String {
    let percentile = |at: usize| crate::attributes::PERCENTILES.get(at).copied().unwrap_or("p50");
    match key {
        OrderKey::Price => "price".to_owned(),
        OrderKey::Uptime => "uptime".to_owned(),
        OrderKey::Latency(at) => format!("latency_{}", percentile(at)),
        OrderKey::Throughput(at) => format!("throughput_{}", percentile(at)),
    }
}

/// By expected cost, unknown last, ties by id.
pub(crate) fn by_expected(a: &Candidate<'_>, b: &Candidate<'_>) -> Ordering {
    ascending::<Money>(a.expected, b.expected).then_with(|| a.id_key().cmp(&b.id_key()))
}
