//! Budgets: which apply, what they have counted, whom they close, what a run may add.

use std::collections::{BTreeMap, BTreeSet};

use faregate_syntax::ast::LimitKind;
use faregate_syntax::{Fixed, Span};

use super::candidate::Candidate;
use super::reason::{BoundChange, Class, RawReason, money, rank, unpriced};
use super::truth::Truth;
use super::values::{dollars, show};
use super::world::World;
use crate::attributes::{Subject, Type};
use crate::ir::{Attr, Budget, Exhausted, Limit, Value};
use crate::time::Period;
use crate::{Amount, BudgetRow, Counted, Money, Ratio, Timestamp};

/// The budgets that apply to a request, and what the context has counted for them.
pub(crate) struct Ledger<'a> {
    /// In text order.
    pub(crate) applying: Vec<&'a Budget>,
    /// Budgets that degraded this request already: they count and close nothing.
    pub(crate) spent: BTreeSet<String>,
    /// Budgets of rows that the policy does not know.
    pub(crate) ignored: BTreeSet<String>,
}

/// What tells rows apart: budget, values of `per`, kind, window.
type RowKey<'r> = (&'r str, &'r [String], LimitKind, Option<&'r str>);

/// One counter of a budget, as a candidate meets it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Counter {
    /// The values of `per`; `None`: unknown.
    pub(crate) per: Vec<Option<String>>,
    pub(crate) window: Option<(Timestamp, Timestamp)>,
    /// `None`: unknown.
    pub(crate) counted: Option<Amount>,
    pub(crate) remaining: Option<Amount>,
    /// What is there for this request before anything is counted.
    pub(crate) usable: Amount,
}

impl<'a> Ledger<'a> {
    /// Finds the budgets that apply, and holds the context's rows to them.
    ///
    /// # Errors
    /// The row that makes no sense, as one sentence.
    pub(crate) fn new(world: &World<'a>) -> Result<Self, String> {
        let mut ledger = Self { applying: Vec::new(), spent: BTreeSet::new(), ignored: BTreeSet::new() };
        for budget in &world.policy.budgets {
            if budget.when.as_ref().is_none_or(|w| !world.eval(w, None).is_false()) {
                ledger.applying.push(budget);
            }
        }
        ledger.rows(world)?;
        Ok(ledger)
    }

    fn rows(&mut self, world: &World<'_>) -> Result<(), String> {
        let mut seen: BTreeMap<RowKey<'_>, usize> = BTreeMap::new();
        for (at, row) in world.context.budgets.iter().flatten().enumerate() {
            let name = format!("`context.budgets[{at}]` (budget `{}`)", row.budget);
            let Some(budget) = world.policy.budgets.iter().find(|b| b.name == row.budget) else {
                self.ignored.insert(row.budget.clone());
                continue;
            };
            if row.window_start.is_some_and(|start| start > world.context.now) {
                return Err(format!("{name} starts after `now`"));
            }
            if row.reserved.is_some_and(|r| r.kind() != row.counted.kind()) {
                return Err(format!("{name} reserves something else than it counts"));
            }
            let mut limits = budget.limits.iter().filter(|l| l.kind == row.counted.kind());
            let (Some(first), more) = (limits.next(), limits.next().is_some()) else {
                // The budget does not limit this; nothing is lost by not reading it.
                self.ignored.insert(row.budget.clone());
                continue;
            };
            if row.per.len() != budget.per.len() {
                return Err(format!(
                    "{name} has {} values of `per`, and the budget has {}",
                    row.per.len(),
                    budget.per.len()
                ));
            }
            let limit = match &row.window {
                None if more => return Err(format!("{name} does not say which `window` it counts")),
                None => first,
                Some(window) => {
                    let of = |l: &&Limit| {
                        l.kind == row.counted.kind() && l.period.map(Period::as_str) == Some(window.as_str())
                    };
                    match budget.limits.iter().find(of) {
                        Some(limit) => limit,
                        None => return Err(format!("{name} counts per `{window}`, and the budget does not")),
                    }
                }
            };
            if !matches!(limit.period, None | Some(Period::Total)) && row.window_start.is_none() {
                return Err(format!("{name} has no `window_start`"));
            }
            if row_counts(row, limit, world.context.now) {
                let key =
                    (row.budget.as_str(), row.per.as_slice(), limit.kind, limit.period.map(Period::as_str));
                if let Some(first) = seen.insert(key, at) {
                    return Err(format!("{name} and `context.budgets[{first}]` are rows of one counter"));
                }
            }
        }
        Ok(())
    }

