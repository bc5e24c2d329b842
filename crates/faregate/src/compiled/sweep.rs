//! Filters (step 4): over all shared candidates at once where bit sets can tell, one by one where they cannot.

use std::cell::Cell;

use fixedbitset::FixedBitSet;

use super::bound::CeilingBound;
use super::code::When;
use super::cost::Worst;
use super::expr::{UNKNOWN, at, id};
use super::judge::{By, Cand, Judge, out};
use super::packed::pack;
use super::scratch::Work;
use crate::{DenialCode, Health};

/// Leaves the admitted candidates in `work.open` (shared) and `work.own`.
pub(super) fn sweep<'a>(judge: &Judge<'a>, by: By<'a>, work: &mut Work, tiers: &[u32]) {
    work.own.clear();
    sweep_shared(judge, by, work, tiers);
    for (number, own) in judge.ask.context.credentials.iter().enumerate() {
        let Some(provider) = judge.bound.columns.providers.get(own.provider.as_str()) else { continue };
        for place in provider.endpoints.ones().filter(|p| tiers.get(*p).is_some_and(|t| *t > 0)) {
            if is_admitted(judge, by, work, Cand::own(place, own)) {
                work.own.push((id(place), id(number)));
            }
        }
    }
}

fn sweep_shared<'a>(judge: &Judge<'a>, by: By<'a>, work: &mut Work, tiers: &[u32]) {
    let (ask, columns, request) = (&judge.ask, &judge.bound.columns, judge.ask.request);
    work.open.clone_from(&by.bound.open);
    if by.code.requested {
        work.other.clone_from(&work.open);
        for place in work.other.ones().filter(|p| tiers.get(*p).is_none_or(|t| *t == 0)) {
            work.open.remove(place);
        }
    }
    if request.input_tokens > 0 {
        keep(&mut work.open, columns.context.at_least(request.input_tokens));
    }
    if let Some(asked) = ask.max_output {
        keep(&mut work.open, columns.output.at_least(asked));
    }
    for parameter in request.parameters.iter().filter(|p| !by.routing.tolerate.contains(*p)) {
        match columns.supports.members.get(parameter.as_str()) {
            Some(members) => keep(&mut work.open, members),
            None => work.open.clear(),
        }
    }
    for modality in &request.modalities {
        match columns.modalities.members.get(modality.as_str()) {
            Some(members) => keep(&mut work.open, members),
            None => work.open.clear(),
        }
    }
    if !request.tools.is_empty() && judge.names_forbidden_tool(by) {
        work.open.clear();
    }
    callers_providers(judge, work);
    let most = most(judge, by);
    ceilings(judge, by, work, most);
    guardrails(judge, work);
    for (last, ending) in &columns.sunsets {
        if !work.open.is_disjoint(ending) && judge.today().is_none_or(|today| today > *last) {
            work.open.difference_with(ending);
        }
    }
    if !work.open.is_disjoint(&columns.joint) {
        retain(work, |_, place| !columns.joint.contains(place) || judge.fits(Cand::shared(place)));
    }
    one_by_one(judge, by, work, most);
    work.is_packed = pack(judge, by, work);
    if !work.is_packed {
        hold_costs(judge, work);
    }
}

/// Keeps those shared candidates of which this holds.
fn retain(work: &mut Work, mut keep: impl FnMut(&Work, usize) -> bool) {
    let mut open = std::mem::take(&mut work.open);
    let mut first = 0_usize;
    for block in open.as_mut_slice() {
        let mut left = *block;
        while left != 0 {
            let bit = left.trailing_zeros();
            left &= left.wrapping_sub(1);
            if !keep(work, first.saturating_add(at(bit))) {
                *block &= !1_usize.wrapping_shl(bit);
            }
        }
        first = first.saturating_add(at(usize::BITS));
    }
    work.open = open;
}

/// Keeps of one set what is in another of the same catalog.
fn keep(open: &mut FixedBitSet, set: &FixedBitSet) {
    // So many endpoints most hosts have, and a loop costs more than they do.
    if let ([open], [set]) = (open.as_mut_slice(), set.as_slice()) {
        *open &= *set;
        return;
    }
    for (open, set) in open.as_mut_slice().iter_mut().zip(set.as_slice()) {
        *open &= *set;
    }
}

