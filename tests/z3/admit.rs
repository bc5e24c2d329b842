//! Who is admitted (steps 3 and 4 of section 5): candidates, filters, guardrails less waivers, ceilings, budgets.

use std::collections::BTreeSet;

use faregate::model::{
    Budget, Exhausted, Guardrail, Limit, Routing, Rule, Subject, Tier, TierEntry, Type, Vocabulary, day,
};
use faregate::syntax::ast::{CredentialMode, LimitKind};
use faregate::{Amount, Endpoint};

use super::facts::{Covered, Facts, Seen, Text, Value, fact};
use super::script::{Term, all, any, at_most, below, int, ite, no, not, same, sum, truth, yes};
use super::truth::fits;

impl<'a> Facts<'a> {
    /// Where a workload names the model of an endpoint (rule 21).
    pub(crate) fn named(&mut self, routing: &Routing, endpoint: &Endpoint) -> Covered<Term> {
        let model = endpoint.model.as_str();
        let mut parts = Vec::new();
        for tier in &routing.tiers {
            match tier {
                Tier::Entries(entries) => {
                    parts.push(truth(entries.iter().any(|e| self.entry_names(e, model))))
                }
                Tier::Requested { within } => {
                    if within.as_ref().is_some_and(|w| !self.entry_names(w, model)) {
                        continue;
                    }
                    let asked = self.given(Subject::Request, "model", &Type::Text(Vocabulary::Models));
                    let this = Value::Text(Text::Fixed(Some(model.to_owned())));
                    parts.push(self.equal(&asked, &this)?.yes);
                    parts.push(self.request_has("models", model));
                }
            }
        }
        Ok(any(parts))
    }

    fn entry_names(&self, entry: &TierEntry, model: &str) -> bool {
        match entry {
            TierEntry::Model(name) => self.catalog.resolve(name) == model,
            TierEntry::Pattern(pattern) => fits(pattern.as_str(), model),
            TierEntry::Group(names) => {
                names.iter().any(|n| fits(n.as_str(), model) || self.catalog.resolve(n.as_str()) == model)
            }
        }
    }

    /// Where a candidate passes every filter but the budgets.
    pub(crate) fn passes(&mut self, seen: &Seen<'a>) -> Covered<Term> {
        Ok(self.once("passes", 0, seen, |facts| Ok(vec![facts.passes_made(seen)?]))?.remove(0))
    }

    fn passes_made(&mut self, seen: &Seen<'a>) -> Covered<Term> {
        let mut parts = vec![self.named(seen.routing, seen.endpoint)?];
        parts.push(self.built_in(seen)?);
        for rule in &seen.routing.rules {
            parts.push(self.kept(rule, seen)?);
        }
        let policy = self.policy;
        for guardrail in &policy.guardrails {
            parts.push(self.guarded(guardrail, seen)?);
        }
        for ceiling in &seen.routing.ceilings {
            let applies = match &ceiling.when {
                None => yes(),
                Some(when) => self.truth(when, Some(seen))?.not_false(),
            };
            let over = self.over(ceiling, seen)?;
            parts.push(not(&all([applies, over])));
        }
        // The caller's ceiling on output, which is the only one of theirs that can make room (rule 28).
        let ((known, limit), (asked, most)) = (self.caller_output(), self.max_output());
        parts.push(not(&all([known, asked, below(&limit, &most)])));
        parts.push(self.credential(seen)?);
        let health = self.health(&seen.slot);
        parts.push(not(&same(&health, "2")));
        Ok(self.solver.name("Bool", all(parts)))
    }

    fn built_in(&mut self, seen: &Seen<'a>) -> Covered<Term> {
        let facts = &seen.endpoint.facts;
        let mut parts = Vec::new();
        let input = self.input();
        let (asked, most) = self.max_output();
        let needed = match (facts.joint_context, facts.max_output_tokens.map(|n| int(i128::from(n)))) {
            (Some(true), Some(own)) => {
                let less = ite(&all([asked.clone(), below(&most, &own)]), &most, &own);
                sum([input.clone(), less])
            }
            (Some(true), None) => sum([input.clone(), ite(&asked, &most, "0")]),
            _ => input.clone(),
        };
        parts.push(match facts.context_length {
            Some(fits) => at_most(&needed, &int(i128::from(fits))),
            None => at_most(&needed, "0"),
        });
        if let Some(fits) = facts.max_output_tokens {
            parts.push(any([not(&asked), at_most(&most, &int(i128::from(fits)))]));
        }
        let of = |name: &str| (Subject::Request, name.to_owned());
        let mut supported = facts.supports.clone().unwrap_or_default();
        supported.extend(seen.routing.tolerate.iter().cloned());
        parts.push(self.within(&of("parameters"), &supported));
        parts.push(self.within(&of("modalities"), &facts.modalities.clone().unwrap_or_default()));
        for (tool, cap) in &seen.routing.tools {
            if cap.calls == 0 {
                parts.push(not(&self.request_has("tools", tool)));
            }
        }
        if let Some(last) = facts.sunset {
            let today = self.utc_day();
            parts.push(at_most(&today, &int(day(last))));
        }
        let past_counting = self.overflows(seen)?;
        parts.push(not(&past_counting));
        Ok(all(parts))
    }

    fn kept(&mut self, rule: &Rule, seen: &Seen<'a>) -> Covered<Term> {
        let truth = self.truth(&rule.expr, Some(seen))?;
        Ok(if rule.forbid { truth.no } else { truth.yes })
    }