    /// Whether a budget counts a candidate.
    pub(crate) fn covers(world: &World<'_>, budget: &Budget, candidate: &Candidate<'_>) -> bool {
        let credential = budget.byok_included || candidate.own.is_none();
        credential && budget.covers.as_ref().is_none_or(|c| !world.eval(c, Some(candidate)).is_false())
    }

    /// Whether a budget closes anything for this request.
    pub(crate) fn closes(&self, budget: &Budget) -> bool {
        budget.exhausted != Exhausted::AlertOnly && !self.spent.contains(&budget.name)
    }

    /// Returns the counter of a limit that a candidate meets.
    pub(crate) fn counter(
        world: &World<'_>,
        budget: &Budget,
        limit: &Limit,
        candidate: &Candidate<'_>,
    ) -> Counter {
        world.tell_rule(limit.span);
        let per: Vec<Option<String>> =
            budget.per.iter().map(|attr| per_value(world, attr, Some(candidate))).collect();
        let window = limit.period.and_then(|p| limit.zone.window(p, world.context.now));
        let usable = usable(world, budget, limit);
        let counted = counted(world.context.budgets.as_deref(), world.context.now, budget, limit, &per);
        let remaining = counted.map(|counted| minus(usable, counted));
        Counter { per, window, counted, remaining, usable }
    }

    /// Adds the reasons for which budgets exclude a candidate.
    pub(crate) fn reasons(&self, world: &World<'_>, candidate: &Candidate<'_>, reasons: &mut Vec<RawReason>) {
        for budget in self.applying.iter().filter(|b| self.closes(b)) {
            if !Self::covers(world, budget, candidate) {
                continue;
            }
            // What is not known of one limit is known of none: one reason for money, one for quotas.
            let mut unknown = BTreeSet::new();
            for limit in &budget.limits {
                let counter = Self::counter(world, budget, limit, candidate);
                if counter.counted.is_none() && !unknown.insert(limit.kind == LimitKind::Spend) {
                    continue;
                }
                limit_reasons(world, budget, limit, &counter, candidate, reasons);
            }
        }
    }
}

/// Returns what a counter has counted in the present window; `None`: unknown.
pub(crate) fn counted(
    rows: Option<&[BudgetRow]>,
    now: Timestamp,
    budget: &Budget,
    limit: &Limit,
    per: &[Option<String>],
) -> Option<Amount> {
    let per = per.iter().cloned().collect::<Option<Vec<String>>>()?;
    let row = rows?.iter().find(|row| {
        let window = row.window.as_deref().is_none_or(|w| limit.period.map(Period::as_str) == Some(w));
        row.budget == budget.name
            && row.per == per
            && row.counted.kind() == limit.kind
            && window
            && row_counts(row, limit, now)
    });
    Some(row.map_or_else(|| zero(limit.kind), total))
}

/// Returns the value of an attribute of `per`, as rows write it; `None`: unknown.
pub(crate) fn per_value(world: &World<'_>, attr: &Attr, candidate: Option<&Candidate<'_>>) -> Option<String> {
    Some(match (world.value(attr, candidate, None)?, &attr.ty) {
        (Value::Text(text), _) => text,
        (value, ty) => show(&value, ty),
    })
}

