//! Warnings that need a catalog: names that match nothing, models on their way out, routes that cannot work.

use std::collections::{BTreeMap, BTreeSet};

use faregate_syntax::ast::{
    self, ExprKind, File, GroupKind, Item, MoveKind, Operand, RouteStatement, Statement, Str, TierEntry,
    WorkloadStatement,
};
use faregate_syntax::{Diagnostic, Span, nearest};

use super::facts::possible;
use super::lints::{SOON_DAYS, many_calls, worst_calls};
use crate::ErrorClass;
use crate::catalog::{Catalog, Endpoint, Moment};
use crate::ir::{
    Amount, Body, CeilingKind, Fallback, Guardrail, Policy, Routing, Rule, Tier, TierEntry as Entry, Workload,
};
use crate::pattern::Pattern;
use crate::time::{Date, TimeOfDay, date_text, day_number};

/// The market by model and by provider.
struct Market<'a> {
    catalog: &'a Catalog,
    by_model: BTreeMap<&'a str, Vec<&'a Endpoint>>,
    providers: BTreeSet<&'a str>,
    today: Option<Date>,
    /// Those that hold for every request: without `when`, and never waived.
    guardrails: Vec<&'a Guardrail>,
}

/// Returns the findings of a policy against a catalog; sunsets only where a day is given.
pub(crate) fn check_market(
    policy: &Policy,
    files: &[File],
    catalog: &Catalog,
    today: Option<Date>,
) -> Vec<Diagnostic> {
    let mut by_model: BTreeMap<&str, Vec<&Endpoint>> = BTreeMap::new();
    for endpoint in catalog.endpoints() {
        by_model.entry(&endpoint.model).or_default().push(endpoint);
    }
    let providers = catalog.endpoints().iter().map(|e| e.provider.as_str()).collect();
    let always = |g: &&Guardrail| g.when.is_none() && !policy.waivers.iter().any(|w| w.guardrail == g.name);
    let guardrails = policy.guardrails.iter().filter(always).collect();
    let market = Market { catalog, by_model, providers, today, guardrails };
    let mut found = Vec::new();
    for item in files.iter().flat_map(|f| &f.items) {
        market.item(item, &mut found);
    }
    for workload in &policy.workloads {
        if let Body::Route(routing) = &workload.body {
            market.workload(workload, routing, &mut found);
        }
    }
    found
}

impl<'a> Market<'a> {
    fn item(&self, item: &Item, found: &mut Vec<Diagnostic>) {
        match item {
            Item::Group(group) => {
                for member in &group.members {
                    match group.kind {
                        GroupKind::Models => self.model(member, found),
                        GroupKind::Providers => self.provider(member, found),
                    }
                }
            }
            Item::Guardrail(block) => {
                for statement in &block.statements {
                    match &statement.kind {
                        ast::GuardrailStatement::When(e)
                        | ast::GuardrailStatement::Require(e)
                        | ast::GuardrailStatement::Forbid(e) => self.expr(e, found),
                        _ => {}
                    }
                }
            }
            Item::Waive(block) => {
                for statement in &block.statements {
                    if let ast::WaiveStatement::When(e) = &statement.kind {
                        self.expr(e, found);
                    }
                }
            }
            Item::Budget(block) => {
                for statement in &block.statements {
                    match &statement.kind {
                        ast::BudgetStatement::When(e)
                        | ast::BudgetStatement::Covers(e)
                        | ast::BudgetStatement::Reserve(_, e) => self.expr(e, found),
                        _ => {}
                    }
                }
            }
            Item::Invariant(block) => {
                for statement in &block.statements {
                    match &statement.kind {
                        ast::InvariantStatement::For(e) | ast::InvariantStatement::Always(e) => {
                            self.expr(e, found)
                        }
                        _ => {}
                    }
                }
            }
            Item::Profile(block) | Item::Workload(block) => {
                for statement in &block.statements {
                    self.section(&statement.kind, found);
                }
            }
            _ => {}
        }
    }

