//! Filters (step 4): all reasons for which a candidate is out, not the first alone.

use faregate_syntax::Span;
use faregate_syntax::ast::{CompareOp, CredentialMode, Unit};

use super::budgets::Ledger;
use super::candidate::{Candidate, smaller};
use super::reason::{BoundChange, Class, RawReason, money, rank, unpriced};
use super::truth::Truth;
use super::values::{dollars, health_name, price, show};
use super::world::World;
use crate::attributes::{Subject, Type};
use crate::ir::{Attr, CeilingKind, Expr, ExprKind, Guardrail, Routing, Rule, Term, Value};
use crate::pattern::Pattern;
use crate::time::{date_text, utc_date};
use crate::{Amount, CredentialState, Health, Money};

/// Waivers that lifted a guardrail: index of the waiver, endpoint id.
pub(crate) type Waived = Vec<(usize, String)>;

impl World<'_> {
    /// Returns all reasons for which a candidate is out, sorted; none: it is admitted.
    pub(crate) fn reasons(
        &self,
        workload: &str,
        routing: &Routing,
        candidate: &Candidate<'_>,
        ledger: &Ledger<'_>,
        waived: &mut Waived,
    ) -> Vec<RawReason> {
        let mut reasons = Vec::new();
        self.built_in(routing, candidate, &mut reasons);
        let rule_name = format!("workload {workload}");
        for rule in &routing.rules {
            reasons.extend(self.rule(rule, &rule_name, candidate));
        }
        for guardrail in self.guardrails() {
            self.guardrail(guardrail, candidate, waived, &mut reasons);
        }
        for ceiling in &routing.ceilings {
            let applies = ceiling.when.as_ref().is_none_or(|w| !self.eval(w, Some(candidate)).is_false());
            if applies {
                self.ceiling(
                    &ceiling.kind,
                    ceiling.amount,
                    &rule_name,
                    Some(ceiling.span),
                    candidate,
                    &mut reasons,
                );
            }
        }
        for (kind, amount) in &self.caller {
            self.ceiling(kind, *amount, "request", None, candidate, &mut reasons);
        }
        ledger.reasons(self, candidate, &mut reasons);
        self.credits(candidate, &mut reasons);
        if candidate.health() == Health::Down {
            reasons.push(RawReason::built_in(
                rank::HEALTH,
                "health",
                format!("endpoint.health is {}", health_name(Health::Down)),
            ));
        }
        self.credential(routing, &rule_name, candidate, &mut reasons);
        self.caller_providers(candidate, &mut reasons);
        super::reason::sort(&mut reasons);
        reasons
    }

    fn built_in(&self, routing: &Routing, candidate: &Candidate<'_>, reasons: &mut Vec<RawReason>) {
        let request = &self.request;
        let facts = &candidate.endpoint.facts;
        let mut out =
            |rank, code: &str, detail: String| reasons.push(RawReason::built_in(rank, code, detail));
        let joint = facts.joint_context == Some(true);
        // What an `output` ceiling sets comes after this filter (rule 28), so that it makes no room here (rule 7).
        let limit = smaller(request.max_output_tokens, facts.max_output_tokens);
        let output = if joint { limit.unwrap_or(0) } else { 0 };
        let needed = request.input_tokens.saturating_add(output);
        let what = if joint && output > 0 { "input and output of" } else { "an input of" };
        match facts.context_length {
            Some(fits) if needed > fits => {
                out(
                    rank::CONTEXT_LENGTH,
                    "context_length",
                    format!("{what} {needed} tokens, and {fits} fit"),
                );
            }
            None if needed > 0 => {
                out(rank::CONTEXT_LENGTH, "context_length", "endpoint.context_length is unknown".to_owned());
            }
            _ => {}
        }
        if let (Some(asked), Some(fits)) = (request.max_output_tokens, facts.max_output_tokens)
            && asked > fits
        {
            out(
                rank::OUTPUT_LENGTH,
                "output_length",
                format!("{asked} tokens of output are asked for, and {fits} fit"),
            );
        }
        let strict: Vec<&String> =
            request.parameters.iter().filter(|p| !routing.tolerate.contains(*p)).collect();
        match &facts.supports {
            Some(supports) => {
                let missing: Vec<&str> =
                    strict.iter().filter(|p| !supports.contains(**p)).map(|p| p.as_str()).collect();
                if !missing.is_empty() {
                    out(rank::PARAMETERS, "parameters", format!("does not support {}", missing.join(", ")));
                }
            }
            None if !strict.is_empty() => {
                out(rank::PARAMETERS, "parameters", "endpoint.supports is unknown".to_owned());
            }
            None => {}
        }
        for tool in &request.tools {
            if routing.tools.get(tool).is_some_and(|cap| cap.calls == 0) {
                out(rank::PARAMETERS, "parameters", format!("the workload allows no call of `{tool}`"));
            }
        }
        match &facts.modalities {
            Some(modalities) => {
                let missing: Vec<&str> = request
                    .modalities
                    .iter()
                    .filter(|m| !modalities.contains(*m))
                    .map(String::as_str)
                    .collect();
                if !missing.is_empty() {
                    out(rank::MODALITIES, "modalities", format!("does not read {}", missing.join(", ")));
                }
            }
            None if !request.modalities.is_empty() => {
                out(rank::MODALITIES, "modalities", "endpoint.modalities is unknown".to_owned());
            }
            None => {}
        }
        if candidate.worst.overflow {
            let why = candidate.worst.unbounded.clone().unwrap_or_default();
            out(rank::COST_UNBOUNDED, "cost_unbounded", why);
        }
        if let Some(sunset) = facts.sunset
            && utc_date(self.context.now).is_none_or(|today| today > sunset)
        {
            out(rank::SUNSET, "sunset", format!("served until {}", date_text(sunset)));
        }
    }

    /// `require` and `forbid` of the workload.
    fn rule(&self, rule: &Rule, name: &str, candidate: &Candidate<'_>) -> Option<RawReason> {
        if self.satisfied(rule, candidate) {
            return None;
        }
        let (rank, code) = if rule.forbid { (rank::FORBID, "forbid") } else { (rank::REQUIRE, "require") };
        let detail = self.why_not(&rule.expr, !rule.forbid, Some(candidate));
        let mut reason = RawReason::new(rank, name, code, detail).at(rule.span);
        if !rule.forbid && self.true_once_cool(rule, candidate) {
            reason = reason.class(Class::Quota).opens(candidate.cooling_until(self.context.now));
        }
        Some(reason.bound(self.literal_bound(code, &rule.expr, !rule.forbid, candidate)))
    }

    fn satisfied(&self, rule: &Rule, candidate: &Candidate<'_>) -> bool {
        self.tell_rule(rule.span);
        holds(rule, self.eval(&rule.expr, Some(candidate)))
    }

    /// Whether a `require` would be true were the endpoint not cooling down.
    fn true_once_cool(&self, rule: &Rule, candidate: &Candidate<'_>) -> bool {
        if candidate.cooling_until(self.context.now).is_none() {
            return false;
        }
        let mut cool = candidate.clone();
        cool.facts_now.cooling_until = None;
        holds(rule, self.truth(&rule.expr, Some(&cool)))
    }

    pub(crate) fn guardrail(
        &self,
        guardrail: &Guardrail,
        candidate: &Candidate<'_>,
        waived: &mut Waived,
        reasons: &mut Vec<RawReason>,
    ) {
        if guardrail.when.as_ref().is_some_and(|w| self.eval(w, Some(candidate)).is_false()) {
            return;
        }
        let broken: Vec<&Rule> = guardrail.rules.iter().filter(|r| !self.satisfied(r, candidate)).collect();
        if broken.is_empty() {
            return;
        }
        if let Some(waiver) = self.waiver(guardrail, candidate) {
            if let Some(waiver) = self.policy.waivers.get(waiver) {
                self.tell_rule(waiver.span);
            }
            let entry = (waiver, candidate.endpoint.id.clone());
            if !waived.contains(&entry) {
                waived.push(entry);
            }
            return;
        }
        for rule in broken {
            let detail = self.why_not(&rule.expr, !rule.forbid, Some(candidate));
            let word = if rule.forbid { "forbid" } else { "require" };
            let what = format!("guardrail {} {word}", guardrail.name);
            let reason =
                RawReason::new(rank::GUARDRAIL, format!("guardrail {}", guardrail.name), "guardrail", detail)
                    .at(rule.span)
                    .class(Class::Guardrail)
                    .bound(self.literal_bound(&what, &rule.expr, !rule.forbid, candidate));
            reasons.push(reason);
        }
    }

    /// Returns the waiver that lifts a guardrail for a candidate today.
    fn waiver(&self, guardrail: &Guardrail, candidate: &Candidate<'_>) -> Option<usize> {
        let today = utc_date(self.context.now)?;
        self.policy.waivers.iter().position(|w| {
            w.guardrail == guardrail.name
                && today <= w.until
                && w.when.as_ref().is_none_or(|e| self.eval(e, Some(candidate)) == Truth::True)
        })
    }

    fn ceiling(
        &self,
        kind: &CeilingKind,
        amount: Amount,
        rule: &str,
        span: Option<Span>,
        candidate: &Candidate<'_>,
        reasons: &mut Vec<RawReason>,
    ) {
        let caller = span.is_none();
        let over = |rank: u8, value: i128, bound: i128, value_text: String, bound_text: String| {
            let detail = format!("{} is {value_text}, and the ceiling is {bound_text}", described(kind));
            let (rank, code) = if caller {
                (rank::CALLER, "caller".to_owned())
            } else {
                (rank, format!("ceiling_{}", kind.name()))
            };
            let mut reason = RawReason::new(rank, rule, code, detail);
            if let Some(span) = span {
                let what = format!("ceiling {}", kind.name());
                reason = reason.at(span).bound(Some(BoundChange {
                    span,
                    what,
                    op: None,
                    from: bound,
                    to: value,
                    from_text: bound_text,
                    to_text: value_text,
                }));
            }
            reason
        };
        let bounds = matches!(kind, CeilingKind::Attempt | CeilingKind::Run | CeilingKind::Output)
            || self.unit_price(kind, candidate).is_some();
        if let Some(span) = span.filter(|_| bounds) {
            self.tell_rule(span);
        }
        let limit = match amount {
            Amount::Count(limit) => {
                if let Some(asked) = self.request.max_output_tokens
                    && asked > limit
                {
                    let (a, b) = (i128::from(asked), i128::from(limit));
                    reasons.push(over(rank::CEILING_OUTPUT, a, b, asked.to_string(), limit.to_string()));
                }
                return;
            }
            Amount::Money(limit) => limit,
        };
        let text = |m: Money| match kind.ty() {
            Type::Price(unit) => price(m, unit),
            _ => dollars(m),
        };
        if matches!(kind, CeilingKind::Attempt | CeilingKind::Run) {
            match candidate.worst.known() {
                Some(worst) if worst > limit => reasons.push(over(
                    rank::CEILING,
                    worst.0.units(),
                    limit.0.units(),
                    text(worst),
                    text(limit),
                )),
                Some(_) => {}
                None => reasons.extend(unpriced(rule, span, &candidate.worst)),
            }
            return;
        }
        let Some(value) = self.unit_price(kind, candidate) else { return };
        match value {
            Some(value) if value > limit => {
                reasons.push(over(rank::CEILING, value.0.units(), limit.0.units(), text(value), text(limit)));
            }
            Some(_) => {}
            None => {
                let detail = format!("{} is unknown, and a ceiling bounds it", described(kind));
                let mut reason = RawReason::new(rank::PRICE_UNKNOWN, rule, "price_unknown", detail);
                reason.span = span;
                reasons.push(reason);
            }
        }
    }

    /// Returns the price that a unit ceiling bounds, `None` where the request does not use it (rule 9).
    #[expect(
        clippy::option_option,
        reason = "the outer level is whether the ceiling holds, the inner one whether the price is known"
    )]
    fn unit_price(&self, kind: &CeilingKind, candidate: &Candidate<'_>) -> Option<Option<Money>> {
        let request = &self.request;
        let prices = &candidate.prices_now;
        let cache = request.caching || request.cached_input_tokens > 0;
        match kind {
            CeilingKind::Prompt => Some(prices.prompt),
            CeilingKind::Completion => Some(prices.completion),
            CeilingKind::RequestFee => Some(Some(prices.request)),
            CeilingKind::Image => (request.images > 0).then_some(prices.image),
            CeilingKind::CacheRead => cache.then_some(prices.cache_read),
            CeilingKind::CacheWrite => cache.then_some(prices.cache_write),
            CeilingKind::Reasoning => request.parameters.contains("reasoning").then_some(prices.reasoning),
            CeilingKind::Tool(tool) => {
                request.tools.contains(tool).then(|| prices.tools.get(tool).map(|t| t.per_call))
            }
            CeilingKind::Attempt | CeilingKind::Run | CeilingKind::Output => None,
        }
    }

    fn credits(&self, candidate: &Candidate<'_>, reasons: &mut Vec<RawReason>) {
        let Some(credits) = self.credits else { return };
        if candidate.own.is_some() {
            return;
        }
        match candidate.worst.known() {
            Some(worst) if worst > credits => {
                let detail = format!(
                    "the attempt costs up to {}, and {} of credits are left",
                    money(worst),
                    money(credits)
                );
                reasons.push(RawReason::built_in(rank::CREDITS, "credits", detail).class(Class::Credits));
            }
            Some(_) => {}
            None => reasons.extend(unpriced("built-in", None, &candidate.worst)),
        }
    }

    fn credential(
        &self,
        routing: &Routing,
        rule: &str,
        candidate: &Candidate<'_>,
        reasons: &mut Vec<RawReason>,
    ) {
        let provider = &candidate.endpoint.provider;
        match candidate.own {
            None if self.context.shared_except.contains(provider) => {
                let detail = format!("the gateway has no shared credential at {provider}");
                reasons.push(RawReason::built_in(rank::CREDENTIAL, "credential", detail));
            }
            None => {}
            Some(own) => {
                let state = match own.state {
                    CredentialState::Ok => None,
                    CredentialState::Exhausted => Some("exhausted"),
                    CredentialState::Invalid => Some("invalid"),
                    CredentialState::Disabled => Some("disabled"),
                };
                let model = &candidate.endpoint.model;
                let names =
                    |p: &String| Pattern::new(p.as_str()).matches(model) || self.catalog.resolve(p) == model;
                let serves_model = own.models.as_ref().is_none_or(|models| models.iter().any(names));
                let serves_key = own
                    .keys
                    .as_ref()
                    .is_none_or(|keys| matches!(self.given(Subject::Key, "id"), Some(Value::Text(id)) if keys.contains(&id)));
                let mut out = |detail: String| {
                    reasons.push(RawReason::built_in(rank::CREDENTIAL, "credential", detail))
                };
                if let Some(state) = state {
                    out(format!("the key is {state}"));
                }
                if !serves_model {
                    out(format!("the key does not serve {model}"));
                }
                if !serves_key {
                    out("the key does not serve this gateway key".to_owned());
                }
            }
        }
        let general = (routing.credentials, routing.credentials_span);
        let special = routing.credentials_for.get(provider).map(|(mode, span)| (*mode, Some(*span)));
        for (mode, span) in std::iter::once(general).chain(special) {
            if let Some(span) = span {
                self.tell_rule(span);
            }
            let excluded = match mode {
                CredentialMode::OwnOnly => candidate.own.is_none(),
                CredentialMode::SharedOnly => candidate.own.is_some(),
                CredentialMode::OwnThenShared | CredentialMode::SharedThenOwn => false,
            };
            if excluded {
                let kind = if candidate.own.is_none() { "own" } else { "shared" };
                let detail = format!("only {kind} credentials are used here");
                let mut reason = RawReason::new(rank::CREDENTIAL, rule, "credential", detail);
                reason.span = span;
                reasons.push(reason);
            }
        }
    }

    fn caller_providers(&self, candidate: &Candidate<'_>, reasons: &mut Vec<RawReason>) {
        let provider = &candidate.endpoint.provider;
        if self.request.only.as_ref().is_some_and(|only| !only.contains(provider)) {
            let detail = format!("request.only does not name {provider}");
            reasons.push(RawReason::new(rank::CALLER, "request", "caller", detail));
        }
        if self.request.ignore.as_ref().is_some_and(|ignore| ignore.contains(provider)) {
            let detail = format!("request.ignore names {provider}");
            reasons.push(RawReason::new(rank::CALLER, "request", "caller", detail));
        }
    }

    /// Returns the change of a literal that would make an expression what it should be, where one comparison with a
    /// literal decides.
    fn literal_bound(
        &self,
        what: &str,
        expr: &Expr,
        wanted: bool,
        candidate: &Candidate<'_>,
    ) -> Option<BoundChange> {
        match &expr.kind {
            ExprKind::Not(inner) => self.literal_bound(what, inner, !wanted, candidate),
            // One part alone stands in the way.
            ExprKind::And(parts) if wanted => self.only_part(what, parts, wanted, candidate),
            ExprKind::Or(parts) if !wanted => self.only_part(what, parts, wanted, candidate),
            ExprKind::Compare { left, op, right: Term::Value(Value::Number(bound)), zone } => {
                let Some(Value::Number(value)) = self.value(left, Some(candidate), zone.as_ref()) else {
                    return None;
                };
                let must = if wanted { *op } else { negated(*op)? };
                let to = match must {
                    CompareOp::Le | CompareOp::Ge => value,
                    // The next step above or below, not the value itself.
                    CompareOp::Lt => {
                        let step = step(&left.ty)?;
                        value.checked_div_euclid(step)?.checked_add(1)?.checked_mul(step)?
                    }
                    CompareOp::Gt => {
                        let step = step(&left.ty)?;
                        let below = value.checked_sub(1)?.checked_div_euclid(step)?.checked_mul(step)?;
                        (below >= 0).then_some(below)?
                    }
                    CompareOp::Eq | CompareOp::Ne => return None,
                };
                Some(bound_change(what, expr.span, left, Some(*op), [*bound, to]))
            }
            // The range is widened to the value; of a time of day it may wrap.
            ExprKind::Between { left, low, high, zone } if wanted && left.ty != Type::TimeOfDay => {
                let Some(Value::Number(value)) = self.value(left, Some(candidate), zone.as_ref()) else {
                    return None;
                };
                let bound = if value < *low { low } else { high };
                Some(bound_change(what, expr.span, left, None, [*bound, value]))
            }
            _ => None,
        }
    }

    fn only_part(
        &self,
        what: &str,
        parts: &[Expr],
        wanted: bool,
        candidate: &Candidate<'_>,
    ) -> Option<BoundChange> {
        let mut broken = parts.iter().filter(|p| self.truth(p, Some(candidate)) != Truth::from(wanted));
        match (broken.next(), broken.next()) {
            (Some(part), None) => self.literal_bound(what, part, wanted, candidate),
            _ => None,
        }
    }
}

