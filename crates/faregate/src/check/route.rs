//! `route`: models, requirements, order, credentials.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use faregate_syntax::ast::{
    self, BalanceBy, Commit, CredentialMode, GroupKind, Operand, Partial, RouteStatement, Statement, Word,
    WorkloadStatement,
};
use faregate_syntax::{Diagnostic, Fixed, Span};

use super::expr::Place;
use super::profile::Sections;
use super::{Checker, Once, Rules, messages};
use crate::Ratio;
use crate::attributes::{PARAMETERS, PERCENTILES, Type};
use crate::ir::{Attr, Order, OrderKey, Routing, Rule, Tier, TierEntry};
use crate::pattern::Pattern;

fn entry_spans(tier: &ast::Tier) -> Vec<Span> {
    let entries = match tier {
        ast::Tier::Entries(entries) => entries,
        ast::Tier::Requested { span, .. } => return vec![*span],
    };
    let span = |entry: &ast::TierEntry| match entry {
        ast::TierEntry::Model(s) => s.span,
        ast::TierEntry::Group(word) => word.span,
    };
    entries.iter().map(span).collect()
}

impl<'a> Checker<'a> {
    /// Lowers the sections of a workload. `None` where no models are named.
    pub(super) fn routing(
        &mut self,
        sections: &Sections<'a>,
        span: Span,
        needs_models: bool,
    ) -> Option<Routing> {
        let mut routing = Routing {
            tiers: Vec::new(),
            models_span: span,
            entry_spans: Vec::new(),
            rules: Vec::new(),
            prefers: Vec::new(),
            order: Order::By(vec![OrderKey::Price]),
            order_span: None,
            credentials: CredentialMode::OwnThenShared,
            credentials_span: None,
            credentials_for: BTreeMap::new(),
            tolerate: BTreeSet::new(),
            ceilings: Vec::new(),
            fallback: None,
            retry: None,
            health: None,
            commit: Commit::FirstToken,
            partial: Partial::MarkIncomplete,
            tools: BTreeMap::new(),
            iterations: None,
        };
        // Faults of a profile are reported at the profile; a workload that uses it would only repeat them.
        for statement in &sections.added_rules {
            self.route_statement(statement, &mut routing, &mut Once::default());
        }
        let (mut seen, mut written) = (Once::default(), Rules::default());
        for statement in sections.route.unwrap_or_default() {
            if let RouteStatement::Require(_) | RouteStatement::Forbid(_) | RouteStatement::Prefer(_) =
                statement.kind
            {
                self.rule_once(&mut written, statement.span);
            }
            self.route_statement(statement, &mut routing, &mut seen);
        }
        routing.ceilings = sections.ceilings.iter().filter_map(|c| self.ceiling(&c.kind, c.span)).collect();
        if let Some(Statement { kind: WorkloadStatement::Fallback(body), span }) = sections.fallback {
            routing.fallback = Some(self.fallback(body, *span));
        }
        if let Some(Statement { kind: WorkloadStatement::Retry(body), .. }) = sections.retry {
            routing.retry = Some(self.retry(body));
        }
        if let Some(Statement { kind: WorkloadStatement::Health(body), .. }) = sections.health {
            routing.health = Some(self.health(body));
        }
        if let Some(Statement { kind: WorkloadStatement::Stream(body), .. }) = sections.stream {
            self.stream(body, &mut routing);
        }
        if let Some(Statement { kind: WorkloadStatement::Tools(body), .. }) = sections.tools {
            self.tools(body, &mut routing);
        }
        let written =
            sections.route.unwrap_or_default().iter().any(|s| matches!(s.kind, RouteStatement::Models(_)));
        if !written {
            if needs_models && let Some(route) = sections.route_span {
                let help = "name what may serve: `models \"anthropic/*\"`, a group, or `requested`";
                self.push(messages::missing_statement(route, "the route", "`models`", help));
            }
            return None;
        }
        Some(routing)
    }

