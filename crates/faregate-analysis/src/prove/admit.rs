//! Where an endpoint is admitted (step 4 of the language): the filters as one formula over request and context.
//!
//! Budgets are untouched here: the more they have counted, the fewer they admit. What is left out of the model is free to be
//! either way, so that nothing that the engine may do is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use faregate::model::{
    Budget, Ceiling, CeilingKind, Exhausted, Guardrail, Limit, Routing, Rule, Subject, Tier, TierEntry, day,
    endpoint_fact, without_reserve,
};
use faregate::{Amount, Endpoint, Money};
use faregate_syntax::ast::{CompareOp, CredentialMode, LimitKind};

use super::costs::{Case, Regime};
use super::facts;
use super::formula::{Formula, Moment, Range, TextTest};
use super::lower::{Lower, Seen};

/// An endpoint with a kind of credential in a workload, all that formulas need of it.
pub(super) struct Candidate<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) own: bool,
    pub(super) regimes: Arc<Vec<Regime>>,
    pub(super) cost: Vec<Case>,
    /// Where the cost may be past what can be counted, which excludes.
    pub(super) too_large: Formula,
    /// Where a tier names its model.
    pub(super) named: Formula,
}

impl<'a> Candidate<'a> {
    pub(super) fn seen(&self) -> Seen<'_> {
        Seen { endpoint: self.endpoint, own: self.own, regimes: &self.regimes, cost: Some(&self.cost) }
    }
}

