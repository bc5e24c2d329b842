//! The plan (step 6): which candidates moves can reach from the first (rules 12 and 13).

use super::expr::at;
use super::judge::{By, Cand, Judge};
use super::scratch::{Planned, Work};
use crate::ErrorClass;
use faregate_syntax::ast::MoveKind;

/// The ways by which one kind of move leads to a candidate.
#[derive(Clone, Copy, Default)]
struct Ways {
    /// After an error that lets any candidate follow.
    any: bool,
    /// After the input was too long: only from one with a smaller context.
    larger: bool,
}

const KINDS: [MoveKind; 3] = [MoveKind::Model, MoveKind::Provider, MoveKind::Credential];

/// Leaves in `work.plan` those that moves can reach, and puts the others into `work.left`, in their order.
pub(super) fn reach<'a>(judge: &Judge<'a>, by: By<'a>, work: &mut Work) {
    work.left.clear();
    let Some(fallback) = &by.routing.fallback else {
        work.left.extend(work.plan.get(1..).unwrap_or_default());
        work.plan.truncate(1);
        return;
    };
    let (shared, own) = by.code.leads_anywhere;
    if own || (shared && work.own.is_empty()) {
        return;
    }
    let decision = work.decision;
    let always = KINDS.map(|kind| ways(judge, by, kind, None));
    let conditional = by.code.moves.iter().any(|m| m.when.is_some());
    let first = work.plan.first().copied();
    let cap = fallback.price_at_most.map(|(share, _)| {
        let first = first.and_then(|p| judge.candidate(p.place, p.own))?;
        judge.worst(first).value?.share(share)
    });
    let mut kept = 0_usize;
    let mut several_models = false;
    let mut first_model = None;
    for next in 0..work.plan.len() {
        let Some(planned) = work.plan.get(next).copied() else { break };
        let Some(to) = judge.candidate(planned.place, planned.own) else { continue };
        let model = judge.bound.columns.model_of.get(to.place).copied().unwrap_or(0);
        let reached = next == 0 || {
            let required = by.code.requires.iter().all(|r| judge.truth(*r, Some(to)).is_true());
            let cheap =
                cap.is_none_or(|cap| cap.zip(judge.worst(to).value).is_some_and(|(cap, worst)| worst <= cap));
            required && cheap && {
                let known = work.models.get(at(model)).copied().unwrap_or_default();
                let same_model = known.0 == decision;
                let there = [
                    several_models || first_model != Some(model),
                    same_model && (known.2 || known.1 != planned.place),
                    work.planned.get(to.place) == Some(&decision),
                ];
                KINDS.into_iter().zip(always).zip(there).any(|((kind, always), there)| {
                    let ways = if conditional { ways(judge, by, kind, Some(to)) } else { always };
                    there && (ways.any || (ways.larger && larger(judge, work, kept, kind, to)))
                })
            }
        };
        if !reached {
            work.left.push(planned);
            continue;
        }
        if let Some(slot) = work.plan.get_mut(kept) {
            *slot = planned;
        }
        kept = kept.saturating_add(1);
        several_models |= first_model.is_some_and(|m| m != model);
        first_model = first_model.or(Some(model));
        if let Some(known) = work.models.get_mut(at(model)) {
            let several = known.0 == decision && (known.2 || known.1 != planned.place);
            let place = if known.0 == decision { known.1 } else { planned.place };
            *known = (decision, place, several);
        }
        if let Some(slot) = work.planned.get_mut(to.place) {
            *slot = decision;
        }
    }
    work.plan.truncate(kept);
}

/// Returns the ways of one kind of move, to a candidate where conditions ask for one.
fn ways<'a>(judge: &Judge<'a>, by: By<'a>, kind: MoveKind, to: Option<Cand<'a>>) -> Ways {
    let mut ways = Ways::default();
    for rule in by.code.moves.iter().filter(|m| m.kind == kind) {
        for class in &rule.on {
            let holds = match (rule.when, to) {
                (None, _) => true,
                (Some(when), Some(to)) => judge.possible(when, to, *class).0,
                (Some(_), None) => false,
            };
            if *class == ErrorClass::ContextLength {
                ways.larger |= holds;
            } else {
                ways.any |= holds;
            }
        }
    }
    ways
}

/// Whether a candidate has a larger context than one before it from which this kind of move leads there.
fn larger<'a>(judge: &Judge<'a>, work: &Work, kept: usize, kind: MoveKind, to: Cand<'a>) -> bool {
    let Some(endpoint) = judge.endpoint(to.place) else { return false };
    work.plan.get(..kept).unwrap_or_default().iter().any(|planned: &Planned| {
        let Some(from) = judge.endpoint(at(planned.place)) else { return false };
        let context = from.facts.context_length;
        from.move_to(endpoint) == kind && context.is_some() && endpoint.facts.context_length > context
    })
}