fn limit_reasons(
    world: &World<'_>,
    budget: &Budget,
    limit: &Limit,
    counter: &Counter,
    candidate: &Candidate<'_>,
    reasons: &mut Vec<RawReason>,
) {
    let rule = format!("budget {}", budget.name);
    let class = if limit.kind == LimitKind::Spend { Class::Spend } else { Class::Quota };
    let out = |detail: String| {
        RawReason::new(rank::BUDGET, rule.clone(), "budget", detail).at(limit.span).class(class)
    };
    let Some(remaining) = counter.remaining else {
        let unknown: Vec<String> = budget
            .per
            .iter()
            .zip(&counter.per)
            .filter(|(_, value)| value.is_none())
            .map(|(attr, _)| attr.to_string())
            .collect();
        reasons.push(out(if unknown.is_empty() {
            "context.budgets is absent, so that nothing is known of what was counted".to_owned()
        } else {
            format!("{} is unknown, and the budget counts by it", unknown.join(", "))
        }));
        return;
    };
    let needed = match limit.kind {
        LimitKind::Spend => match candidate.worst.known() {
            Some(worst) if worst.is_zero() => return,
            Some(worst) => Amount::Money(worst),
            None => {
                reasons.extend(unpriced(&rule, Some(limit.span), &candidate.worst));
                return;
            }
        },
        LimitKind::Requests | LimitKind::Concurrency => Amount::Count(1),
        LimitKind::Tokens => match candidate.output_limit {
            Some(output) => Amount::Count(world.request.input_tokens.saturating_add(output)),
            None => {
                let why = "nothing limits the output, so that its tokens cannot be counted beforehand";
                reasons
                    .push(RawReason::new(rank::COST_UNBOUNDED, rule, "cost_unbounded", why).at(limit.span));
                return;
            }
        },
    };
    if needed <= remaining {
        return;
    }
    let detail = format!(
        "{} {} is needed, and {} is left of {}",
        kind(limit.kind),
        text(needed),
        text(remaining),
        text(limit.amount)
    );
    // Where even an untouched window would not do, waiting does not help.
    let opens = counter.window.map(|(_, end)| end).filter(|_| needed <= counter.usable);
    reasons.push(out(detail).opens(opens).bound(limit_change(world, budget, limit, counter, needed)));
}

/// What the limit would have to be.
fn limit_change(
    world: &World<'_>,
    budget: &Budget,
    limit: &Limit,
    counter: &Counter,
    needed: Amount,
) -> Option<BoundChange> {
    let from = units(limit.amount);
    let must_be = match (counter.counted?, needed) {
        (Amount::Money(c), Amount::Money(n)) => c.plus(n)?.0.units(),
        (Amount::Count(c), Amount::Count(n)) => i128::from(c.checked_add(n)?),
        _ => return None,
    };
    let to = match &budget.reserve {
        Some((share, expr)) if !world.eval(expr, None).is_true() => {
            // limit × (1 - share) must reach it: rounded up to what fits.
            let left = Fixed::ONE.checked_sub(share.0)?;
            let (one, left) = (Fixed::ONE.units(), left.units());
            if left <= 0 {
                return None;
            }
            let product = must_be.checked_mul(one.checked_div(gcd(one, left))?)?;
            let divisor = left.checked_div(gcd(one, left))?;
            let floor = product.checked_div(divisor)?;
            match limit.amount {
                _ if product.checked_rem(divisor)? == 0 => floor,
                Amount::Count(_) => floor.checked_add(1)?,
                // No decimal says it exactly; the next millionth of a dollar can be written, and shared exactly.
                Amount::Money(_) => {
                    floor.checked_div(MICRO_DOLLAR)?.checked_add(1)?.checked_mul(MICRO_DOLLAR)?
                }
            }
        }
        _ => must_be,
    };
    let write = |n: i128| match limit.amount {
        Amount::Money(_) => dollars(Money(Fixed::from_units(n))),
        Amount::Count(_) => n.to_string(),
    };
    Some(BoundChange {
        span: limit.span,
        what: format!("budget {} {}", budget.name, kind(limit.kind)),
        op: None,
        from,
        to,
        from_text: write(from),
        to_text: write(to),
    })
}

/// A millionth of a dollar, in units of money.
const MICRO_DOLLAR: i128 = 1_000_000_000_000_000_000;

fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a.checked_rem(b).unwrap_or(0));
    }
    a.max(1)
}