    fn section(&self, statement: &WorkloadStatement, found: &mut Vec<Diagnostic>) {
        match statement {
            WorkloadStatement::When(e) => self.expr(e, found),
            WorkloadStatement::Route(route) => route.iter().for_each(|s| self.route(s, found)),
            WorkloadStatement::Ceiling(body) => {
                body.iter().filter_map(|s| s.kind.when.as_ref()).for_each(|e| self.expr(e, found));
            }
            WorkloadStatement::Fallback(body) => {
                for statement in body {
                    match &statement.kind {
                        ast::FallbackStatement::Other { when: Some(e), .. }
                        | ast::FallbackStatement::Require(e) => {
                            self.expr(e, found);
                        }
                        _ => {}
                    }
                }
            }
            WorkloadStatement::Retry(body) => {
                for statement in body {
                    if let ast::RetryStatement::On(ast::RetryRule { when: Some(e), .. }) = &statement.kind {
                        self.expr(e, found);
                    }
                }
            }
            _ => {}
        }
    }

    fn route(&self, statement: &Statement<RouteStatement>, found: &mut Vec<Diagnostic>) {
        match &statement.kind {
            RouteStatement::Models(tiers) => {
                for tier in tiers {
                    let entries = match tier {
                        ast::Tier::Entries(entries) => entries.as_slice(),
                        ast::Tier::Requested { within, .. } => within.as_slice(),
                    };
                    for entry in entries {
                        if let TierEntry::Model(name) = entry {
                            self.model(name, found);
                        }
                    }
                }
            }
            RouteStatement::Require(e) | RouteStatement::Forbid(e) | RouteStatement::Prefer(e) => {
                self.expr(e, found)
            }
            RouteStatement::Balance { by: ast::BalanceBy::Shares(shares), .. } => {
                shares.iter().for_each(|(provider, _)| self.provider(provider, found));
            }
            RouteStatement::Credentials { providers, .. } => {
                providers.iter().for_each(|p| self.provider(p, found))
            }
            _ => {}
        }
    }

    fn expr(&self, expr: &ast::Expr, found: &mut Vec<Diagnostic>) {
        let mut named = |left: &Operand, items: &mut dyn Iterator<Item = &Operand>| {
            let Operand::Attribute(a) = left else { return };
            for item in items {
                let Operand::Str(text) = item else { continue };
                match (a.subject.text.as_str(), a.name.text.as_str()) {
                    ("endpoint" | "request", "model") | ("request", "models") => self.model(text, found),
                    ("endpoint", "provider") | ("request", "only" | "ignore") => self.provider(text, found),
                    ("endpoint", "id") if self.catalog.endpoint(&text.value).is_none() => {
                        let message = format!("no endpoint of the catalog is `{}`", text.value);
                        let diagnostic = Diagnostic::warning("matches-nothing", text.span, message);
                        let ids = self.catalog.endpoints().iter().map(|e| e.id.as_str());
                        found.push(match nearest(&text.value, ids) {
                            Some(near) => {
                                diagnostic.help(format!("an endpoint with a similar id exists: `{near}`"))
                            }
                            None => diagnostic,
                        });
                    }
                    _ => {}
                }
            }
        };
        match &expr.kind {
            ExprKind::Or(parts) | ExprKind::And(parts) => parts.iter().for_each(|p| self.expr(p, found)),
            ExprKind::Not(inner) | ExprKind::Paren(inner) => self.expr(inner, found),
            ExprKind::Compare { left, right, .. } => {
                named(left, &mut std::iter::once(right));
                named(right, &mut std::iter::once(left));
            }
            ExprKind::In { left, items, .. } | ExprKind::Includes { left, items, .. } => {
                named(left, &mut items.iter())
            }
            _ => {}
        }
    }