/// What the caller accepts and refuses, and where the gateway has no shared credential.
fn callers_providers(judge: &Judge<'_>, work: &mut Work) {
    let providers = &judge.bound.columns.providers;
    if let Some(only) = judge.ask.only {
        work.other.clone_from(&work.open);
        work.open.clear();
        only.all(|name| {
            if let Some(provider) = providers.get(name) {
                work.open.union_with(&provider.endpoints);
            }
            true
        });
        keep(&mut work.open, &work.other);
    }
    if let Some(ignore) = judge.ask.ignore {
        ignore.all(|name| {
            if let Some(provider) = providers.get(name) {
                work.open.difference_with(&provider.endpoints);
            }
            true
        });
    }
    for name in &judge.ask.context.shared_except {
        if let Some(provider) = providers.get(name.as_str()) {
            work.open.difference_with(&provider.endpoints);
        }
    }
}

/// Ceilings whose conditions the request settles; the others are left for later.
fn ceilings<'a>(judge: &Judge<'a>, by: By<'a>, work: &mut Work, most: Option<u128>) {
    work.late_ceilings.clear();
    work.cost_limit = None;
    let written = by.code.whens.iter().zip(&by.bound.ceilings).zip(&by.routing.ceilings);
    for (number, ((when, bound), ceiling)) in written.enumerate() {
        match *when {
            When::Always => {}
            When::Is { slot, symbol } => {
                let found = judge.symbols.get(slot).copied().unwrap_or(UNKNOWN);
                if found != symbol && found != UNKNOWN {
                    continue;
                }
            }
            When::Asked(node) => {
                if judge.asked(node).is_false() {
                    continue;
                }
            }
            When::Late => {
                work.late_ceilings.push(number);
                continue;
            }
        }
        match bound {
            CeilingBound::Price(kept) => {
                if judge.uses(&ceiling.kind) {
                    keep(&mut work.open, kept);
                    if !work.open.is_disjoint(&judge.bound.columns.changing) {
                        work.late_ceilings.push(number);
                    }
                }
            }
            CeilingBound::Output(limit) => {
                if judge.ask.max_output.is_some_and(|asked| asked > *limit) {
                    work.open.clear();
                }
            }
            CeilingBound::Cost(limit) => {
                if !costs_within(judge, by, work, most, *limit) {
                    work.late_ceilings.push(number);
                }
            }
        }
    }
}

/// Guardrails that the catalog settles; the others are left for later.
fn guardrails<'a>(judge: &Judge<'a>, work: &mut Work) {
    work.late_guards.clear();
    for number in 0..work.guards.len() {
        let Some(guard) = work.guards.get(number).copied() else { break };
        let Some(code) = judge.code.guards.get(at(guard)) else { continue };
        if !code.is_settled() {
            work.late_guards.push(guard);
            continue;
        }
        let Some(pass) = code.pass.and_then(|p| judge.bound.pass(p)) else { continue };
        if code.waivers.is_empty() {
            keep(&mut work.open, &pass.set);
        } else {
            let waived = |place| judge.waived(&code.waivers, Cand::shared(place));
            retain(work, |_, place| pass.set.contains(place) || waived(place));
        }
        if pass.priced && !work.open.is_disjoint(&judge.bound.columns.changing) {
            work.late_guards.push(guard);
        }
    }
}

