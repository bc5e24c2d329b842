//! Statements of the declarations without sections, and `group`.

use pest::iterators::Pair;

use crate::ast::{
    BudgetStatement, Counted, DeclaredAttribute, DeclaredType, Expr, Group, GroupKind, GuardrailStatement,
    InvariantStatement, Limit, LimitKind, Literal, OnExhausted, PolicyStatement, Str, WaiveStatement,
};
use crate::build::expr::operator;
use crate::build::{Build, Built, Kids, Node};
use crate::grammar::Rule;

impl Build {
    /// Returns the one expression of a statement.
    pub(crate) fn only_expr(&self, pair: Pair<'_, Rule>) -> Built<Expr> {
        self.expr(self.kids(pair).need(Rule::expr)?)
    }

    /// Returns the one string of a statement.
    pub(crate) fn only_string(&self, pair: Pair<'_, Rule>) -> Built<Str> {
        Ok(self.string(&self.kids(pair).need(Rule::string)?))
    }

    /// Returns the one literal of a statement.
    pub(crate) fn only_literal(&self, pair: Pair<'_, Rule>) -> Built<Literal> {
        self.literal(self.kids(pair).need(Rule::literal)?)
    }

    fn limit(&self, pair: Pair<'_, Rule>) -> Built<Limit> {
        let mut kids = self.kids(pair);
        let amount = self.literal(kids.need(Rule::literal)?)?;
        let mut span = amount.span;
        let window = match kids.opt(Rule::window) {
            Some(window) => Some(self.word(&self.kids(window).next()?)),
            None => None,
        };
        let zone = match kids.opt(Rule::zone) {
            Some(zone) => Some(self.string(&self.kids(zone).need(Rule::string)?)),
            None => None,
        };
        let last = zone.as_ref().map(|z| z.span).or(window.as_ref().map(|w| w.span));
        span = last.map_or(span, |last| span.to(last));
        Ok(Limit { amount, window, zone, span })
    }

    fn limits(&self, mut kids: Kids<'_>) -> Built<BudgetStatement> {
        let kind = match self.choice(kids.need(Rule::limit_kind)?)? {
            Rule::kw_spend => LimitKind::Spend,
            Rule::kw_requests => LimitKind::Requests,
            Rule::kw_tokens => LimitKind::Tokens,
            _ => LimitKind::Concurrency,
        };
        let mut limits = Vec::new();
        while let Some(limit) = kids.opt(Rule::limit) {
            limits.push(self.limit(limit)?);
        }
        Ok(BudgetStatement::Limit(kind, limits))
    }

    fn on_exhausted(&self, pair: Pair<'_, Rule>) -> Built<OnExhausted> {
        let exhausted = self.kids(pair).need(Rule::exhausted)?;
        let mut kids = self.kids(exhausted);
        if let Some(workload) = kids.opt(Rule::use_workload) {
            let name = self.kids(workload).need(Rule::name)?;
            return Ok(OnExhausted::UseWorkload(self.word(&name)));
        }
        Ok(if kids.opt(Rule::alert_only).is_some() { OnExhausted::AlertOnly } else { OnExhausted::Deny })
    }

    fn declared_type(&self, pair: Pair<'_, Rule>) -> Built<DeclaredType> {
        Ok(match self.choice(pair.clone())? {
            Rule::one_of => DeclaredType::OneOf(self.operands(self.kids(self.kids(pair).next()?))?),
            Rule::set_of => DeclaredType::SetOf(self.operands(self.kids(self.kids(pair).next()?))?),
            Rule::kw_text => DeclaredType::Text,
            Rule::kw_bool => DeclaredType::Bool,
            Rule::kw_count => DeclaredType::Count,
            Rule::kw_money => DeclaredType::Money,
            _ => DeclaredType::Duration,
        })
    }

    /// Returns a group, without its documentation.
    pub(crate) fn group(&self, pair: Pair<'_, Rule>) -> Built<Group> {
        let mut span = self.span(&pair);
        let mut kids = self.kids(pair);
        let name = self.word(&kids.need(Rule::name)?);
        let kind = match self.choice(kids.need(Rule::group_kind)?)? {
            Rule::kw_models => GroupKind::Models,
            _ => GroupKind::Providers,
        };
        let members = self.strings(&mut kids);
        span.end = members.last().map_or(span.end, |member| member.span.end);
        Ok(Group { doc: None, name, kind, members, span })
    }