fn bound_change(
    what: &str,
    span: Span,
    left: &Attr,
    op: Option<CompareOp>,
    [from, to]: [i128; 2],
) -> BoundChange {
    let text = |n: i128| show(&Value::Number(n), &left.ty);
    BoundChange {
        span,
        what: format!("{what} {left}"),
        op,
        from,
        to,
        from_text: text(from),
        to_text: text(to),
    }
}

/// Returns by how much a bound of a type moves at least: of money a millionth of a dollar, though it is kept more exactly.
fn step(ty: &Type) -> Option<i128> {
    const MILLIONTH: i128 = 10_i128.pow(18);
    const MILLIONTH_PER_MTOK: i128 = 10_i128.pow(12);
    match ty {
        Type::Count | Type::Duration => Some(1),
        Type::Money | Type::Price(Unit::Image | Unit::Call) => Some(MILLIONTH),
        // It is kept per token.
        Type::Price(Unit::Mtok) => Some(MILLIONTH_PER_MTOK),
        _ => None,
    }
}

fn holds(rule: &Rule, truth: Truth) -> bool {
    if rule.forbid { truth.is_false() } else { truth.is_true() }
}

fn negated(op: CompareOp) -> Option<CompareOp> {
    Some(match op {
        CompareOp::Lt => CompareOp::Ge,
        CompareOp::Le => CompareOp::Gt,
        CompareOp::Gt => CompareOp::Le,
        CompareOp::Ge => CompareOp::Lt,
        CompareOp::Eq | CompareOp::Ne => return None,
    })
}

/// Says what a ceiling bounds.
fn described(kind: &CeilingKind) -> String {
    match kind {
        CeilingKind::Prompt => "the price of input".to_owned(),
        CeilingKind::Completion => "the price of output".to_owned(),
        CeilingKind::RequestFee => "the fee of a request".to_owned(),
        CeilingKind::Image => "the price of an image".to_owned(),
        CeilingKind::CacheRead => "the price of a cache read".to_owned(),
        CeilingKind::CacheWrite => "the price of a cache write".to_owned(),
        CeilingKind::Reasoning => "the price of reasoning".to_owned(),
        CeilingKind::Tool(tool) => format!("the price of a call of `{tool}`"),
        CeilingKind::Attempt | CeilingKind::Run => "the worst cost of an attempt".to_owned(),
        CeilingKind::Output => "the output asked for".to_owned(),
    }
}
