//! What a workload takes from the profiles that it uses (rule 41).

use std::collections::HashMap;

use faregate_syntax::Span;
use faregate_syntax::ast::{Block, CeilingStatement, RouteStatement, Statement, WorkloadStatement};

use super::{Checker, Once, messages};

/// The sections that hold for a workload, its profiles' included.
#[derive(Default)]
pub(super) struct Sections<'a> {
    pub(super) route: Option<&'a [Statement<RouteStatement>]>,
    pub(super) route_span: Option<Span>,
    /// `require` and `forbid` of the profiles' routes.
    pub(super) added_rules: Vec<&'a Statement<RouteStatement>>,
    /// Of the profiles and of the workload.
    pub(super) ceilings: Vec<&'a Statement<CeilingStatement>>,
    pub(super) fallback: Option<&'a Statement<WorkloadStatement>>,
    pub(super) retry: Option<&'a Statement<WorkloadStatement>>,
    pub(super) health: Option<&'a Statement<WorkloadStatement>>,
    pub(super) stream: Option<&'a Statement<WorkloadStatement>>,
    pub(super) tools: Option<&'a Statement<WorkloadStatement>>,
}

/// A section that a block brings, by its word.
fn section(statement: &WorkloadStatement) -> Option<&'static str> {
    Some(match statement {
        WorkloadStatement::Route(_) => "route",
        WorkloadStatement::Ceiling(_) => "ceiling",
        WorkloadStatement::Fallback(_) | WorkloadStatement::FallbackNone => "fallback",
        WorkloadStatement::Retry(_) | WorkloadStatement::RetryNone => "retry",
        WorkloadStatement::Health(_) => "health",
        WorkloadStatement::Stream(_) => "stream",
        WorkloadStatement::Tools(_) => "tools",
        _ => return None,
    })
}

impl<'a> Checker<'a> {
    /// Gathers the sections of a workload and of the profiles that it uses.
    pub(super) fn gather(&mut self, block: &'a Block<WorkloadStatement>) -> Sections<'a> {
        let mut sections = Sections::default();
        self.own_sections(block, &mut sections);
        let own_route = sections.route.is_some();
        let own = [
            ("fallback", sections.fallback.is_some()),
            ("retry", sections.retry.is_some()),
            ("health", sections.health.is_some()),
            ("stream", sections.stream.is_some()),
            ("tools", sections.tools.is_some()),
        ];
        let mut brought: Vec<(&'static str, Span)> = Vec::new();
        let mut used: HashMap<&str, Span> = HashMap::new();
        for statement in &block.statements {
            let WorkloadStatement::Use(name) = &statement.kind else { continue };
            let Some(profile) = self.scope.profiles.get(name.text.as_str()).copied() else {
                let names = self.names_like(|scope| scope.profiles.keys().copied().collect());
                self.push(messages::unknown_name("profile", name, names));
                continue;
            };
            let first = *used.entry(&name.text).or_insert(statement.span);
            if first != statement.span {
                let what = format!("`use {}`", name.text);
                self.push(messages::duplicate_section(&what, statement.span, first));
                continue;
            }
            self.take_profile(profile, statement.span, own_route, &own, &mut brought, &mut sections);
        }
        sections
    }

    fn own_sections(&mut self, block: &'a Block<WorkloadStatement>, sections: &mut Sections<'a>) {
        for statement in &block.statements {
            match &statement.kind {
                WorkloadStatement::Route(route) if sections.route.is_none() => {
                    sections.route = Some(route);
                    sections.route_span = Some(statement.span);
                }
                WorkloadStatement::Ceiling(ceilings) => sections.ceilings.extend(ceilings),
                WorkloadStatement::Fallback(_) | WorkloadStatement::FallbackNone => {
                    sections.fallback.get_or_insert(statement);
                }
                WorkloadStatement::Retry(_) | WorkloadStatement::RetryNone => {
                    sections.retry.get_or_insert(statement);
                }
                WorkloadStatement::Health(_) => drop(sections.health.get_or_insert(statement)),
                WorkloadStatement::Stream(_) => drop(sections.stream.get_or_insert(statement)),
                WorkloadStatement::Tools(_) => drop(sections.tools.get_or_insert(statement)),
                _ => {}
            }
        }
    }

    fn take_profile(
        &mut self,
        profile: &'a Block<WorkloadStatement>,
        use_span: Span,
        own_route: bool,
        own: &[(&'static str, bool)],
        brought: &mut Vec<(&'static str, Span)>,
        sections: &mut Sections<'a>,
    ) {
        for statement in &profile.statements {
            let Some(word) = section(&statement.kind) else { continue };
            match &statement.kind {
                WorkloadStatement::Ceiling(ceilings) => {
                    sections.ceilings.extend(ceilings);
                    continue;
                }
                WorkloadStatement::Route(route) => {
                    let is_rule = |s: &&Statement<RouteStatement>| {
                        matches!(s.kind, RouteStatement::Require(_) | RouteStatement::Forbid(_))
                    };
                    let only_rules = route.iter().all(|s| is_rule(&s));
                    if only_rules || own_route {
                        sections.added_rules.extend(route.iter().filter(is_rule));
                        if only_rules {
                            continue;
                        }
                    }
                }
                _ => {}
            }
            if let Some((_, first)) = brought.iter().find(|(w, _)| *w == word) {
                let what = format!("`{word}`, by two profiles,");
                let first = *first;
                let help = "keep it in one of them; what only one profile brings can be written in the workload instead";
                self.push(messages::duplicate_section(&what, use_span, first).help(help));
                continue;
            }
            brought.push((word, use_span));
            // What the workload writes itself is not taken.
            let own_section =
                if word == "route" { own_route } else { own.iter().any(|(w, has)| *w == word && *has) };
            if own_section {
                continue;
            }
            match &statement.kind {
                WorkloadStatement::Route(route) => {
                    sections.route = Some(route);
                    sections.route_span = Some(statement.span);
                }
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
    }

    /// Reports sections that stand twice in one block, and what a profile cannot hold.
    pub(super) fn sections_once(&mut self, block: &'a Block<WorkloadStatement>, seen: &mut Once) {
        for statement in &block.statements {
            if let Some(word) = section(&statement.kind) {
                self.once(seen, word, statement.span);
            }
        }
    }
}
