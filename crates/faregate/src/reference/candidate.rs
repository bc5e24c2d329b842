//! Candidates (step 3): every endpoint and credential whose model the workload names, and in which tier.

use std::collections::{BTreeMap, BTreeSet};

use faregate_syntax::Fixed;

use super::cost::{Bound, expected_cost, worst_cost};
use super::truth::Truth;
use super::world::World;
use crate::catalog::{EffectivePrices, Endpoint, Moment, PriceList};
use crate::ir::{CeilingKind, Routing, Tier, TierEntry};
use crate::time::{TimeOfDay, Zone};
use crate::{Amount, Credential, EndpointFacts, Health, Money, OwnCredential, Ratio, Timestamp};

/// An endpoint with a credential, and what it is worth to this request.
#[derive(Clone, Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) endpoint: &'a Endpoint,
    /// The own credential; `None`: the shared one.
    pub(crate) own: Option<&'a OwnCredential>,
    /// From 1.
    pub(crate) tier: u32,
    /// The endpoint's facts of now over its provider's.
    pub(crate) facts_now: EndpointFacts,
    pub(crate) prices_now: EffectivePrices,
    /// Each price by itself at its dearest until the deadline.
    pub(crate) prices_dearest: EffectivePrices,
    /// The output limit to send: the request's own, else what a ceiling sets (rule 28).
    pub(crate) send_limit: Option<u64>,
    /// L of rule 10: what bounds the cost. Above `send_limit` where an `output` ceiling may or may not apply.
    pub(crate) output_limit: Option<u64>,
    pub(crate) worst: Bound,
    pub(crate) expected: Option<Money>,
}

impl Candidate<'_> {
    pub(crate) fn credential(&self) -> Credential {
        self.own.map_or(Credential::Shared, |own| Credential::Own(own.id.clone()))
    }

    pub(crate) fn health(&self) -> Health {
        self.facts_now.health.unwrap_or(Health::Up)
    }

    /// Returns until when it cools down, where it does.
    pub(crate) fn cooling_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.facts_now.cooling_until.filter(|until| *until > now)
    }

    /// What the own credential adds to costs.
    pub(crate) fn fee(&self) -> Ratio {
        self.own.map_or(Ratio(Fixed::ZERO), |own| own.fee)
    }

    /// What sorts candidates where nothing else does.
    pub(crate) fn id_key(&self) -> (&str, i64, &str) {
        let (priority, key) = self.own.map_or((0, ""), |own| (own.priority, own.id.as_str()));
        (&self.endpoint.id, priority, key)
    }
}

/// `endpoint.free` (rule 2): as the catalog says, else whether nothing is charged for tokens and request.
pub(crate) fn free(endpoint: &Endpoint) -> Option<bool> {
    let prices = &endpoint.facts.prices;
    endpoint.facts.free.or_else(|| {
        let (prompt, completion) = (prices.prompt?, prices.completion?);
        let base = prompt.is_zero() && completion.is_zero();
        let zero = |m: Option<Money>| m.is_none_or(Money::is_zero);
        let overrides = prices.overrides.iter().flatten();
        let always = overrides.into_iter().all(|o| zero(o.prompt) && zero(o.completion) && zero(o.request));
        Some(base && zero(prices.request) && always)
    })
}

/// The models of a route by the tier that names them first, and the aliases met on the way.
#[derive(Debug, Default)]
pub(crate) struct Tiers {
    pub(crate) tier_of: BTreeMap<String, u32>,
    pub(crate) aliases: BTreeMap<String, String>,
    /// The highest tier number.
    pub(crate) count: u32,
}

impl<'a> World<'a> {
    /// Resolves the tiers of a route against the catalog.
    pub(crate) fn tiers(&self, routing: &Routing) -> Tiers {
        let models: BTreeSet<&str> = self.catalog.endpoints().iter().map(|e| e.model.as_str()).collect();
        let mut tiers = Tiers::default();
        for tier in &routing.tiers {
            match tier {
                Tier::Entries(entries) => {
                    tiers.count = tiers.count.saturating_add(1);
                    for entry in entries {
                        self.enter(entry, &models, &mut tiers);
                    }
                }
                Tier::Requested { within } => {
                    let asked = self.request.model.iter().chain(&self.request.models);
                    let mut seen = BTreeSet::new();
                    for name in asked {
                        let model = self.catalog.resolve(name);
                        if !seen.insert(model) || !within.as_ref().is_none_or(|w| self.entry_names(w, model))
                        {
                            continue;
                        }
                        tiers.count = tiers.count.saturating_add(1);
                        self.name(name, &models, &mut tiers);
                    }
                }
            }
        }
        tiers
    }