    fn guarded(&mut self, guardrail: &Guardrail, seen: &Seen<'a>) -> Covered<Term> {
        let applies = match &guardrail.when {
            None => yes(),
            Some(when) => self.truth(when, Some(seen))?.not_false(),
        };
        let mut kept = Vec::new();
        for rule in &guardrail.rules {
            kept.push(self.kept(rule, seen)?);
        }
        let mut free = vec![not(&applies), all(kept)];
        let policy = self.policy;
        for waiver in policy.waivers.iter().filter(|w| w.guardrail == guardrail.name) {
            let holds = match &waiver.when {
                None => yes(),
                Some(when) => self.truth(when, Some(seen))?.yes,
            };
            let today = self.utc_day();
            free.push(all([holds, at_most(&today, &int(day(waiver.until)))]));
        }
        Ok(any(free))
    }

    /// Keys (rules 22, 25 and 27) and what the caller says of providers (rule 28).
    fn credential(&mut self, seen: &Seen<'a>) -> Covered<Term> {
        let provider = &seen.endpoint.provider;
        let special = seen.routing.credentials_for.get(provider).map(|(mode, _)| *mode);
        let modes = [Some(seen.routing.credentials), special];
        let out = modes.into_iter().flatten().any(|mode| match mode {
            CredentialMode::OwnOnly => !seen.own,
            CredentialMode::SharedOnly => seen.own,
            CredentialMode::OwnThenShared | CredentialMode::SharedThenOwn => false,
        });
        let mut parts = vec![truth(!out)];
        if !seen.own {
            let (there, credits) = self.credits();
            let (known, worst) = self.worst(seen)?;
            parts.push(any([not(&there), all([known, at_most(&worst, &credits)])]));
        }
        for (name, wanted) in [("only", true), ("ignore", false)] {
            let known = self.set_is_known(Subject::Request, name);
            let has = self.request_has(name, provider);
            parts.push(any([not(&known), if wanted { has } else { not(&has) }]));
        }
        Ok(all(parts))
    }

    /// Where a budget closes a candidate that is otherwise admitted (rules 3, 9, 30 and 31).
    pub(crate) fn closed(&mut self, budget: &'a Budget, seen: &Seen<'a>) -> Covered<Term> {
        let number = std::ptr::from_ref(budget).addr();
        Ok(self.once("closed", number, seen, |facts| Ok(vec![facts.closed_made(budget, seen)?]))?.remove(0))
    }

    fn closed_made(&mut self, budget: &'a Budget, seen: &Seen<'a>) -> Covered<Term> {
        if budget.exhausted == Exhausted::AlertOnly || (seen.own && !budget.byok_included) {
            return Ok(no());
        }
        let mut covered = Vec::new();
        if let Some(when) = &budget.when {
            covered.push(self.truth(when, None)?.not_false());
        }
        if let Some(covers) = &budget.covers {
            covered.push(self.truth(covers, Some(seen))?.not_false());
        }
        let mut unknown = vec![not(&self.solver.flag("budgets are known"))];
        let mut counter = budget.name.clone();
        for attr in &budget.per {
            if attr.subject != Subject::Endpoint {
                let value = self.value(attr, Some(seen), None)?;
                unknown.push(not(&value.known()));
                continue;
            }
            counter += &match attr.name.as_str() {
                "credential" if seen.own => format!(" {}own", seen.slot),
                "credential" => " shared".to_owned(),
                name => match fact(seen.endpoint, name) {
                    Some(value) => format!(" {value:?}"),
                    None => {
                        unknown.push(yes());
                        String::new()
                    }
                },
            };
        }
        let mut out = unknown;
        for (number, limit) in budget.limits.iter().enumerate() {
            let counted = self
                .solver
                .constant(&format!("{counter} {number} counted"), "Int", |s| vec![at_most("0", s)]);
            let usable = self.usable(budget, limit)?;
            let (known, needed) = match limit.kind {
                LimitKind::Spend => self.worst(seen)?,
                LimitKind::Requests | LimitKind::Concurrency => (yes(), int(1)),
                LimitKind::Tokens => {
                    let (bounded, output) = self.output(seen)?;
                    (bounded, sum([self.input(), output]))
                }
            };
            let left = at_most(&sum([needed.clone(), counted]), &usable);
            out.push(not(&all([known, any([at_most(&needed, "0"), left])])));
        }
        Ok(self.solver.name("Bool", all([all(covered), any(out)])))
    }

    /// A limit less its reserve, for those for whom it is not kept.
    fn usable(&mut self, budget: &'a Budget, limit: &Limit) -> Covered<Term> {
        let whole = match limit.amount {
            Amount::Money(m) => m.0.units(),
            Amount::Count(n) => i128::from(n),
        };
        let Some((share, kept_for)) = &budget.reserve else { return Ok(int(whole)) };
        let one = 10_i128.pow(24);
        // Shares are written in whole or few percents; what is left of money is then exact, and of counts rounded down.
        let divisor = 1_000_000;
        let left = (one - share.0.units()) / (one / divisor);
        let less = match whole.checked_mul(left) {
            Some(product) if (one - share.0.units()) % (one / divisor) == 0 => product / divisor,
            _ => return Err("a reserve that is no simple share".to_owned()),
        };
        let kept = self.truth(kept_for, None)?.yes;
        Ok(ite(&kept, &int(whole), &int(less)))
    }

    /// Where a candidate is admitted, budgets of this set closing nothing.
    pub(crate) fn admitted(&mut self, seen: &Seen<'a>, spent: &BTreeSet<usize>) -> Covered<Term> {
        let mut parts = vec![self.passes(seen)?];
        let policy = self.policy;
        if parts[0] != "false" {
            for (_, budget) in policy.budgets.iter().enumerate().filter(|(at, _)| !spent.contains(at)) {
                parts.push(not(&self.closed(budget, seen)?));
            }
        }
        Ok(self.solver.name("Bool", all(parts)))
    }
}