    fn model(&self, name: &Str, found: &mut Vec<Diagnostic>) {
        if Pattern::is_pattern(&name.value) {
            let pattern = Pattern::new(&name.value);
            if !self.by_model.keys().any(|m| pattern.matches(m)) {
                found.push(self.matches_nothing("model", name));
            }
            return;
        }
        let model = self.catalog.resolve(&name.value);
        if model != name.value {
            let message = format!("`{}` is an alias of `{model}`, and what it means may move", name.value);
            let diagnostic = Diagnostic::warning("alias-named", name.span, message);
            found.push(
                diagnostic
                    .help(format!("name the model: `\"{model}\"`"))
                    .fix(name.span, format!("\"{model}\"")),
            );
        }
        let Some(endpoints) = self.by_model.get(model) else {
            found.push(self.matches_nothing("model", name));
            return;
        };
        if endpoints.iter().all(|e| e.facts.deprecated == Some(true)) {
            let message = format!("`{}` is deprecated wherever it is served", name.value);
            found.push(Diagnostic::warning("deprecated-named", name.span, message));
        }
        let Some(today) = self.today else { return };
        let soon = |d: Date| day_number(d).saturating_sub(day_number(today)) <= SOON_DAYS;
        let last = endpoints.iter().map(|e| e.facts.sunset.filter(|d| soon(*d))).collect::<Option<Vec<_>>>();
        if let Some(last) = last.and_then(|days| days.into_iter().max()) {
            let (verb, last_day) =
                if day_number(last) < day_number(today) { ("was", "") } else { ("is", " and no longer") };
            let message = format!("`{}` {verb} served until {}{last_day}", name.value, date_text(last));
            found.push(Diagnostic::warning("sunset-soon", name.span, message));
        }
    }

    fn provider(&self, name: &Str, found: &mut Vec<Diagnostic>) {
        let pattern = Pattern::new(&name.value);
        let known = self.providers.contains(name.value.as_str())
            || (Pattern::is_pattern(&name.value) && self.providers.iter().any(|p| pattern.matches(p)));
        if !known {
            found.push(self.matches_nothing("provider", name));
        }
    }

    fn matches_nothing(&self, kind: &str, name: &Str) -> Diagnostic {
        let message = format!("no {kind} of the catalog is `{}`", name.value);
        let diagnostic = Diagnostic::warning("matches-nothing", name.span, message);
        let near = match kind {
            "model" => nearest(&name.value, self.by_model.keys().copied()),
            _ => nearest(&name.value, self.providers.iter().copied()),
        };
        match near {
            Some(near) => diagnostic
                .help(format!("a {kind} with a similar name exists: `{near}`"))
                .fix(name.span, format!("\"{near}\"")),
            None => diagnostic,
        }
    }

    /// Returns the models of a tier with the entry that names each, in the order in which they are named.
    fn models_of(&self, tier: &Tier, spans: &[Span]) -> Vec<(&'a str, Span)> {
        let mut models: Vec<(&'a str, Span)> = Vec::new();
        let mut known: BTreeSet<&'a str> = BTreeSet::new();
        let Tier::Entries(entries) = tier else { return models };
        for (entry, span) in entries.iter().zip(spans) {
            let mut add = |model: &'a str| {
                if known.insert(model) {
                    models.push((model, *span));
                }
            };
            match entry {
                Entry::Model(name) => {
                    let name = self.catalog.resolve(name);
                    if let Some((model, _)) = self.by_model.get_key_value(name) {
                        add(model);
                    }
                }
                Entry::Pattern(pattern) => {
                    self.by_model.keys().filter(|m| pattern.matches(m)).for_each(|m| add(m))
                }
                // In the order in which the group is written: the first is what others are compared with.
                Entry::Group(patterns) => {
                    for pattern in patterns.iter() {
                        let named =
                            |m: &&&str| pattern.matches(m) || self.catalog.resolve(pattern.as_str()) == **m;
                        self.by_model.keys().filter(named).for_each(|m| add(m));
                    }
                }
            }
        }
        models
    }

