//! Budgets: which apply, what the context has counted for them, whom they close.
//!
//! The rows of a context are sorted once, so that a counter is found by search and not by looking at each row.

use std::borrow::Cow;
use std::hash::Hasher;

use rustc_hash::FxHasher;

use super::code::Code;
use super::cost::Worst;
use super::expr::{at, id};
use super::judge::{Cand, Judge, out};
use super::value::Val;
use crate::ir::{Exhausted, Limit, Policy};
use crate::reference::budgets::{minus, row_lies_in, total, zero};
use crate::reference::values::show;
use crate::run::Counted;
use crate::time::Period;
use crate::{Amount, BudgetRow, Context, Timestamp};
use faregate_syntax::ast::LimitKind;

/// What is counted, where: budget, kind, period, hash of the values of `per`.
type Counter = (u32, LimitKind, Option<u8>, u64);

/// Budgets as one decision meets them.
#[derive(Debug, Default)]
pub(super) struct Counters {
    /// Sorted; the last part is the row's place.
    rows: Vec<(Counter, usize, bool)>,
    applying: Vec<u32>,
    /// Those that closed the request's way and count from now on without closing.
    pub(super) spent: Vec<u32>,
    /// For each limit of each budget: the decision that looked, and the window it found.
    windows: Vec<(u64, Option<(Timestamp, Timestamp)>)>,
    /// For each limit of each budget that applies: what remains where that is the same for all candidates.
    limits: Vec<(Amount, Option<Option<Amount>>)>,
    decision: u64,
}

fn period_code(period: Option<Period>) -> Option<u8> {
    Some(match period? {
        Period::Minute => 0,
        Period::Hour => 1,
        Period::Day => 2,
        Period::Week => 3,
        Period::Month => 4,
        Period::Total => 5,
    })
}

fn hash<'t>(texts: impl Iterator<Item = Cow<'t, str>>) -> u64 {
    let mut hasher = FxHasher::default();
    for text in texts {
        hasher.write(text.as_bytes());
        hasher.write_u8(0xff);
    }
    hasher.finish()
}

impl Counters {
    pub(super) fn begin(&mut self, code: &Code) {
        self.decision = self.decision.wrapping_add(1);
        self.rows.clear();
        self.applying.clear();
        self.spent.clear();
        self.limits.clear();
        self.windows.resize(code.n_limits, (0, None));
    }

    /// Whether no budget closes anything for this request.
    pub(super) fn is_idle(&self, policy: &Policy) -> bool {
        !self.applying.iter().any(|b| self.closes(policy, *b))
    }

    fn window(
        &mut self,
        code: &Code,
        policy: &Policy,
        budget: u32,
        limit: usize,
        now: Timestamp,
    ) -> Option<(Timestamp, Timestamp)> {
        let of = code.budgets.get(at(budget))?;
        let slot = self.windows.get_mut(of.first_limit.saturating_add(limit))?;
        let utc = of.utc.get(limit).copied().unwrap_or(false);
        // In UTC every window begins where the one before ends, so that it is the window of all that lies in it.
        let still = utc && slot.1.is_some_and(|(start, end)| start <= now && now < end);
        if slot.0 != self.decision && !still {
            let limit = policy.budgets.get(at(budget))?.limits.get(limit)?;
            slot.1 = limit.period.and_then(|period| limit.zone.window(period, now));
        }
        slot.0 = self.decision;
        slot.1
    }

    /// Finds the budgets that apply, and holds the rows to their budgets. `false`: a row makes no sense.
    pub(super) fn look(&mut self, judge: &Judge<'_>) -> bool {
        for (place, budget) in judge.code.budgets.iter().enumerate() {
            if budget.when.is_none_or(|w| !judge.asked(w).is_false()) {
                self.applying.push(id(place));
            }
        }
        if !self.sort_rows(judge.code, judge.policy, judge.ask.context) {
            return false;
        }
        for place in 0..self.applying.len() {
            let Some(budget) = self.applying.get(place).copied() else { continue };
            let Some((code, ir)) =
                judge.code.budgets.get(at(budget)).zip(judge.policy.budgets.get(at(budget)))
            else {
                continue;
            };
            let reserved = code.reserve.is_some_and(|r| !judge.asked(r).is_true());
            for (number, limit) in ir.limits.iter().enumerate() {
                let reduced = code.reduced.get(number).copied().unwrap_or(limit.amount);
                let usable = if reserved { reduced } else { limit.amount };
                self.window(judge.code, judge.policy, budget, number, judge.ask.context.now);
                let same = if code.per_candidate {
                    None
                } else {
                    let counted = self.counted(judge, budget, number, limit, None);
                    Some(counted.map(|counted| minus(usable, counted)))
                };
                self.limits.push((usable, same));
            }
        }
        true
    }