    fn route_statement(
        &mut self,
        statement: &'a Statement<RouteStatement>,
        routing: &mut Routing,
        seen: &mut Once,
    ) {
        let span = statement.span;
        match &statement.kind {
            RouteStatement::Models(tiers) => {
                if self.once(seen, "models", span) {
                    self.named_once(tiers);
                    routing.models_span = span;
                    routing.entry_spans = tiers.iter().map(entry_spans).collect();
                    routing.tiers = tiers.iter().map(|t| self.tier(t)).collect();
                }
            }
            RouteStatement::Require(expr) | RouteStatement::Forbid(expr) => {
                let forbid = matches!(statement.kind, RouteStatement::Forbid(_));
                let place = if forbid { Place::Forbid } else { Place::Require };
                if let Some(expr) = self.expr(expr, place) {
                    routing.rules.push(Rule { forbid, expr, span });
                }
            }
            RouteStatement::Prefer(expr) => {
                if let Some(expr) = self.expr(expr, Place::Prefer) {
                    routing.prefers.push((expr, span));
                }
            }
            RouteStatement::OrderBy(keys) => {
                if self.once(seen, "order by", span) {
                    self.order_or_balance(seen, "balance", span);
                    let keys = keys.iter().filter_map(|k| self.order_key(k)).collect();
                    routing.order = Order::By(keys);
                    routing.order_span = Some(span);
                }
            }
            RouteStatement::Balance { by, sticky } => {
                if self.once(seen, "balance", span) {
                    self.order_or_balance(seen, "order by", span);
                    let sticky = sticky.as_ref().and_then(|a| self.sticky(a));
                    routing.order = match by {
                        BalanceBy::Price => Order::BalanceByPrice { sticky },
                        BalanceBy::Shares(shares) => {
                            Order::Balance { shares: self.shares(shares, span), sticky }
                        }
                    };
                    routing.order_span = Some(span);
                }
            }
            RouteStatement::Credentials { mode, providers } => {
                if providers.is_empty() && self.once(seen, "credentials", span) {
                    routing.credentials = *mode;
                    routing.credentials_span = Some(span);
                }
                for provider in providers {
                    self.one_provider(provider);
                    if let Some((_, first)) = routing.credentials_for.get(&provider.value) {
                        let what = format!("`credentials … for \"{}\"`", provider.value);
                        self.push(messages::duplicate_section(&what, span, *first));
                    } else {
                        routing.credentials_for.insert(provider.value.clone(), (*mode, span));
                    }
                }
            }
            RouteStatement::Tolerate(parameters) => {
                for parameter in parameters {
                    match parameter {
                        Operand::Str(s) => drop(routing.tolerate.insert(s.value.clone())),
                        Operand::Word(w) if PARAMETERS.contains(&w.text.as_str()) => {
                            routing.tolerate.insert(w.text.clone());
                        }
                        Operand::Word(w) => {
                            self.push(messages::undeclared_value(
                                &w.text,
                                w.span,
                                "request.parameters",
                                PARAMETERS,
                                true,
                            ));
                        }
                        other => {
                            let found = messages::describe_operand(other);
                            self.push(messages::type_mismatch(other.span(), found, "a parameter"));
                        }
                    }
                }
            }
        }
    }

    /// Reports what a route names twice: a model belongs to the first tier that names it (rule 21).
    fn named_once(&mut self, tiers: &'a [ast::Tier]) {
        let mut named: HashMap<(bool, &str), Span> = HashMap::new();
        for tier in tiers {
            let ast::Tier::Entries(entries) = tier else { continue };
            for entry in entries {
                let (key, span) = match entry {
                    ast::TierEntry::Model(s) => ((true, s.value.as_str()), s.span),
                    ast::TierEntry::Group(w) => ((false, w.text.as_str()), w.span),
                };
                let first = *named.entry(key).or_insert(span);
                if first != span {
                    let what = format!("`{}` is named already, and belongs where it is named first", key.1);
                    self.push(messages::no_effect(span, what).related(first, "first here"));
                }
            }
        }
    }