/// What only a look at each candidate tells.
fn one_by_one<'a>(judge: &Judge<'a>, by: By<'a>, work: &mut Work, most: Option<u128>) {
    let columns = &judge.bound.columns;
    let budgets = !work.counters.is_idle(judge.policy);
    let health = !judge.ask.context.endpoints.is_empty();
    let pass =
        judge.bound.pass(by.code.pass).is_some_and(|p| p.priced) && !work.open.is_disjoint(&columns.changing);
    let small = most.is_some_and(|most| columns.unit.holds(most));
    let overflow = !small || !(columns.all_priced || work.open.is_subset(&columns.plain));
    let credits = judge
        .ask
        .credits
        .is_some_and(|credits| !costs_within(judge, by, work, most, columns.unit.floor(credits)));
    let idle = !pass
        && by.code.late.is_empty()
        && work.late_guards.is_empty()
        && work.late_ceilings.is_empty()
        && judge.caller.is_empty()
        && !credits;
    if idle && !budgets && !health && !overflow {
        return;
    }
    hold_costs(judge, work);
    retain(work, |work, place| {
        let cand = Cand::shared(place);
        let known = Cell::new(None);
        let worst = || {
            let worst = known.get().unwrap_or_else(|| judge.worst(cand));
            known.set(Some(worst));
            worst
        };
        let over = |number: &usize| ceiling_out_at(judge, by, *number, cand, worst);
        let out = (health && judge.now_facts(place).health() == Health::Down)
            || (pass && !judge.passes(by.code.pass, cand))
            || by.code.late.iter().any(|rule| !judge.satisfied(*rule, cand))
            || work.late_guards.iter().any(|guard| judge.guarded(*guard, cand))
            || work.late_ceilings.iter().any(over)
            || judge.caller.iter().any(|(kind, amount)| judge.over_at(kind, *amount, cand, worst))
            || (credits && judge.credits_out_at(cand, worst) != 0)
            || (overflow && worst().overflow)
            || (budgets && work.counters.out_at(judge, cand, worst, |_| {}) != 0);
        !out
    });
}

/// Returns a number of units that no worst cost of plain prices passes; `None`: there is none.
fn most(judge: &Judge<'_>, by: By<'_>) -> Option<u128> {
    let request = judge.ask.request;
    if !request.tools.is_empty() {
        return None;
    }
    let longest = if judge.limits_are_plain(by) { judge.bound.columns.longest } else { crate::MAX_COUNT };
    Some(judge.bound.columns.most.cost(request, judge.ask.max_output.unwrap_or(longest)))
}

/// Holds shared candidates to a limit of their worst cost, or notes it down. `false`: a look at each must do it.
fn costs_within<'a>(
    judge: &Judge<'a>,
    by: By<'a>,
    work: &mut Work,
    most: Option<u128>,
    limit: Option<u128>,
) -> bool {
    let (columns, request, asked) = (&judge.bound.columns, judge.ask.request, judge.ask.max_output);
    let Some((most, limit)) = most.zip(limit) else { return false };
    let plain = columns.all_priced || work.open.is_subset(&columns.plain);
    if !plain || (asked.is_none() && !judge.limits_are_plain(by)) {
        return false;
    }
    // Whose cost is not known or not bounded is out.
    if !columns.all_priced {
        keep(&mut work.open, &columns.priced);
    }
    if request.images > 0 {
        keep(&mut work.open, &columns.images);
    }
    if asked.is_none() {
        keep(&mut work.open, &columns.limited);
    }
    if limit < most {
        work.cost_limit = Some(work.cost_limit.map_or(limit, |other| other.min(limit)));
    }
    true
}

/// Holds those that are still there to the limit that was noted down.
fn hold_costs(judge: &Judge<'_>, work: &mut Work) {
    let (columns, request, asked) = (&judge.bound.columns, judge.ask.request, judge.ask.max_output);
    let Some(limit) = work.cost_limit.take() else { return };
    retain(work, |_, place| {
        let cost = columns.flat.get(place).map(|flat| flat.worst_of(request, flat.output_limit(asked)));
        cost.is_some_and(|cost| cost <= limit)
    });
}

fn ceiling_out<'a>(judge: &Judge<'a>, by: By<'a>, number: usize, cand: Cand<'a>) -> bool {
    ceiling_out_at(judge, by, number, cand, || judge.worst(cand))
}

/// The same, where the worst cost may be known already.
fn ceiling_out_at<'a>(
    judge: &Judge<'a>,
    by: By<'a>,
    number: usize,
    cand: Cand<'a>,
    worst: impl FnOnce() -> Worst,
) -> bool {
    let Some((ceiling, when)) = by.routing.ceilings.get(number).zip(by.code.ceilings.get(number)) else {
        return false;
    };
    judge.applies(*when, cand) && judge.over_at(&ceiling.kind, ceiling.amount, cand, worst)
}