    /// Tells whoever looks on which entries of `models` name an endpoint of the catalog.
    pub(crate) fn tell_of_entries(&self, routing: &Routing) {
        let served = |names: &dyn Fn(&str) -> bool| self.catalog.endpoints().iter().any(|e| names(&e.model));
        for (tier, spans) in routing.tiers.iter().zip(&routing.entry_spans) {
            match tier {
                Tier::Entries(entries) => {
                    for (entry, span) in entries.iter().zip(spans) {
                        if served(&|model| self.entry_names(entry, model)) {
                            self.tell_rule(*span);
                        }
                    }
                }
                Tier::Requested { within } => {
                    let asked: BTreeSet<&str> = self
                        .request
                        .model
                        .iter()
                        .chain(&self.request.models)
                        .map(|name| self.catalog.resolve(name))
                        .collect();
                    let named = |model: &str| {
                        asked.contains(model) && within.as_ref().is_none_or(|w| self.entry_names(w, model))
                    };
                    if let Some(span) = spans.first().filter(|_| served(&named)) {
                        self.tell_rule(*span);
                    }
                }
            }
        }
    }

    /// Returns the aliases that [`World::tiers`] meets.
    pub(crate) fn aliases(&self, routing: &Routing) -> BTreeMap<String, String> {
        let mut met = Tiers::default();
        for tier in &routing.tiers {
            match tier {
                Tier::Entries(entries) => {
                    for entry in entries {
                        match entry {
                            TierEntry::Model(name) => self.note_alias(name, &mut met),
                            TierEntry::Group(names) => {
                                names.iter().for_each(|name| self.note_alias(name.as_str(), &mut met));
                            }
                            TierEntry::Pattern(_) => {}
                        }
                    }
                }
                Tier::Requested { within } => {
                    let mut seen = BTreeSet::new();
                    for name in self.request.model.iter().chain(&self.request.models) {
                        let model = self.catalog.resolve(name);
                        if seen.insert(model) && within.as_ref().is_none_or(|w| self.entry_names(w, model)) {
                            self.note_alias(name, &mut met);
                        }
                    }
                }
            }
        }
        met.aliases
    }

    /// Returns the tier of one model of the catalog, as [`World::tiers`] numbers them, without a look at the others.
    pub(crate) fn tier_of(&self, routing: &Routing, model: &str) -> Option<u32> {
        let mut count = 0_u32;
        for tier in &routing.tiers {
            match tier {
                Tier::Entries(entries) => {
                    count = count.saturating_add(1);
                    if entries.iter().any(|entry| self.entry_names(entry, model)) {
                        return Some(count);
                    }
                }
                Tier::Requested { within } => {
                    let asked = self.request.model.iter().chain(&self.request.models);
                    let mut seen: Vec<&str> = Vec::new();
                    for name in asked {
                        let asked = self.catalog.resolve(name);
                        if seen.contains(&asked)
                            || !within.as_ref().is_none_or(|w| self.entry_names(w, asked))
                        {
                            continue;
                        }
                        seen.push(asked);
                        count = count.saturating_add(1);
                        if asked == model {
                            return Some(count);
                        }
                    }
                }
            }
        }
        None
    }

    fn enter(&self, entry: &TierEntry, models: &BTreeSet<&str>, tiers: &mut Tiers) {
        match entry {
            TierEntry::Model(name) => self.name(name, models, tiers),
            TierEntry::Pattern(_) | TierEntry::Group(_) => {
                let number = tiers.count;
                for model in models.iter().filter(|m| self.entry_names(entry, m)) {
                    tiers.tier_of.entry((*model).to_owned()).or_insert(number);
                }
                if let TierEntry::Group(patterns) = entry {
                    for pattern in patterns.iter() {
                        self.note_alias(pattern.as_str(), tiers);
                    }
                }
            }
        }
    }

    fn name(&self, name: &str, models: &BTreeSet<&str>, tiers: &mut Tiers) {
        let model = self.catalog.resolve(name);
        self.note_alias(name, tiers);
        let number = tiers.count;
        if models.contains(model) {
            tiers.tier_of.entry(model.to_owned()).or_insert(number);
        }
    }

    fn note_alias(&self, name: &str, tiers: &mut Tiers) {
        let model = self.catalog.resolve(name);
        if model != name {
            tiers.aliases.insert(name.to_owned(), model.to_owned());
        }
    }

    fn entry_names(&self, entry: &TierEntry, model: &str) -> bool {
        match entry {
            TierEntry::Model(name) => self.catalog.resolve(name) == model,
            TierEntry::Pattern(pattern) => pattern.matches(model),
            TierEntry::Group(patterns) => {
                patterns.iter().any(|p| p.matches(model) || self.catalog.resolve(p.as_str()) == model)
            }
        }
    }