    /// Holds each row to its budget, in the words of `reference::budgets`.
    fn sort_rows(&mut self, code: &Code, policy: &Policy, context: &Context) -> bool {
        for (place, row) in context.budgets.iter().flatten().enumerate() {
            let Some(number) = code.budget_named.get(row.budget.as_str()).copied() else { continue };
            let Some(budget) = policy.budgets.get(at(number)) else { continue };
            let kind = row.counted.kind();
            if row.window_start.is_some_and(|start| start > context.now)
                || row.reserved.is_some_and(|r| r.kind() != kind)
            {
                return false;
            }
            let mut limits = budget.limits.iter().enumerate().filter(|(_, l)| l.kind == kind);
            let (Some(first), more) = (limits.next(), limits.next().is_some()) else { continue };
            if row.per.len() != budget.per.len() {
                return false;
            }
            let found = match &row.window {
                None if more => None,
                None => Some(first),
                Some(window) => {
                    let of =
                        |l: &Limit| l.kind == kind && l.period.map(Period::as_str) == Some(window.as_str());
                    budget.limits.iter().enumerate().find(|(_, l)| of(l))
                }
            };
            let Some((limit_number, limit)) = found else { return false };
            let windowed = !matches!(limit.period, None | Some(Period::Total));
            if windowed && row.window_start.is_none() {
                return false;
            }
            let window =
                if windowed { self.window(code, policy, number, limit_number, context.now) } else { None };
            let counts = row_lies_in(row, limit, window);
            let key = hash(row.per.iter().map(|t| Cow::Borrowed(t.as_str())));
            self.rows.push(((number, kind, period_code(limit.period), key), place, counts));
        }
        self.rows.sort_unstable();
        self.no_row_twice(context)
    }

    fn no_row_twice(&self, context: &Context) -> bool {
        let rows = context.budgets.as_deref().unwrap_or_default();
        let of = |place: usize| rows.get(place).map(|r| r.per.as_slice());
        let groups = self.rows.chunk_by(|a, b| a.0 == b.0);
        groups.into_iter().all(|group| {
            let mut counting = group.iter().filter(|(_, _, counts)| *counts).map(|(_, place, _)| *place);
            // Almost always one; where hashes meet, the texts decide.
            while let Some(one) = counting.next() {
                if counting.clone().any(|other| of(one) == of(other)) {
                    return false;
                }
            }
            true
        })
    }