    /// Holds a provider to be one, and no pattern of several.
    fn one_provider(&mut self, provider: &ast::Str) {
        if Pattern::is_pattern(&provider.value) {
            self.push(messages::pattern_unread(provider, "endpoint.provider"));
        }
    }

    fn order_or_balance(&mut self, seen: &Once, other: &str, span: Span) {
        if let Some((_, first)) = seen.0.iter().find(|(w, _)| *w == other) {
            self.push(messages::order_and_balance(span, *first));
        }
    }

    fn tier(&mut self, tier: &'a ast::Tier) -> Tier {
        match tier {
            ast::Tier::Entries(entries) => {
                Tier::Entries(entries.iter().filter_map(|e| self.tier_entry(e)).collect())
            }
            ast::Tier::Requested { within, .. } => {
                Tier::Requested { within: within.as_ref().and_then(|w| self.tier_entry(w)) }
            }
        }
    }

    fn tier_entry(&mut self, entry: &'a ast::TierEntry) -> Option<TierEntry> {
        Some(match entry {
            ast::TierEntry::Model(s) if Pattern::is_pattern(&s.value) => {
                TierEntry::Pattern(Pattern::new(&s.value))
            }
            ast::TierEntry::Model(s) => TierEntry::Model(s.value.clone()),
            ast::TierEntry::Group(word) => TierEntry::Group(self.group(word, GroupKind::Models)?),
        })
    }

    fn order_key(&mut self, word: &Word) -> Option<OrderKey> {
        let names = ["price", "latency", "throughput", "uptime"].map(str::to_owned).into_iter();
        let percentile = |prefix: &str| PERCENTILES.iter().position(|p| word.text == format!("{prefix}_{p}"));
        let key = match word.text.as_str() {
            "price" => Some(OrderKey::Price),
            "uptime" => Some(OrderKey::Uptime),
            "latency" => Some(OrderKey::Latency(0)),
            "throughput" => Some(OrderKey::Throughput(0)),
            _ => percentile("latency")
                .map(OrderKey::Latency)
                .or_else(|| percentile("throughput").map(OrderKey::Throughput)),
        };
        if key.is_none() {
            let percentiles =
                PERCENTILES.iter().flat_map(|p| [format!("latency_{p}"), format!("throughput_{p}")]);
            let names: Vec<String> = names.chain(percentiles).collect();
            self.push(messages::unknown_name("order", word, names.iter().map(String::as_str)));
        }
        key
    }

    fn sticky(&mut self, attribute: &ast::Attribute) -> Option<Attr> {
        let attr = self.attribute(attribute, Place::WorkloadWhen)?;
        if matches!(attr.ty, Type::Text(_)) {
            return Some(attr);
        }
        self.push(messages::type_mismatch(attribute.span, attr.ty.describe(), "a text"));
        None
    }

    fn shares(&mut self, shares: &'a [(ast::Str, ast::Literal)], span: Span) -> Vec<(String, Ratio)> {
        let mut lowered: Vec<(String, Ratio)> = Vec::new();
        let mut named: BTreeSet<&str> = BTreeSet::new();
        let mut sum = Some(Fixed::ZERO);
        for (provider, share) in shares {
            self.one_provider(provider);
            let Some(ratio) = self.ratio(share, true) else { return lowered };
            sum = sum.and_then(|s| s.checked_add(ratio.0));
            if !named.insert(&provider.value) {
                let message = format!("provider `{}` has two shares", provider.value);
                self.push(Diagnostic::error("duplicate-name", provider.span, message));
                continue;
            }
            lowered.push((provider.value.clone(), ratio));
        }
        if sum != Some(Fixed::ONE) {
            let sum = sum.map_or_else(|| "more".to_owned(), |s| Ratio(s).to_string());
            let message = format!("the shares add up to {sum}, not 100%");
            self.push(Diagnostic::warning("weights-not-100", span, message));
        }
        lowered
    }
}