pub(crate) fn units(amount: Amount) -> i128 {
    match amount {
        Amount::Money(m) => m.0.units(),
        Amount::Count(n) => i128::from(n),
    }
}

/// The limit for this request: less the reserve, unless the request is one that it is kept for.
fn usable(world: &World<'_>, budget: &Budget, limit: &Limit) -> Amount {
    match &budget.reserve {
        Some((share, expr)) if world.eval(expr, None) != Truth::True => less_share(limit.amount, *share),
        _ => limit.amount,
    }
}

pub(crate) fn less_share(amount: Amount, share: Ratio) -> Amount {
    let left = Fixed::ONE.checked_sub(share.0).map(Ratio).unwrap_or_default();
    match amount {
        // What cannot be written exactly closes rather than rounds up.
        Amount::Money(m) => Amount::Money(m.share(left).unwrap_or(Money::ZERO)),
        Amount::Count(n) => {
            let exact = Fixed::from_int(n).and_then(|n| n.checked_mul(left.0));
            let whole = exact.and_then(|e| e.units().checked_div(Fixed::ONE.units()));
            Amount::Count(whole.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
        }
    }
}

pub(crate) fn minus(a: Amount, b: Amount) -> Amount {
    match (a, b) {
        (Amount::Money(a), Amount::Money(b)) => Amount::Money(a.minus(b)),
        (Amount::Count(a), Amount::Count(b)) => Amount::Count(a.saturating_sub(b)),
        (a, _) => zero_like(a),
    }
}

fn zero_like(a: Amount) -> Amount {
    match a {
        Amount::Money(_) => Amount::Money(Money::ZERO),
        Amount::Count(_) => Amount::Count(0),
    }
}

pub(crate) fn zero(kind: LimitKind) -> Amount {
    if kind == LimitKind::Spend { Amount::Money(Money::ZERO) } else { Amount::Count(0) }
}

/// What a row has counted and holds reserved; a sum past the range is the most there is.
pub(crate) fn total(row: &BudgetRow) -> Amount {
    let most = Money(Fixed::from_units(i128::MAX));
    let amount = |c: Counted| match c {
        Counted::Spend(m) => Amount::Money(m),
        Counted::Requests(n) | Counted::Tokens(n) | Counted::Concurrency(n) => Amount::Count(n),
    };
    match (amount(row.counted), row.reserved.map(amount)) {
        (Amount::Money(a), Some(Amount::Money(b))) => Amount::Money(a.plus(b).unwrap_or(most)),
        (Amount::Count(a), Some(Amount::Count(b))) => Amount::Count(a.saturating_add(b)),
        (a, _) => a,
    }
}

/// Whether a row belongs to the present window of a limit (rule 31).
fn row_counts(row: &BudgetRow, limit: &Limit, now: Timestamp) -> bool {
    row_lies_in(row, limit, limit.period.and_then(|period| limit.zone.window(period, now)))
}

/// Whether a row belongs to this window of a limit.
pub(crate) fn row_lies_in(row: &BudgetRow, limit: &Limit, window: Option<(Timestamp, Timestamp)>) -> bool {
    match limit.period {
        None | Some(Period::Total) => true,
        Some(_) => match (window, row.window_start) {
            (Some((start, end)), Some(at)) => start <= at && at < end,
            _ => false,
        },
    }
}

pub(crate) fn kind(kind: LimitKind) -> &'static str {
    crate::check::kind_name(kind)
}

fn text(amount: Amount) -> String {
    match amount {
        Amount::Money(m) => money(m),
        Amount::Count(n) => n.to_string(),
    }
}

/// Whether a budget counts by a fact of the endpoint.
pub(crate) fn per_candidate(budget: &Budget) -> bool {
    budget.per.iter().any(|a| a.subject == Subject::Endpoint)
}

/// The type of a limit's amount.
#[must_use]
pub(crate) fn amount_type(limit: &Limit) -> Type {
    if limit.kind == LimitKind::Spend { Type::Money } else { Type::Count }
}

/// The place of a limit, for reports.
pub(crate) fn limit_span(limit: &Limit) -> Span {
    limit.span
}