    /// Returns every endpoint of the tiers with every credential of its provider.
    pub(crate) fn candidates(&self, routing: &Routing, tiers: &Tiers) -> Vec<Candidate<'a>> {
        let named = self.catalog.endpoints().iter().filter_map(|e| Some((e, *tiers.tier_of.get(&e.model)?)));
        named.flat_map(|(endpoint, tier)| self.with_all_credentials(routing, endpoint, tier)).collect()
    }

    /// Returns an endpoint with each credential of its provider, the shared one first.
    pub(crate) fn with_all_credentials(
        &self,
        routing: &Routing,
        endpoint: &'a Endpoint,
        tier: u32,
    ) -> Vec<Candidate<'a>> {
        let own = self.context.credentials.iter().filter(|c| c.provider == endpoint.provider);
        std::iter::once(None)
            .chain(own.map(Some))
            .map(|own| self.candidate(routing, endpoint, own, tier))
            .collect()
    }

    /// Returns an endpoint with a credential, and what it is worth to this request.
    pub(crate) fn candidate(
        &self,
        routing: &Routing,
        endpoint: &'a Endpoint,
        own: Option<&'a OwnCredential>,
        tier: u32,
    ) -> Candidate<'a> {
        let overlaid: PriceList;
        let prices = match own.and_then(|o| o.prices.as_ref()) {
            Some(over) => {
                overlaid = endpoint.facts.prices.overlaid(over);
                &overlaid
            }
            None => &endpoint.facts.prices,
        };
        let time_of_day = Zone::utc().wall(self.context.now).map_or(TimeOfDay(0), |w| w.time);
        let input_tokens = self.request.input_tokens;
        // A run ends at one deadline, whenever its calls begin.
        let deadline = routing.retry.as_ref().and_then(|r| r.deadline_ms);
        let deadline = deadline.map(|ms| ms.saturating_sub(self.elapsed_ms));
        let mut candidate = Candidate {
            endpoint,
            own,
            tier,
            facts_now: self.facts_now(endpoint),
            prices_now: prices.at(Moment { input_tokens, time_of_day }),
            prices_dearest: prices.dearest(input_tokens, time_of_day, deadline),
            send_limit: self.request.max_output_tokens,
            output_limit: smaller(self.request.max_output_tokens, endpoint.facts.max_output_tokens),
            worst: Bound::default(),
            expected: None,
        };
        self.price(routing, &mut candidate);
        // A ceiling on output bounds what was not bounded (rule 28); its `when` may read the cost as it was without.
        if self.request.max_output_tokens.is_none() {
            let own = endpoint.facts.max_output_tokens;
            let (certain, possible) = self.output_ceilings(routing, &candidate);
            if possible.is_some() {
                candidate.send_limit = smaller(possible, own);
            }
            if certain.is_some() {
                candidate.output_limit = smaller(certain, own);
                self.price(routing, &mut candidate);
            }
        }
        candidate
    }

    fn price(&self, routing: &Routing, candidate: &mut Candidate<'_>) {
        candidate.worst = worst_cost(&self.request, &routing.tools, candidate);
        candidate.expected = expected_cost(&self.request, candidate);
    }

    /// Returns the smallest `output` ceiling that certainly applies, the caller's included, and the smallest of all that may.
    ///
    /// One whose `when` is unknown applies: it limits what is sent. But it bounds no cost, else a missing fact would admit
    /// what had been `cost_unbounded` (rule 4).
    fn output_ceilings(&self, routing: &Routing, candidate: &Candidate<'_>) -> (Option<u64>, Option<u64>) {
        let policy = routing.ceilings.iter().filter(|c| c.kind == CeilingKind::Output).map(|c| {
            let applies = c.when.as_ref().map_or(Truth::True, |when| self.eval(when, Some(candidate)));
            (applies, c.amount)
        });
        let caller = self.caller.iter().filter(|(kind, _)| *kind == CeilingKind::Output);
        let (mut certain, mut possible) = (None, None);
        for (applies, amount) in policy.chain(caller.map(|(_, amount)| (Truth::True, *amount))) {
            let Amount::Count(ceiling) = amount else { continue };
            if applies.is_true() {
                certain = smaller(certain, Some(ceiling));
            }
            if !applies.is_false() {
                possible = smaller(possible, Some(ceiling));
            }
        }
        (certain, possible)
    }

    fn facts_now(&self, endpoint: &Endpoint) -> EndpointFacts {
        let none = EndpointFacts::default();
        let own = self.context.endpoints.get(&endpoint.id).unwrap_or(&none);
        let provider = self.context.endpoints.get(&endpoint.provider).unwrap_or(&none);
        let mut facts = own.clone();
        facts.health = own.health.or(provider.health);
        facts.cooling_until = own.cooling_until.or(provider.cooling_until);
        facts.uptime = own.uptime.or(provider.uptime);
        facts.error_rate = own.error_rate.or(provider.error_rate);
        for (own, provider) in facts.latency_ms.iter_mut().zip(provider.latency_ms) {
            *own = own.or(provider);
        }
        for (own, provider) in facts.throughput.iter_mut().zip(provider.throughput) {
            *own = own.or(provider);
        }
        facts
    }
}

/// Returns the smaller of those that are known.
pub(crate) fn smaller(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
