//! Statements of `workload` and `profile`, and of their sections.

use pest::iterators::Pair;

use crate::ast::{
    Backoff, BalanceBy, CeilingStatement, Commit, CredentialMode, Expr, FallbackStatement, HealthStatement,
    Jitter, Literal, LiteralKind, MoveKind, Partial, RetryRule, RetryStatement, RouteStatement,
    StreamStatement, Tier, TierEntry, ToolsStatement, Wait, Word, WorkloadStatement,
};
use crate::build::{Build, Built, Kids, Node};
use crate::grammar::Rule;

impl Node for WorkloadStatement {
    /// Returns a statement that is no section with a block; those the parser puts together itself.
    fn build(build: &Build, mut kids: Kids<'_>) -> Built<Self> {
        let statement = kids.next()?;
        Ok(match statement.as_rule() {
            Rule::when => Self::When(build.only_expr(statement)?),
            Rule::otherwise => Self::Otherwise,
            Rule::deny => Self::Deny(build.only_string(statement)?),
            Rule::use_profile => Self::Use(build.word(&build.kids(statement).need(Rule::name)?)),
            Rule::fallback_none => Self::FallbackNone,
            Rule::retry_none => Self::RetryNone,
            _ => return Err(kids.missing()),
        })
    }
}

impl Node for RouteStatement {
    fn build(build: &Build, mut kids: Kids<'_>) -> Built<Self> {
        let statement = kids.next()?;
        Ok(match statement.as_rule() {
            Rule::models => {
                let mut kids = build.kids(statement);
                let mut tiers = Vec::new();
                while let Some(tier) = kids.opt(Rule::tier) {
                    tiers.push(build.tier(tier)?);
                }
                Self::Models(tiers)
            }
            Rule::require => Self::Require(build.only_expr(statement)?),
            Rule::forbid => Self::Forbid(build.only_expr(statement)?),
            Rule::prefer => Self::Prefer(build.only_expr(statement)?),
            Rule::order_by => Self::OrderBy(build.words(&mut build.kids(statement), Rule::order_key)),
            Rule::balance => build.balance(build.kids(statement))?,
            Rule::credentials => {
                let mut kids = build.kids(statement);
                let mode = match build.choice(kids.need(Rule::credential_mode)?)? {
                    Rule::own_first => CredentialMode::OwnThenShared,
                    Rule::shared_first => CredentialMode::SharedThenOwn,
                    Rule::own_only => CredentialMode::OwnOnly,
                    _ => CredentialMode::SharedOnly,
                };
                Self::Credentials { mode, providers: build.strings(&mut kids) }
            }
            _ => Self::Tolerate(build.operands(build.kids(statement))?),
        })
    }
}

impl Build {
    fn tier(&self, pair: Pair<'_, Rule>) -> Built<Tier> {
        let mut kids = self.kids(pair);
        if let Some(requested) = kids.opt(Rule::requested) {
            let keyword = requested.clone().into_inner().next().map(|kid| self.span(&kid));
            let mut span = keyword.ok_or_else(|| kids.missing())?;
            let within = match self.kids(requested).opt(Rule::entry) {
                Some(entry) => {
                    span = span.to(self.span(&entry));
                    Some(self.entry(entry)?)
                }
                None => None,
            };
            return Ok(Tier::Requested { within, span });
        }
        let mut entries = Vec::new();
        while let Some(entry) = kids.opt(Rule::entry) {
            entries.push(self.entry(entry)?);
        }
        Ok(Tier::Entries(entries))
    }

    fn entry(&self, pair: Pair<'_, Rule>) -> Built<TierEntry> {
        let entry = self.kids(pair).next()?;
        Ok(match entry.as_rule() {
            Rule::string => TierEntry::Model(self.string(&entry)),
            _ => TierEntry::Group(self.word(&entry)),
        })
    }

    fn balance(&self, mut kids: Kids<'_>) -> Built<RouteStatement> {
        let by = if kids.opt(Rule::by_price).is_some() {
            BalanceBy::Price
        } else {
            let mut shares = Vec::new();
            while let Some(share) = kids.opt(Rule::share) {
                let mut parts = self.kids(share);
                let provider = self.string(&parts.need(Rule::string)?);
                shares.push((provider, self.literal(parts.need(Rule::literal)?)?));
            }
            BalanceBy::Shares(shares)
        };
        let sticky = match kids.opt(Rule::sticky) {
            Some(sticky) => Some(self.attribute(self.kids(sticky).need(Rule::attribute)?)?),
            None => None,
        };
        Ok(RouteStatement::Balance { by, sticky })
    }

    fn classes(&self, kids: &mut Kids<'_>) -> Built<Vec<Word>> {
        let classes = kids.need(Rule::classes)?;
        Ok(self.words(&mut self.kids(classes), Rule::class))
    }

    fn condition(&self, kids: &mut Kids<'_>) -> Built<Option<Expr>> {
        match kids.opt(Rule::condition) {
            Some(condition) => self.only_expr(condition).map(Some),
            None => Ok(None),
        }
    }

    fn wait(&self, kids: &mut Kids<'_>) -> Built<Option<Wait>> {
        if let Some(backoff) = kids.opt(Rule::backoff) {
            return Ok(Some(Wait::Backoff(self.backoff(backoff)?)));
        }
        let Some(retry_after) = kids.opt(Rule::retry_after) else { return Ok(None) };
        let mut kids = self.kids(retry_after);
        let up_to = match kids.opt(Rule::up_to) {
            Some(up_to) => Some(self.only_literal(up_to)?),
            None => None,
        };
        let otherwise = match kids.opt(Rule::backoff) {
            Some(backoff) => Some(self.backoff(backoff)?),
            None => None,
        };
        Ok(Some(Wait::RetryAfter { up_to, otherwise }))
    }

