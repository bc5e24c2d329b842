//! `never-eligible` and `excludes-everything`: endpoints of a route that no request of the workload is ever sent to.
//!
//! Own credentials are taken at the prices of the catalog: one with prices of its own may pass a ceiling, and nobody's policy
//! counts on that.

use std::collections::{BTreeMap, HashSet};

use faregate::Endpoint;
use faregate::model::{Body, Routing, Rule, Tier, TierEntry, Workload};
use faregate_syntax::{Diagnostic, Span};

use super::Finder;
use crate::prove::admit::Candidate;
use crate::prove::formula::Formula;

/// The endpoints of each model.
type Models<'a> = BTreeMap<&'a str, Vec<&'a Endpoint>>;

/// What keeps endpoints out.
enum Filter<'p> {
    Rule(&'p Rule),
    Ceiling(&'p faregate::model::Ceiling),
    Guardrail(&'p faregate::model::Guardrail),
}

impl<'a> Finder<'a> {
    pub(super) fn market(&mut self, reached: &[Formula]) {
        let mut models: Models<'a> = BTreeMap::new();
        let catalog = self.lower.catalog;
        for endpoint in catalog.endpoints() {
            models.entry(&endpoint.model).or_default().push(endpoint);
        }
        let mut eligible: HashSet<Span> = HashSet::new();
        let mut found: Vec<Diagnostic> = Vec::new();
        for (workload, reached) in self.policy().workloads.iter().zip(reached) {
            let Body::Route(routing) = &workload.body else { continue };
            let told = |d: &&Diagnostic| {
                d.code == "excludes-everything" && routing.ceilings.iter().any(|c| c.span == d.primary.span)
            };
            if self.known.iter().any(told) || self.never(*reached) {
                continue;
            }
            self.route(workload, routing, *reached, &models, &mut eligible, &mut found);
        }
        // A profile's route is looked at for each workload that uses it.
        found.retain(|d| d.code != "never-eligible" || !eligible.contains(&d.primary.span));
        found.dedup_by(|a, b| a.code == b.code && a.primary.span == b.primary.span);
        self.found.extend(found);
    }

    fn route(
        &mut self,
        workload: &Workload,
        routing: &Routing,
        reached: Formula,
        models: &Models<'a>,
        eligible: &mut HashSet<Span>,
        found: &mut Vec<Diagnostic>,
    ) {
        let mut closed: Vec<(Span, Vec<&'a Endpoint>)> = Vec::new();
        let mut open = false;
        for (span, endpoints) in self.entries(routing, models) {
            // A name that matches nothing is the checker's to tell.
            if endpoints.is_empty() {
                continue;
            }
            if endpoints.iter().any(|e| self.admits(routing, reached, e)) {
                open = true;
                eligible.insert(span);
            } else {
                closed.push((span, endpoints));
            }
        }
        if open {
            eligible.insert(routing.models_span);
            for (span, endpoints) in closed {
                let what = format!("no endpoint of `{}` is ever admitted", self.text(span));
                let mut diagnostic = Diagnostic::warning("never-eligible", span, what);
                if let Some(filter) = self.culprit(routing, reached, &endpoints) {
                    diagnostic = diagnostic.related(place(&filter), "excludes all of them");
                }
                found.push(diagnostic);
            }
            return;
        }
        let all: Vec<&'a Endpoint> = closed.into_iter().flat_map(|(_, endpoints)| endpoints).collect();
        if all.is_empty() {
            return;
        }
        let name = &workload.name;
        found.push(match self.culprit(routing, reached, &all) {
            Some(Filter::Guardrail(guardrail)) => {
                let message = format!(
                    "guardrail `{}` excludes every endpoint of this route, so that workload `{name}` serves nothing",
                    guardrail.name
                );
                let diagnostic =
                    Diagnostic::warning("excludes-everything", routing.models_span, message);
                let rules = guardrail.rules.first().map(|r| r.span);
                rules.into_iter().fold(diagnostic, |d, span| d.related(span, "the guardrail"))
            }
            Some(filter) => {
                let message = format!(
                    "`{}` excludes every endpoint of the route, so that workload `{name}` serves nothing",
                    self.text(place(&filter))
                );
                Diagnostic::warning("excludes-everything", place(&filter), message)
                    .related(routing.models_span, "the route")
            }
            None => {
                let message = format!(
                    "no endpoint of this route is ever admitted, so that workload `{name}` serves nothing: one \
                     rule or another excludes each"
                );
                Diagnostic::warning("never-eligible", routing.models_span, message)
                    .help("`faregate decide --why` names the rules for one request")
            }
        });
    }

    /// Returns the endpoints that each entry of a route names.
    fn entries(&self, routing: &Routing, models: &Models<'a>) -> Vec<(Span, Vec<&'a Endpoint>)> {
        let mut entries = Vec::new();
        for (tier, spans) in routing.tiers.iter().zip(&routing.entry_spans) {
            match tier {
                Tier::Entries(of_tier) => {
                    let of_tier = of_tier.iter().zip(spans);
                    entries.extend(of_tier.map(|(e, span)| (*span, self.named_by(Some(e), models))));
                }
                Tier::Requested { within } => {
                    let endpoints = self.named_by(within.as_ref(), models);
                    entries.extend(spans.first().map(|span| (*span, endpoints)));
                }
            }
        }
        entries
    }

    fn named_by(&self, entry: Option<&TierEntry>, models: &Models<'a>) -> Vec<&'a Endpoint> {
        if let Some(TierEntry::Model(name)) = entry {
            return models.get(self.lower.catalog.resolve(name)).cloned().unwrap_or_default();
        }
        let named = models.iter().filter(|(m, _)| entry.is_none_or(|e| self.lower.entry_names(e, m)));
        named.flat_map(|(_, endpoints)| endpoints.iter().copied()).collect()
    }

    /// Whether a workload may send some request to an endpoint, whatever the credential.
    fn admits(&mut self, routing: &Routing, reached: Formula, endpoint: &'a Endpoint) -> bool {
        self.credentials(routing, endpoint).iter().any(|candidate| {
            let admitted = self.lower.admitted(routing, candidate);
            let question = self.lower.arena.both(reached, admitted);
            !self.never(question)
        })
    }

    fn credentials(&mut self, routing: &Routing, endpoint: &'a Endpoint) -> Vec<Candidate<'a>> {
        let named = self.lower.named(routing, &endpoint.model);
        self.lower.of_endpoint(routing, endpoint, named, true)
    }

    /// Returns what alone excludes all of some endpoints, the workload's own rules first.
    fn culprit<'p>(
        &mut self,
        routing: &'p Routing,
        reached: Formula,
        endpoints: &[&'a Endpoint],
    ) -> Option<Filter<'p>>
    where
        'a: 'p,
    {
        let candidates: Vec<Candidate<'a>> =
            endpoints.iter().flat_map(|e| self.credentials(routing, e)).collect();
        let policy = self.policy();
        let rules = routing.rules.iter().map(Filter::Rule);
        let ceilings = routing.ceilings.iter().map(Filter::Ceiling);
        let guardrails = policy.guardrails.iter().map(Filter::Guardrail);
        rules.chain(ceilings).chain(guardrails).find(|filter| {
            candidates.iter().all(|candidate| {
                let passes = match filter {
                    Filter::Rule(rule) => self.lower.satisfied(rule, Some(candidate.seen())),
                    Filter::Ceiling(ceiling) => self.lower.under(ceiling, candidate),
                    Filter::Guardrail(guardrail) => self.lower.guardrail(guardrail, candidate.seen()),
                };
                let question = self.lower.arena.both(reached, passes);
                self.never(question)
            })
        })
    }
}

fn place(filter: &Filter<'_>) -> Span {
    match filter {
        Filter::Rule(rule) => rule.span,
        Filter::Ceiling(ceiling) => ceiling.span,
        Filter::Guardrail(guardrail) => {
            guardrail.rules.first().map_or(Span::new(faregate_syntax::FileId(0), 0, 0), |r| r.span)
        }
    }
}