/// Whether nothing keeps a candidate out.
fn is_admitted<'a>(judge: &Judge<'a>, by: By<'a>, work: &Work, cand: Cand<'a>) -> bool {
    !judge.credential_out(by, cand)
        && judge.now_facts(cand.place).health() != Health::Down
        && !judge.built_in_out(by, cand)
        && by.code.rules.iter().all(|rule| judge.satisfied(*rule, cand))
        && !work.guards.iter().any(|guard| judge.guarded(*guard, cand))
        && !(0..by.routing.ceilings.len()).any(|number| ceiling_out(judge, by, number, cand))
        && !judge.caller.iter().any(|(kind, amount)| judge.over(kind, *amount, cand))
        && judge.credits_out(cand) == 0
        && !judge.caller_refuses(cand)
        && work.counters.out(judge, cand, |_| {}) == 0
}

/// Says why nobody is admitted (rule 35), and notes the budgets that alone keep somebody out.
pub(super) fn classify<'a>(judge: &Judge<'a>, by: By<'a>, work: &mut Work, tiers: &[u32]) -> DenialCode {
    let mut named = std::mem::take(&mut work.named_budgets);
    named.fill(false);
    let (mut quota, mut money, mut spend, mut guardrail) = (false, false, false, false);
    let mut look = |cand: Cand<'a>| {
        let kinds = kinds(judge, by, work, cand);
        if kinds & out::BEYOND_BUDGETS == 0 {
            work.counters.out(judge, cand, |budget| {
                if let Some(named) = named.get_mut(at(budget)) {
                    *named = true;
                }
            });
        }
        let reasons = kinds & !out::BEYOND_BUDGETS;
        quota |= reasons & !out::QUOTA == 0;
        if reasons & !(out::QUOTA | out::SPEND | out::CREDITS) == 0 {
            money = true;
            spend |= reasons & out::SPEND != 0;
        }
        guardrail |= reasons & !(out::QUOTA | out::SPEND | out::CREDITS | out::GUARDRAIL) == 0;
    };
    for place in (0..judge.bound.columns.count).filter(|p| tiers.get(*p).is_some_and(|t| *t > 0)) {
        look(Cand::shared(place));
    }
    for own in &judge.ask.context.credentials {
        let Some(provider) = judge.bound.columns.providers.get(own.provider.as_str()) else { continue };
        for place in provider.endpoints.ones().filter(|p| tiers.get(*p).is_some_and(|t| *t > 0)) {
            look(Cand::own(place, own));
        }
    }
    work.named_budgets = named;
    match () {
        () if quota => DenialCode::Quota,
        () if money && spend => DenialCode::Budget,
        () if money => DenialCode::Credits,
        () if guardrail => DenialCode::Guardrail,
        () => DenialCode::NoRoute,
    }
}

/// Returns all kinds of reasons that keep a candidate out.
fn kinds<'a>(judge: &Judge<'a>, by: By<'a>, work: &Work, cand: Cand<'a>) -> u8 {
    let mut kinds = 0;
    let other = judge.credential_out(by, cand)
        || judge.caller_refuses(cand)
        || judge.now_facts(cand.place).health() == Health::Down
        || judge.built_in_out(by, cand)
        || (0..by.routing.ceilings.len()).any(|number| ceiling_out(judge, by, number, cand))
        || judge.caller.iter().any(|(kind, amount)| judge.over(kind, *amount, cand));
    if other {
        // Whatever else there is, it decides nothing any more.
        return out::OTHER | out::BEYOND_BUDGETS;
    }
    for rule in by.code.rules.iter().filter(|rule| !judge.satisfied(**rule, cand)) {
        let cools = !rule.forbid && judge.is_cooling(cand) && judge.satisfied(*rule, cand.cooled());
        kinds |= out::BEYOND_BUDGETS | if cools { out::QUOTA } else { out::OTHER };
    }
    if work.guards.iter().any(|guard| judge.guarded(*guard, cand)) {
        kinds |= out::BEYOND_BUDGETS | out::GUARDRAIL;
    }
    let credits = judge.credits_out(cand);
    if credits != 0 {
        kinds |= out::BEYOND_BUDGETS | credits;
    }
    kinds | work.counters.out(judge, cand, |_| {})
}