    fn backoff(&self, pair: Pair<'_, Rule>) -> Built<Backoff> {
        let mut kids = self.kids(pair);
        let mut exponential = kids.opt(Rule::exponential).map(|exponential| self.kids(exponential));
        let kids = exponential.as_mut().unwrap_or(&mut kids);
        let from = self.literal(kids.need(Rule::literal)?)?;
        let to = match kids.opt(Rule::literal) {
            Some(to) => Some(self.literal(to)?),
            None => None,
        };
        let jitter = kids.opt(Rule::jitter).and_then(|jitter| jitter.into_inner().last()).map(|jitter| {
            match jitter.as_rule() {
                Rule::kw_full => Jitter::Full,
                Rule::kw_equal => Jitter::Equal,
                _ => Jitter::None,
            }
        });
        Ok(Backoff { from, to, jitter })
    }
}

impl Node for CeilingStatement {
    fn build(build: &Build, mut kids: Kids<'_>) -> Built<Self> {
        let name = kids.next()?;
        let tool = name.as_rule() == Rule::tool_ceiling;
        let name = if tool { build.kids(name).need(Rule::tool_name)? } else { name };
        let name = build.tool_name(name)?;
        let mut parts = build.kids(kids.need(Rule::amount)?);
        let amount: Literal = build.literal(parts.next()?)?;
        let unknown_unit = parts.opt(Rule::unknown_unit).map(|unit| build.word(&unit));
        debug_assert!(
            unknown_unit.is_none() || matches!(amount.kind, LiteralKind::Money(_)),
            "the grammar says so"
        );
        let when = build.condition(&mut kids)?;
        Ok(Self { tool, name, amount, unknown_unit, when })
    }
}

impl Node for FallbackStatement {
    fn build(build: &Build, mut kids: Kids<'_>) -> Built<Self> {
        let statement = kids.next()?;
        Ok(match statement.as_rule() {
            Rule::other => {
                let mut kids = build.kids(statement);
                let kind = match build.choice(kids.need(Rule::move_kind)?)? {
                    Rule::kw_credential => MoveKind::Credential,
                    Rule::kw_provider => MoveKind::Provider,
                    _ => MoveKind::Model,
                };
                let on = build.classes(&mut kids)?;
                Self::Other { kind, on, when: build.condition(&mut kids)? }
            }
            Rule::require => Self::Require(build.only_expr(statement)?),
            Rule::at_most_moves => Self::AtMostMoves(build.only_literal(statement)?),
            _ => Self::PriceAtMost(build.only_literal(statement)?),
        })
    }
}

impl Node for RetryStatement {
    fn build(build: &Build, mut kids: Kids<'_>) -> Built<Self> {
        let statement = kids.next()?;
        Ok(match statement.as_rule() {
            Rule::retry_rule => {
                let mut kids = build.kids(statement);
                let on = build.classes(&mut kids)?;
                let times = build.literal(kids.need(Rule::literal)?)?;
                let wait = build.wait(&mut kids)?;
                Self::On(RetryRule { on, times, wait, when: build.condition(&mut kids)? })
            }
            Rule::at_most_calls => Self::AtMostCalls(build.only_literal(statement)?),
            Rule::timeout => Self::Timeout(build.only_literal(statement)?),
            Rule::first_token => Self::FirstToken(build.only_literal(statement)?),
            Rule::stall => Self::Stall(build.only_literal(statement)?),
            _ => Self::Deadline(build.only_literal(statement)?),
        })
    }
}

impl Node for HealthStatement {
    fn build(build: &Build, mut kids: Kids<'_>) -> Built<Self> {
        let statement = kids.next()?;
        if statement.as_rule() == Rule::probe {
            return build.only_literal(statement).map(Self::Probe);
        }
        let mut kids = build.kids(statement);
        let Some(cooldown) = kids.opt(Rule::cooldown) else {
            return build.classes(&mut kids).map(Self::CoolRetryAfter);
        };
        let mut parts = build.kids(cooldown);
        let cool = build.literal(parts.need(Rule::literal)?)?;
        let failures = build.literal(parts.need(Rule::literal)?)?;
        let within = build.literal(parts.need(Rule::literal)?)?;
        Ok(Self::Cool { cool, failures, within, on: build.classes(&mut kids)? })
    }
}

impl Node for StreamStatement {
    fn build(_: &Build, mut kids: Kids<'_>) -> Built<Self> {
        let statement = kids.next()?;
        let commit = statement.as_rule() == Rule::commit;
        let last = statement.into_inner().last().map(|kid| kid.as_rule());
        Ok(match (commit, last) {
            (true, Some(Rule::kw_end)) => Self::Commit(Commit::End),
            (true, _) => Self::Commit(Commit::FirstToken),
            (false, Some(Rule::kw_discard)) => Self::Partial(Partial::Discard),
            (false, _) => Self::Partial(Partial::MarkIncomplete),
        })
    }
}

impl Node for ToolsStatement {
    fn build(build: &Build, mut kids: Kids<'_>) -> Built<Self> {
        let statement = kids.next()?;
        if statement.as_rule() == Rule::iterations {
            return build.only_literal(statement).map(Self::Iterations);
        }
        let mut kids = build.kids(statement);
        let name = build.tool_name(kids.need(Rule::tool_name)?)?;
        let calls = build.literal(kids.need(Rule::literal)?)?;
        let results = match kids.opt(Rule::results) {
            Some(results) => Some(build.only_literal(results)?),
            None => None,
        };
        Ok(Self::Tool { name, calls, results })
    }
}