    fn workload(&self, workload: &Workload, routing: &Routing, found: &mut Vec<Diagnostic>) {
        let tiers = routing.tiers.iter().zip(&routing.entry_spans);
        let mut named: BTreeSet<&str> = BTreeSet::new();
        let mut all: Vec<&Endpoint> = Vec::new();
        let mut plan: Vec<Vec<Candidates<'_>>> = Vec::new();
        for (tier, spans) in tiers {
            let mut candidates = Vec::new();
            // A model belongs to the first tier that names it.
            for (model, span) in self.models_of(tier, spans).into_iter().filter(|(m, _)| named.insert(m)) {
                let endpoints = self.by_model.get(model).map(Vec::as_slice).unwrap_or_default();
                all.extend(endpoints);
                let admitted = |e: &&&Endpoint| !self.is_excluded(e, &routing.rules);
                let endpoints: Vec<&Endpoint> = endpoints.iter().filter(admitted).copied().collect();
                if !endpoints.is_empty() {
                    candidates.push(Candidates { model, span, endpoints });
                }
            }
            plan.push(candidates);
        }
        self.excludes_everything(routing, &all, found);
        let Some(fallback) = &routing.fallback else { return };
        if fallback.rules.iter().any(|r| r.kind == MoveKind::Provider) {
            lone_providers(&plan, found);
        }
        if fallback.at_most != Some(0) {
            laxer_fallback(self.catalog, fallback, &routing.tolerate, &plan, found);
        }
        let as_asked = routing.tiers.iter().any(|t| matches!(t, Tier::Requested { .. }));
        let larger = as_asked || all.is_empty() || has_larger_later(&plan);
        for rule in fallback.rules.iter().filter(|r| r.on == [ErrorClass::ContextLength] && !larger) {
            let message = "this move is never possible: no later model of the route has a larger context";
            found.push(Diagnostic::warning("never-eligible", rule.span, message));
        }
        let candidates = u64::try_from(all.len()).unwrap_or(u64::MAX);
        let cap_written = fallback.at_most.is_some();
        if !cap_written
            && let Some(calls) = worst_calls(routing, Some(candidates))
            && calls > 10
        {
            found.push(many_calls(workload.span, calls));
        }
    }

    /// Whether the text alone keeps a route from an endpoint: its own rules and the guardrails that hold for every request.
    fn is_excluded(&self, endpoint: &Endpoint, rules: &[Rule]) -> bool {
        let guardrails = self.guardrails.iter().flat_map(|g| &g.rules);
        rules.iter().chain(guardrails).any(|rule| {
            let can = possible(&rule.expr, endpoint, self.catalog);
            if rule.forbid { !can.be_false } else { !can.be_true }
        })
    }