    fn claim(&self, pair: Pair<'_, Rule>) -> Built<InvariantStatement> {
        match self.choice(pair.clone())? {
            Rule::kw_served => return Ok(InvariantStatement::Served),
            Rule::kw_denied => return Ok(InvariantStatement::Denied),
            _ => {}
        }
        let claim = self.kids(pair).next()?;
        let rule = claim.as_rule();
        if rule == Rule::expr {
            return self.expr(claim).map(InvariantStatement::Always);
        }
        let mut kids = self.kids(claim);
        if rule == Rule::at_least {
            let least = self.literal(kids.need(Rule::literal)?)?;
            let counted = match self.choice(kids.need(Rule::counted)?)? {
                Rule::kw_providers | Rule::kw_provider => Counted::Providers,
                Rule::kw_models | Rule::kw_model => Counted::Models,
                _ => Counted::Endpoints,
            };
            return Ok(InvariantStatement::AtLeast(least, counted));
        }
        let op = operator(kids.need(Rule::operator)?.as_str());
        let bound = self.literal(kids.need(Rule::literal)?)?;
        Ok(if rule == Rule::cost {
            InvariantStatement::Cost(op, bound)
        } else {
            InvariantStatement::Calls(op, bound)
        })
    }
}

impl Node for PolicyStatement {
    fn build(build: &Build, mut kids: Kids<'_>) -> Built<Self> {
        let statement = kids.next()?;
        Ok(match statement.as_rule() {
            Rule::language => Self::Language(build.only_literal(statement)?),
            Rule::owner => Self::Owner(build.only_string(statement)?),
            _ => Self::Version(build.only_string(statement)?),
        })
    }
}

impl Node for DeclaredAttribute {
    fn build(build: &Build, mut kids: Kids<'_>) -> Built<Self> {
        let attribute = build.attribute(kids.need(Rule::attribute)?)?;
        let ty = build.declared_type(kids.need(Rule::declared_type)?)?;
        let default = match kids.opt(Rule::default) {
            Some(default) => Some(build.operands(build.kids(default))?),
            None => None,
        };
        Ok(Self { attribute, ty, default })
    }
}

impl Node for GuardrailStatement {
    fn build(build: &Build, mut kids: Kids<'_>) -> Built<Self> {
        let statement = kids.next()?;
        Ok(match statement.as_rule() {
            Rule::when => Self::When(build.only_expr(statement)?),
            Rule::require => Self::Require(build.only_expr(statement)?),
            Rule::forbid => Self::Forbid(build.only_expr(statement)?),
            Rule::because => Self::Because(build.only_string(statement)?),
            _ => Self::WaivableIn(build.only_string(statement)?),
        })
    }
}

impl Node for WaiveStatement {
    fn build(build: &Build, mut kids: Kids<'_>) -> Built<Self> {
        let statement = kids.next()?;
        Ok(match statement.as_rule() {
            Rule::when => Self::When(build.only_expr(statement)?),
            Rule::until => Self::Until(build.only_literal(statement)?),
            Rule::approved => Self::Approved(build.only_string(statement)?),
            _ => Self::Because(build.only_string(statement)?),
        })
    }
}

impl Node for BudgetStatement {
    fn build(build: &Build, mut kids: Kids<'_>) -> Built<Self> {
        let statement = kids.next()?;
        Ok(match statement.as_rule() {
            Rule::when => Self::When(build.only_expr(statement)?),
            Rule::covers => Self::Covers(build.only_expr(statement)?),
            Rule::per => {
                let mut kids = build.kids(statement);
                let mut attributes = Vec::new();
                while let Some(attribute) = kids.opt(Rule::attribute) {
                    attributes.push(build.attribute(attribute)?);
                }
                Self::Per(attributes)
            }
            Rule::limits => build.limits(build.kids(statement))?,
            Rule::byok => Self::Byok(statement.into_inner().any(|kid| kid.as_rule() == Rule::kw_included)),
            Rule::reserve => {
                let mut kids = build.kids(statement);
                let share = build.literal(kids.need(Rule::literal)?)?;
                Self::Reserve(share, build.expr(kids.need(Rule::expr)?)?)
            }
            Rule::alert => Self::Alert(build.literals(build.kids(statement))?),
            _ => Self::OnExhausted(build.on_exhausted(statement)?),
        })
    }
}

impl Node for InvariantStatement {
    fn build(build: &Build, mut kids: Kids<'_>) -> Built<Self> {
        let statement = kids.next()?;
        match statement.as_rule() {
            Rule::for_workload => {
                let name = build.kids(statement).need(Rule::name)?;
                Ok(Self::ForWorkload(build.word(&name)))
            }
            Rule::for_requests => build.only_expr(statement).map(Self::For),
            _ => build.claim(build.kids(statement).need(Rule::claim)?),
        }
    }
}