    /// Returns what was counted where a candidate counts; `None`: it is not known.
    fn counted<'a>(
        &self,
        judge: &Judge<'a>,
        budget: u32,
        number: usize,
        limit: &Limit,
        cand: Option<Cand<'a>>,
    ) -> Option<Amount> {
        let code = judge.code.budgets.get(at(budget))?;
        let rows = judge.ask.context.budgets.as_deref();
        let text = |per: &(super::source::Source, crate::attributes::Type)| per_text(judge, per, cand);
        if !code.per.iter().all(|per| text(per).is_some()) {
            return None;
        }
        let rows = rows?;
        let texts = || code.per.iter().filter_map(text);
        let key: Counter = (budget, limit.kind, period_code(limit.period), hash(texts()));
        let first = self.rows.partition_point(|(k, ..)| *k < key);
        let window = self.windows.get(code.first_limit.saturating_add(number)).and_then(|(_, w)| *w);
        let same = |row: &&BudgetRow| {
            row.per.iter().map(String::as_str).eq(texts().map(OwnedText)) && row_lies_in(row, limit, window)
        };
        let found = self
            .rows
            .get(first..)
            .unwrap_or_default()
            .iter()
            .take_while(|(k, ..)| *k == key)
            .filter_map(|(_, place, _)| rows.get(*place))
            .find(same);
        Some(found.map_or_else(|| zero(limit.kind), total))
    }

    pub(super) fn closes(&self, policy: &Policy, budget: u32) -> bool {
        policy.budgets.get(at(budget)).is_some_and(|b| b.exhausted != Exhausted::AlertOnly)
            && !self.spent.contains(&budget)
    }

    /// Returns the kinds of reasons for which budgets keep a candidate out; `see` is told of each budget that does.
    pub(super) fn out<'a>(&self, judge: &Judge<'a>, cand: Cand<'a>, see: impl FnMut(u32)) -> u8 {
        self.out_at(judge, cand, || judge.worst(cand), see)
    }

    /// The same, where the worst cost may be known already.
    pub(super) fn out_at<'a>(
        &self,
        judge: &Judge<'a>,
        cand: Cand<'a>,
        worst: impl Fn() -> Worst,
        mut see: impl FnMut(u32),
    ) -> u8 {
        let mut kinds = 0;
        let mut next_limit = 0_usize;
        for budget in &self.applying {
            let Some((code, ir)) =
                judge.code.budgets.get(at(*budget)).zip(judge.policy.budgets.get(at(*budget)))
            else {
                continue;
            };
            let limits = self.limits.get(next_limit..).unwrap_or_default();
            next_limit = next_limit.saturating_add(ir.limits.len());
            if !self.closes(judge.policy, *budget) || !(ir.byok_included || cand.own.is_none()) {
                continue;
            }
            if code.covers.is_some_and(|c| judge.truth(c, Some(cand)).is_false()) {
                continue;
            }
            // What is not known of one limit is known of none: one reason for money, one for quotas.
            let mut told = [false, false];
            for ((number, limit), (usable, same)) in ir.limits.iter().enumerate().zip(limits) {
                let remaining = same.unwrap_or_else(|| {
                    let counted = self.counted(judge, *budget, number, limit, Some(cand));
                    counted.map(|counted| minus(*usable, counted))
                });
                let spend = limit.kind == LimitKind::Spend;
                if remaining.is_none() {
                    let [quota_told, spend_told] = &mut told;
                    let told = if spend { spend_told } else { quota_told };
                    if std::mem::replace(told, true) {
                        continue;
                    }
                }
                let kind = limit_out(judge, limit, remaining, cand, &worst);
                if kind != 0 {
                    kinds |= kind;
                    see(*budget);
                }
            }
        }
        kinds
    }

    /// Returns the budgets that count a candidate, in the order of the text, whether they close anything or not.
    pub(super) fn counting<'a>(&self, judge: &Judge<'a>, cand: Cand<'a>) -> Vec<Counted> {
        let mut counting = Vec::new();
        let mut next_limit = 0_usize;
        for budget in &self.applying {
            let written = judge.code.budgets.get(at(*budget)).zip(judge.policy.budgets.get(at(*budget)));
            let Some((code, ir)) = written else { continue };
            let limits = self.limits.get(next_limit..).unwrap_or_default();
            next_limit = next_limit.saturating_add(ir.limits.len());
            if !(ir.byok_included || cand.own.is_none())
                || code.covers.is_some_and(|c| judge.truth(c, Some(cand)).is_false())
            {
                continue;
            }
            let remaining =
                ir.limits.iter().enumerate().zip(limits).map(|((number, limit), (usable, same))| {
                    same.unwrap_or_else(|| {
                        let counted = self.counted(judge, *budget, number, limit, Some(cand));
                        counted.map(|counted| minus(*usable, counted))
                    })
                });
            counting.push(Counted {
                budget: at(*budget),
                closes: self.closes(judge.policy, *budget),
                remaining: remaining.collect(),
                per: code
                    .per
                    .iter()
                    .map(|per| per_text(judge, per, Some(cand)).map(Cow::into_owned))
                    .collect(),
            });
        }
        counting
    }

    /// The budgets that apply, in the order of the text.
    pub(super) fn applying(&self) -> &[u32] {
        &self.applying
    }
}

/// Returns a value of `per`, as rows write it; `None`: unknown.
fn per_text<'a>(
    judge: &Judge<'a>,
    (source, ty): &(super::source::Source, crate::attributes::Type),
    cand: Option<Cand<'a>>,
) -> Option<Cow<'a, str>> {
    Some(match judge.value(*source, cand)? {
        Val::Text(text) => Cow::Borrowed(text),
        Val::Bool(flag) => Cow::Borrowed(if flag { "true" } else { "false" }),
        value => Cow::Owned(show(&value.owned(), ty)),
    })
}

/// Compares what may be owned with what is borrowed.
struct OwnedText<'t>(Cow<'t, str>);

impl PartialEq<OwnedText<'_>> for &str {
    fn eq(&self, other: &OwnedText<'_>) -> bool {
        *self == other.0
    }
}

fn limit_out<'a>(
    judge: &Judge<'a>,
    limit: &Limit,
    remaining: Option<Amount>,
    cand: Cand<'a>,
    worst: &impl Fn() -> Worst,
) -> u8 {
    let kind = if limit.kind == LimitKind::Spend { out::SPEND } else { out::QUOTA };
    let Some(remaining) = remaining else { return kind };
    let needed = match limit.kind {
        LimitKind::Spend => {
            let worst = worst();
            match worst.value {
                Some(worst) if worst.is_zero() => return 0,
                Some(worst) => Amount::Money(worst),
                None => return if worst.is_told() { out::OTHER } else { 0 },
            }
        }
        LimitKind::Requests | LimitKind::Concurrency => Amount::Count(1),
        LimitKind::Tokens => match judge.output_limits(cand).1 {
            Some(output) => Amount::Count(judge.ask.request.input_tokens.saturating_add(output)),
            None => return out::OTHER,
        },
    };
    if needed <= remaining { 0 } else { kind }
}