    fn excludes_everything(&self, routing: &Routing, all: &[&Endpoint], found: &mut Vec<Diagnostic>) {
        if all.is_empty() {
            return;
        }
        for ceiling in routing.ceilings.iter().filter(|c| c.when.is_none()) {
            let Amount::Money(limit) = ceiling.amount else { continue };
            let over = |e: &Endpoint| {
                // The cheapest that the endpoint ever is.
                let sizes = e
                    .facts
                    .prices
                    .overrides
                    .iter()
                    .flatten()
                    .flat_map(|o| [o.above_input_tokens, o.from_input_tokens]);
                let times =
                    e.facts.prices.overrides.iter().flatten().filter_map(|o| o.utc).flat_map(|(a, b)| [a, b]);
                let times: Vec<TimeOfDay> = std::iter::once(TimeOfDay(0)).chain(times).collect();
                let sizes: Vec<u64> =
                    std::iter::once(0).chain(sizes.flatten().map(|n| n.saturating_add(1))).collect();
                sizes.iter().all(|input_tokens| {
                    times.iter().all(|time_of_day| {
                        let prices = e
                            .facts
                            .prices
                            .at(Moment { input_tokens: *input_tokens, time_of_day: *time_of_day });
                        let price = match ceiling.kind {
                            CeilingKind::Prompt => prices.prompt,
                            CeilingKind::Completion => prices.completion,
                            CeilingKind::RequestFee => Some(prices.request),
                            _ => return false,
                        };
                        price.is_none_or(|p| p > limit)
                    })
                })
            };
            if all.iter().all(|e| over(e)) {
                let kind = ceiling.kind.name();
                // A price that is unknown excludes as one that is too high does (rule 9).
                let unknown = |e: &&Endpoint| match ceiling.kind {
                    CeilingKind::Prompt => e.facts.prices.prompt.is_none(),
                    CeilingKind::Completion => e.facts.prices.completion.is_none(),
                    _ => false,
                };
                let message = match all.iter().filter(|e| unknown(e)).count() {
                    0 => format!("the ceiling `{kind}` is below the price of every endpoint of the route"),
                    n if n == all.len() => {
                        format!(
                            "the ceiling `{kind}` excludes every endpoint of the route: the catalog has no such price"
                        )
                    }
                    _ => format!(
                        "the ceiling `{kind}` is below the price of every endpoint of the route that has one"
                    ),
                };
                found.push(Diagnostic::warning("excludes-everything", ceiling.span, message));
            }
        }
    }
}

/// The endpoints of a model that the text of the policy does not exclude, and the entry that names it.
struct Candidates<'a> {
    model: &'a str,
    span: Span,
    endpoints: Vec<&'a Endpoint>,
}

