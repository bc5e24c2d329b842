//! Workloads: which requests they take, and that one takes every request.

use std::collections::HashSet;

use faregate_syntax::ast::{Block, Item, WorkloadStatement};
use faregate_syntax::{FileId, Span};

use super::expr::Place;
use super::profile::Sections;
use super::{Checker, Completeness, Once, messages};
use crate::ir::{Body, Workload};

impl<'a> Checker<'a> {
    /// Checks workloads and profiles.
    pub(super) fn workloads(&mut self, completeness: Completeness) {
        let broken = !self.broken.is_empty();
        let mut used: HashSet<&str> = HashSet::new();
        let mut blocks: Vec<&'a Block<WorkloadStatement>> = Vec::new();
        for item in self.files.iter().flat_map(|f| &f.items) {
            match item {
                Item::Workload(block) => {
                    used.extend(block.statements.iter().filter_map(|s| match &s.kind {
                        WorkloadStatement::Use(name) => Some(name.text.as_str()),
                        _ => None,
                    }));
                    blocks.push(block);
                }
                Item::Profile(block) => self.profile(block),
                _ => {}
            }
        }
        for item in self.files.iter().flat_map(|f| &f.items) {
            if let Item::Profile(block) = item
                && !used.contains(block.name.text.as_str())
                && completeness == Completeness::Whole
                && !broken
            {
                let what = format!("no workload uses profile `{}`", block.name.text);
                self.push(messages::no_effect(block.name.span, what));
            }
        }
        let count = blocks.len();
        for (at, block) in blocks.into_iter().enumerate() {
            self.workload(block, at.saturating_add(1) == count);
        }
        if count == 0 && completeness == Completeness::Whole && !broken {
            let span = self.files.iter().find_map(|f| match f.items.first() {
                Some(Item::Policy(block)) => Some(block.keyword),
                _ => None,
            });
            self.push(messages::no_workloads(span.unwrap_or(Span::new(FileId(0), 0, 0))));
        }
    }

    /// Checks a profile by itself, so that its faults show once, also where nothing uses it.
    fn profile(&mut self, block: &'a Block<WorkloadStatement>) {
        let mut seen = Once::default();
        self.sections_once(block, &mut seen);
        let before = self.diagnostics.len();
        let mut sections = Sections::default();
        for statement in &block.statements {
            match &statement.kind {
                WorkloadStatement::Route(route) => sections.route = Some(route),
                WorkloadStatement::Ceiling(ceilings) => sections.ceilings.extend(ceilings),
                WorkloadStatement::Fallback(_) | WorkloadStatement::FallbackNone => {
                    sections.fallback = Some(statement)
                }
                WorkloadStatement::Retry(_) | WorkloadStatement::RetryNone => {
                    sections.retry = Some(statement)
                }
                WorkloadStatement::Health(_) => sections.health = Some(statement),
                WorkloadStatement::Stream(_) => sections.stream = Some(statement),
                WorkloadStatement::Tools(_) => sections.tools = Some(statement),
                _ => {}
            }
        }
        let _checked_only = self.routing(&sections, block.span, false);
        debug_assert!(self.diagnostics.len() >= before);
    }

    fn workload(&mut self, block: &'a Block<WorkloadStatement>, last: bool) {
        let broken = self.is_broken(block.span);
        // Behind a place that could not be read there may have been another.
        let last_for_sure =
            last && self.broken.iter().all(|s| (s.file, s.start) < (block.span.file, block.span.start));
        let mut seen = Once::default();
        let mut when = None;
        let mut otherwise: Option<Span> = None;
        let mut deny: Option<(String, Span)> = None;
        let mut wrong = false;
        for statement in &block.statements {
            match &statement.kind {
                WorkloadStatement::When(expr) => {
                    let lowered = self.expr(expr, Place::WorkloadWhen);
                    wrong |= lowered.is_none();
                    if self.once(&mut seen, "when", statement.span) {
                        when = lowered.map(|e| (e, statement.span));
                    }
                }
                WorkloadStatement::Otherwise => {
                    self.once(&mut seen, "otherwise", statement.span);
                    otherwise = otherwise.or(Some(statement.span));
                }
                WorkloadStatement::Deny(text) if self.once(&mut seen, "deny", statement.span) => {
                    deny = Some((text.value.clone(), statement.span));
                }
                _ => {}
            }
        }
        self.sections_once(block, &mut seen);
        let written_when = block.statements.iter().find(|s| matches!(s.kind, WorkloadStatement::When(_)));
        match (otherwise, written_when) {
            (Some(span), Some(first)) => {
                let (first, again) = (span.min(first.span), span.max(first.span));
                let diagnostic = messages::duplicate_section("the condition of a workload", again, first);
                self.push(diagnostic.help("`otherwise` stands in place of `when`"));
            }
            (Some(span), None) if !last => self.push(messages::not_total_early(span)),
            (None, _) if last_for_sure => self.push(messages::not_total_end(block.name.span)),
            (None, None) if !broken && !last => {
                let help = "write `when …`, or `otherwise` in the last workload";
                self.push(messages::missing_statement(block.keyword, "the workload", "a `when`", help));
            }
            _ => {}
        }
        let sections = self.gather(block);
        let body = if let Some((text, span)) = deny {
            if let Some(section) = sections.route_span {
                let what = "`deny` and `route` in one workload: one of them";
                self.push(messages::duplicate_section(what, section.max(span), section.min(span)));
            }
            Some(Body::Deny(text, span))
        } else if sections.route.is_none() {
            let wrote_route = block.statements.iter().any(|s| matches!(s.kind, WorkloadStatement::Use(_)));
            let explained = broken || (wrote_route && self.uses_unknown(block));
            if !explained {
                let help = "write `route { models … }`, or `deny \"…\"`";
                self.push(messages::missing_statement(
                    block.keyword,
                    "the workload",
                    "`route` or `deny`",
                    help,
                ));
            }
            let _sections_checked = self.routing(&sections, block.span, false);
            None
        } else {
            self.routing(&sections, block.span, !broken).map(|r| Body::Route(Box::new(r)))
        };
        if let Some(body) = body
            && !wrong
        {
            self.policy.workloads.push(Workload {
                name: block.name.text.clone(),
                when,
                body,
                span: block.keyword,
            });
        }
    }

    fn uses_unknown(&self, block: &'a Block<WorkloadStatement>) -> bool {
        block.statements.iter().any(|s| match &s.kind {
            WorkloadStatement::Use(name) => !self.scope.profiles.contains_key(name.text.as_str()),
            _ => false,
        })
    }
}