impl<'a> Lower<'a> {
    /// Returns all candidates of a workload, shared ones and, with `own`, own ones.
    pub(super) fn candidates(&mut self, routing: &Routing, own: bool) -> Vec<Candidate<'a>> {
        let mut candidates = Vec::new();
        let mut named_models: BTreeMap<&str, Formula> = BTreeMap::new();
        let catalog = self.catalog;
        for endpoint in catalog.endpoints() {
            let named = match named_models.get(endpoint.model.as_str()) {
                Some(named) => *named,
                None => {
                    let named = self.named(routing, &endpoint.model);
                    named_models.insert(&endpoint.model, named);
                    named
                }
            };
            if named == Formula::FALSE {
                continue;
            }
            candidates.extend(self.of_endpoint(routing, endpoint, named, own));
        }
        candidates
    }

    /// Returns an endpoint with each kind of credential that a workload takes for it; own ones only with `own`.
    pub(super) fn of_endpoint(
        &mut self,
        routing: &Routing,
        endpoint: &'a Endpoint,
        named: Formula,
        own: bool,
    ) -> Vec<Candidate<'a>> {
        let deadline = routing.retry.as_ref().and_then(|r| r.deadline_ms);
        let mut candidates = Vec::new();
        let general = routing.credentials;
        let special = routing.credentials_for.get(&endpoint.provider).map(|(mode, _)| *mode);
        let excludes = |mode| general == mode || special == Some(mode);
        let kinds = [
            (!excludes(CredentialMode::OwnOnly)).then_some(false),
            (own && !excludes(CredentialMode::SharedOnly)).then_some(true),
        ];
        let mut regimes: Option<Arc<Vec<Regime>>> = None;
        for own in kinds.into_iter().flatten() {
            let regimes =
                Arc::clone(regimes.get_or_insert_with(|| Arc::new(self.regimes(endpoint, deadline))));
            let seen = Seen { endpoint, own, regimes: &regimes, cost: None };
            let (cost, too_large) = self.worst(routing, seen);
            candidates.push(Candidate { endpoint, own, regimes, cost, too_large, named });
        }
        candidates
    }

    /// Where a tier of the route names a model.
    pub(super) fn named(&mut self, routing: &Routing, model: &str) -> Formula {
        let mut parts = Vec::new();
        for tier in &routing.tiers {
            match tier {
                Tier::Entries(entries) => {
                    if entries.iter().any(|e| self.entry_names(e, model)) {
                        return Formula::TRUE;
                    }
                }
                Tier::Requested { within } => {
                    if within.as_ref().is_none_or(|w| self.entry_names(w, model)) {
                        parts.push(self.asked_for(model));
                    }
                }
            }
        }
        self.arena.any(parts)
    }

    pub(super) fn entry_names(&self, entry: &TierEntry, model: &str) -> bool {
        match entry {
            TierEntry::Model(name) => self.catalog.resolve(name) == model,
            TierEntry::Pattern(pattern) => pattern.matches(model),
            TierEntry::Group(patterns) => {
                patterns.iter().any(|p| p.matches(model) || self.catalog.resolve(p.as_str()) == model)
            }
        }
    }

    /// Where a request asks for a model, by its name or an alias. What the policy does not declare is canonical already.
    fn asked_for(&mut self, model: &str) -> Formula {
        let (one, several) = (self.request("model"), self.request("models"));
        let listed = |range: Option<&Range>| match range {
            Some(Range::Text(Some(list)) | Range::Set(Some(list))) => Some(Arc::clone(list)),
            _ => None,
        };
        // What the policy declares is read as it was written, else aliases are models by now.
        let declared =
            |name: &str| self.policy.declared.iter().any(|d| d.subject == Subject::Request && d.name == name);
        let names = |declared: bool| {
            let aliases = self.catalog.aliases().iter().filter(|(_, of)| declared && *of == model);
            let mut names: Vec<String> = aliases.map(|(alias, _)| alias.clone()).collect();
            names.push(model.to_owned());
            names
        };
        let (names_of_one, names_of_several) = (names(declared("model")), names(declared("models")));
        let mut parts = Vec::new();
        let list = listed(self.arena.about(one).map(|a| &a.range));
        for name in names_of_one.into_iter().filter(|n| list.as_ref().is_none_or(|l| l.contains(n))) {
            parts.push(self.arena.text(one, TextTest::Is(name)));
        }
        let list = listed(self.arena.about(several).map(|a| &a.range));
        for name in names_of_several.into_iter().filter(|n| list.as_ref().is_none_or(|l| l.contains(n))) {
            parts.push(self.arena.has(several, name));
        }
        self.arena.any(parts)
    }

    /// Where every filter but the budgets lets a candidate through.
    pub(super) fn admitted(&mut self, routing: &Routing, candidate: &Candidate<'_>) -> Formula {
        let mut parts = vec![candidate.named, candidate.too_large.not()];
        self.built_in(routing, candidate, &mut parts);
        let seen = candidate.seen();
        for rule in &routing.rules {
            parts.push(self.satisfied(rule, Some(seen)));
        }
        // Most endpoints fail at once; what is certain needs no more.
        if parts.contains(&Formula::FALSE) {
            return Formula::FALSE;
        }
        let policy = self.policy;
        for guardrail in &policy.guardrails {
            let passes = self.guardrail(guardrail, seen);
            if passes == Formula::FALSE {
                return Formula::FALSE;
            }
            parts.push(passes);
        }
        for ceiling in &routing.ceilings {
            parts.push(self.under(ceiling, candidate));
        }
        self.credits(candidate, &mut parts);
        self.caller(candidate, &mut parts);
        self.arena.all(parts)
    }

    /// Where a rule excludes nobody.
    pub(super) fn satisfied(&mut self, rule: &Rule, seen: Option<Seen<'_>>) -> Formula {
        let truth = self.truth(&rule.expr, seen);
        if rule.forbid { truth.no } else { truth.yes }
    }

    pub(super) fn guardrail(&mut self, guardrail: &Guardrail, seen: Seen<'_>) -> Formula {
        let off = guardrail.when.as_ref().map_or(Formula::FALSE, |w| self.truth(w, Some(seen)).no);
        let rules: Vec<Formula> = guardrail.rules.iter().map(|r| self.satisfied(r, Some(seen))).collect();
        let kept = self.arena.all(rules);
        let mut parts = vec![off, kept];
        if kept != Formula::TRUE && off != Formula::TRUE {
            let policy = self.policy;
            for waiver in policy.waivers.iter().filter(|w| w.guardrail == guardrail.name) {
                let when = waiver.when.as_ref().map_or(Formula::TRUE, |w| self.truth(w, Some(seen)).yes);
                let open = self.until(day(waiver.until));
                parts.push(self.arena.both(when, open));
            }
        }
        self.arena.any(parts)
    }

    pub(super) fn until(&mut self, last: i128) -> Formula {
        self.arena.moment_is(Moment::Compare {
            name: "date".to_owned(),
            zone: None,
            op: CompareOp::Le,
            value: last,
        })
    }

    pub(super) fn built_in(
        &mut self,
        routing: &Routing,
        candidate: &Candidate<'_>,
        parts: &mut Vec<Formula>,
    ) {
        let facts = &candidate.endpoint.facts;
        let (input, output) = self.tokens();
        let asked = self.arena.known(output);
        let joint = facts.joint_context == Some(true);
        let length = facts.context_length.map_or(0, i128::from);
        let fits = if joint {
            // Without a limit of its own, the endpoint's; without either, the input alone.
            let own = facts.max_output_tokens.map_or(0, i128::from);
            let with_asked = self.arena.sum_at_most(&[(input, 1), (output, 1)], length);
            let with_own = self.arena.at_most(input, length.saturating_sub(own));
            let (a, b) = (self.arena.both(asked, with_asked), self.arena.both(asked.not(), with_own));
            self.arena.either(a, b)
        } else {
            self.arena.at_most(input, length)
        };
        parts.push(fits);
        if let Some(most) = facts.max_output_tokens {
            let fits = self.arena.at_most(output, i128::from(most));
            parts.push(self.arena.either(asked.not(), fits));
        }
        let mut supported = routing.tolerate.clone();
        supported.extend(facts.supports.iter().flatten().cloned());
        let parameters = self.request("parameters");
        parts.push(self.arena.within(parameters, supported));
        let tools = self.request("tools");
        for (tool, _) in routing.tools.iter().filter(|(_, cap)| cap.calls == 0) {
            parts.push(self.arena.has(tools, tool.clone()).not());
        }
        let modalities = self.request("modalities");
        let read: BTreeSet<String> = facts.modalities.iter().flatten().cloned().collect();
        parts.push(self.arena.within(modalities, read));
        if let Some(sunset) = facts.sunset {
            parts.push(self.until(day(sunset)));
        }
        let health = faregate::model::Attr {
            subject: Subject::Endpoint,
            name: "health".to_owned(),
            ty: faregate::model::Type::Bool,
        };
        let health = facts::figure(&mut self.arena, &candidate.endpoint.id, &health);
        parts.push(self.arena.text(health, TextTest::Is("down".to_owned())).not());
    }

    /// Where a ceiling does not apply, or holds.
    pub(super) fn under(&mut self, ceiling: &Ceiling, candidate: &Candidate<'_>) -> Formula {
        let off = match &ceiling.when {
            None => Formula::FALSE,
            Some(when) => self.truth(when, Some(candidate.seen())).no,
        };
        let holds = match (&ceiling.kind, ceiling.amount) {
            (_, Amount::Count(n)) => {
                let (_, output) = self.tokens();
                let asked = self.arena.known(output);
                let fits = self.arena.at_most(output, i128::from(n));
                self.arena.either(asked.not(), fits)
            }
            (CeilingKind::Attempt | CeilingKind::Run, Amount::Money(m)) => {
                self.costs_at_most(&candidate.cost, m.0.units())
            }
            (kind, Amount::Money(m)) => self.unit(kind, m, candidate),
        };
        self.arena.either(off, holds)
    }

    /// Where a unit price is known and within its ceiling, or not in use.
    fn unit(&mut self, kind: &CeilingKind, most: Money, candidate: &Candidate<'_>) -> Formula {
        let unused = match kind {
            CeilingKind::Image => {
                let images = self.request("images");
                self.arena.at_most(images, 0)
            }
            CeilingKind::CacheRead | CeilingKind::CacheWrite => {
                let (caching, cached) = (self.request("caching"), self.request("cached_input_tokens"));
                let (caching, none) = (self.arena.is_true(caching), self.arena.at_most(cached, 0));
                self.arena.both(caching.not(), none)
            }
            CeilingKind::Reasoning => {
                let parameters = self.request("parameters");
                self.arena.has(parameters, "reasoning".to_owned()).not()
            }
            CeilingKind::Tool(tool) => {
                let tools = self.request("tools");
                self.arena.has(tools, tool.clone()).not()
            }
            _ => Formula::FALSE,
        };
        let name = match kind {
            CeilingKind::Tool(tool) => format!("price_{tool}"),
            other => format!("price_{}", other.name().replace("request_fee", "request")),
        };
        let within = if candidate.own && !self.arena.taken.list_prices {
            let price = facts::own(&mut self.arena, &name);
            self.arena.at_most(price, most.0.units())
        } else {
            let price = |r: &Regime| match kind {
                CeilingKind::Prompt => r.now.prompt,
                CeilingKind::Completion => r.now.completion,
                CeilingKind::RequestFee => Some(r.now.request),
                CeilingKind::Image => r.now.image,
                CeilingKind::CacheRead => r.now.cache_read,
                CeilingKind::CacheWrite => r.now.cache_write,
                CeilingKind::Reasoning => r.now.reasoning,
                CeilingKind::Tool(tool) => r.now.tools.get(tool).map(|t| t.per_call),
                _ => None,
            };
            let fits =
                candidate.regimes.iter().filter(|r| price(r).is_some_and(|p| p <= most)).map(|r| r.when);
            let fits: Vec<Formula> = fits.collect();
            self.arena.any(fits)
        };
        self.arena.either(unused, within)
    }

    pub(super) fn credits(&mut self, candidate: &Candidate<'_>, parts: &mut Vec<Formula>) {
        if candidate.own {
            return;
        }
        let Some(credits) = facts::given(&mut self.arena, self.policy, Subject::Key, "credits") else {
            return;
        };
        let known = self.arena.known(credits);
        let mut within = Vec::new();
        for case in &candidate.cost {
            let Some(cost) = &case.cost else { continue };
            let mut terms = cost.terms.clone();
            terms.push((credits, -1));
            let fits = match cost.constant.checked_neg() {
                Some(most) => self.arena.sum_at_most(&terms, most),
                None => self.arena.free(),
            };
            within.push(self.arena.both(case.when, fits));
        }
        let within = self.arena.any(within);
        parts.push(self.arena.either(known.not(), within));
    }

    /// What the caller asks of providers. Its other ceilings only narrow, and a request without them is as good.
    pub(super) fn caller(&mut self, candidate: &Candidate<'_>, parts: &mut Vec<Formula>) {
        let provider = candidate.endpoint.provider.clone();
        let (only, ignore) = (self.request("only"), self.request("ignore"));
        let (any, named) = (self.arena.known(only), self.arena.has(only, provider.clone()));
        parts.push(self.arena.either(any.not(), named));
        parts.push(self.arena.has(ignore, provider).not());
    }

    /// Where a budget does not close a candidate, nothing of it being used.
    pub(super) fn within_budget(
        &mut self,
        budget: &Budget,
        routing: &Routing,
        candidate: &Candidate<'_>,
    ) -> Formula {
        if budget.exhausted == Exhausted::AlertOnly || (candidate.own && !budget.byok_included) {
            return Formula::TRUE;
        }
        let off = budget.when.as_ref().map_or(Formula::FALSE, |w| self.truth(w, None).no);
        let uncovered =
            budget.covers.as_ref().map_or(Formula::FALSE, |c| self.truth(c, Some(candidate.seen())).no);
        let reserved = budget.reserve.as_ref().map(|(share, expr)| (*share, self.truth(expr, None).yes));
        let mut open = vec![self.counter_known(budget, candidate.endpoint)];
        for limit in &budget.limits {
            let whole = self.within_limit(limit, limit.amount, routing, candidate);
            open.push(match reserved {
                None => whole,
                Some((share, kept)) => {
                    let less = without_reserve(limit.amount, share);
                    let less = self.within_limit(limit, less, routing, candidate);
                    let (a, b) = (self.arena.both(kept, whole), self.arena.both(kept.not(), less));
                    self.arena.either(a, b)
                }
            });
        }
        let open = self.arena.all(open);
        self.arena.any([off, uncovered, open])
    }

    /// Where all is known that a budget counts a candidate by.
    pub(super) fn counter_known(&mut self, budget: &Budget, endpoint: &Endpoint) -> Formula {
        let mut known = Vec::new();
        for attr in budget.per.iter().filter(|a| matches!(a.subject, Subject::Request | Subject::Key)) {
            known.push(match facts::given(&mut self.arena, self.policy, attr.subject, &attr.name) {
                Some(key) => self.arena.known(key),
                None => self.arena.free(),
            });
        }
        for attr in budget.per.iter().filter(|a| a.subject == Subject::Endpoint && a.name != "credential") {
            known.push(Formula::of(endpoint_fact(endpoint, &attr.name).is_some()));
        }
        self.arena.all(known)
    }

    /// Where a candidate passes a budget of which a limit is used up: it is not covered, or costs nothing.
    pub(super) fn past_budget(
        &mut self,
        budget: &Budget,
        routing: &Routing,
        candidate: &Candidate<'_>,
    ) -> Formula {
        if budget.exhausted == Exhausted::AlertOnly || (candidate.own && !budget.byok_included) {
            return Formula::TRUE;
        }
        let off = budget.when.as_ref().map_or(Formula::FALSE, |w| self.truth(w, None).no);
        let uncovered =
            budget.covers.as_ref().map_or(Formula::FALSE, |c| self.truth(c, Some(candidate.seen())).no);
        let mut open = vec![off, uncovered];
        for limit in &budget.limits {
            let nothing = match limit.amount {
                Amount::Money(_) => Amount::Money(Money::ZERO),
                Amount::Count(_) => Amount::Count(0),
            };
            open.push(self.within_limit(limit, nothing, routing, candidate));
        }
        self.arena.any(open)
    }

    fn within_limit(
        &mut self,
        limit: &Limit,
        usable: Amount,
        routing: &Routing,
        candidate: &Candidate<'_>,
    ) -> Formula {
        match (limit.kind, usable) {
            (LimitKind::Spend, Amount::Money(m)) => self.costs_at_most(&candidate.cost, m.0.units()),
            (LimitKind::Requests | LimitKind::Concurrency, Amount::Count(n)) => Formula::of(n >= 1),
            (LimitKind::Tokens, Amount::Count(n)) => {
                self.tokens_at_most(routing, candidate.seen(), i128::from(n))
            }
            _ => self.arena.free(),
        }
    }
}