fn lone_providers(plan: &[Vec<Candidates<'_>>], found: &mut Vec<Diagnostic>) {
    for (number, tier) in (1_usize..).zip(plan) {
        let providers: BTreeSet<&str> =
            tier.iter().flat_map(|c| &c.endpoints).map(|e| e.provider.as_str()).collect();
        let (Some(first), Some(last)) = (tier.first(), tier.last()) else { continue };
        if let (Some(provider), 1) = (providers.first(), providers.len()) {
            let message =
                format!("tier {number} has one provider, `{provider}`, so `other provider` finds none there");
            found.push(Diagnostic::warning("lone-provider", first.span.to(last.span), message));
        }
    }
}

/// Whether a model may be followed by one with a larger context. Within a tier the order is the request's.
fn has_larger_later(plan: &[Vec<Candidates<'_>>]) -> bool {
    let mut before: Vec<(&str, u64)> = Vec::new();
    plan.iter().any(|tier| {
        let smallest = |c: &Candidates<'_>| c.endpoints.iter().filter_map(|e| e.facts.context_length).min();
        before.extend(tier.iter().filter_map(|c| Some((c.model, smallest(c)?))));
        tier.iter().any(|c| {
            let largest = c.endpoints.iter().filter_map(|e| e.facts.context_length).max();
            before.iter().any(|(model, smallest)| *model != c.model && largest > Some(*smallest))
        })
    })
}

/// A fallback model that holds less, can do less, or is held to laxer data terms than the first.
fn laxer_fallback(
    catalog: &Catalog,
    fallback: &Fallback,
    tolerate: &BTreeSet<String>,
    plan: &[Vec<Candidates<'_>>],
    found: &mut Vec<Diagnostic>,
) {
    let mut classes =
        fallback.rules.iter().filter(|r| r.kind == MoveKind::Model).flat_map(|r| &r.on).peekable();
    if classes.peek().is_none() {
        return;
    }
    // After `context_length` a move is to a larger context only.
    let to_larger_only = classes.all(|class| *class == ErrorClass::ContextLength);
    let mut models = plan.iter().flatten();
    let Some(first) = models.next() else { return };
    let best = Offer::of(&first.endpoints);
    for other in models {
        let smallest = first.endpoints.iter().filter_map(|e| e.facts.context_length).min();
        let reached = |e: &&&Endpoint| {
            let larger = e.facts.context_length.zip(smallest).is_some_and(|(b, a)| b > a);
            let required = fallback.requires.iter().all(|(r, _)| possible(r, e, catalog).be_true);
            (larger || !to_larger_only) && required
        };
        let endpoints: Vec<&Endpoint> = other.endpoints.iter().filter(reached).copied().collect();
        if endpoints.is_empty() {
            continue;
        }
        let lacks = best.lacks(&Offer::of(&endpoints), to_larger_only, tolerate);
        if !lacks.is_empty() {
            let (model, first) = (other.model, first.model);
            let message = format!("`{model}` may replace `{first}` and offers less: {}", lacks.join("; "));
            found.push(Diagnostic::warning("laxer-fallback", other.span, message));
        }
    }
}

/// On how many of a model's endpoints something is promised.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Promise {
    Nowhere,
    Somewhere,
    Everywhere,
}

impl Promise {
    fn of(endpoints: &[&Endpoint], kept: impl Fn(&Endpoint) -> bool) -> Self {
        match endpoints.iter().filter(|e| kept(e)).count() {
            0 => Self::Nowhere,
            n if n == endpoints.len() => Self::Everywhere,
            _ => Self::Somewhere,
        }
    }
}

/// What the endpoints of a model offer.
struct Offer<'a> {
    /// The largest.
    context: Option<u64>,
    supports: BTreeSet<&'a str>,
    zdr: Promise,
    learns_nothing: Promise,
    keeps_nothing: Promise,
}

impl<'a> Offer<'a> {
    fn of(endpoints: &[&'a Endpoint]) -> Self {
        let supports = endpoints.iter().filter_map(|e| e.facts.supports.as_ref()).flatten();
        let keeps_nothing = |e: &Endpoint| {
            e.facts.retains == Some(false) || e.facts.retains.is_none() && e.facts.zdr == Some(true)
        };
        Self {
            context: endpoints.iter().filter_map(|e| e.facts.context_length).max(),
            supports: supports.map(String::as_str).collect(),
            zdr: Promise::of(endpoints, |e| e.facts.zdr == Some(true)),
            learns_nothing: Promise::of(endpoints, |e| e.facts.trains == Some(false)),
            keeps_nothing: Promise::of(endpoints, keeps_nothing),
        }
    }

    /// Says what `other` lacks of it, parameters that may be dropped aside.
    fn lacks(&self, other: &Self, larger: bool, tolerate: &BTreeSet<String>) -> Vec<String> {
        let mut lacks: Vec<String> = Vec::new();
        if let (Some(a), Some(b)) = (self.context, other.context)
            && b < a
            && !larger
        {
            lacks.push(format!("its context is {b} tokens, not {a}"));
        }
        let missing = self.supports.difference(&other.supports).copied();
        let missing: Vec<&str> = missing.filter(|parameter| !tolerate.contains(*parameter)).collect();
        if !missing.is_empty() {
            lacks.push(format!("it does not support {}", missing.join(", ")));
        }
        let mut promise = |mine: Promise, theirs: Promise, nowhere: &str, somewhere: &str| {
            if theirs < mine {
                lacks.push(if theirs == Promise::Nowhere { nowhere } else { somewhere }.to_owned());
            }
            theirs < mine
        };
        let zdr = promise(
            self.zdr,
            other.zdr,
            "none of its endpoints has zero data retention",
            "not all of its endpoints have zero data retention",
        );
        if !zdr {
            promise(
                self.keeps_nothing,
                other.keeps_nothing,
                "each of its endpoints may keep what it is sent",
                "some of its endpoints may keep what they are sent",
            );
        }
        promise(
            self.learns_nothing,
            other.learns_nothing,
            "each of its endpoints may learn from what it is sent",
            "some of its endpoints may learn from what they are sent",
        );
        lacks
    }
}
