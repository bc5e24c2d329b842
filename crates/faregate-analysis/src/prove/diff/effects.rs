//! What tells two decisions of one request apart: what they do, not how they explain it.

use std::collections::{BTreeMap, BTreeSet};

use faregate::{Amount, Attempt, BudgetUse, Credential, Decision, Denial, Explanation, Money, Plan};

use super::Direction;

/// One way in which two decisions differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Effect {
    pub(super) direction: Direction,
    /// The candidates that it is about: `m/a@north`, with an own key `m/a@north#own-key`; none: the whole.
    pub(super) endpoints: BTreeSet<String>,
    pub(super) what: String,
}

/// Returns all differences between two decisions.
pub(super) fn effects(old: &Decision, new: &Decision) -> Vec<Effect> {
    let mut found = Found(Vec::new());
    match (old, new) {
        (Decision::Deny(old), Decision::Deny(new)) => found.denials(old, new),
        (Decision::Deny(denial), Decision::Route(plan)) => {
            found.about(
                Direction::Looser,
                names(plan),
                format!("routed, and was denied ({})", denial.code.as_str()),
            );
        }
        (Decision::Route(plan), Decision::Deny(denial)) => {
            found.about(
                Direction::Tighter,
                names(plan),
                format!("denied ({}), and was routed", denial.code.as_str()),
            );
        }
        (Decision::Route(old), Decision::Route(new)) => found.plans(old, new),
    }
    found.budgets(old, new);
    let (a, b) = (old.explanation(), new.explanation());
    if found.0.is_empty() && a.workload != b.workload {
        let name = |w: &Option<String>| w.clone().unwrap_or_else(|| "none".to_owned());
        found.whole(Direction::Words, format!("workload {} is {}", name(&a.workload), name(&b.workload)));
    }
    found.0
}

/// Names a candidate.
pub(super) fn name_of(attempt: &Attempt) -> String {
    name(&attempt.endpoint, &attempt.credential)
}

fn name(endpoint: &str, credential: &Credential) -> String {
    match credential {
        Credential::Shared => endpoint.to_owned(),
        Credential::Own(key) => format!("{endpoint}#{key}"),
    }
}

fn names(plan: &Plan) -> BTreeSet<String> {
    plan.attempts.iter().map(name_of).collect()
}

/// Returns who is admitted: those of the plan, and those to whom no move leads.
fn admitted(plan: &Plan) -> BTreeSet<String> {
    let left = plan.explanation.excluded.iter().filter(|e| e.reasons.iter().all(|r| r.code == "fallback"));
    names(plan).into_iter().chain(left.map(|e| name(&e.endpoint, &e.credential))).collect()
}

struct Found(Vec<Effect>);

impl Found {
    fn about(&mut self, direction: Direction, endpoints: BTreeSet<String>, what: String) {
        self.0.push(Effect { direction, endpoints, what });
    }

    fn whole(&mut self, direction: Direction, what: String) {
        self.about(direction, BTreeSet::new(), what);
    }

    fn denials(&mut self, old: &Denial, new: &Denial) {
        if old.code != new.code {
            self.whole(
                Direction::Denial,
                format!("denied as {} in place of {}", new.code.as_str(), old.code.as_str()),
            );
        } else if old.opens_at != new.opens_at {
            self.whole(Direction::Denial, "denied until another instant".to_owned());
        } else if old.message != new.message || old.rule != new.rule {
            self.whole(Direction::Words, format!("denied with other words: {}", new.message));
        }
    }

    fn plans(&mut self, old: &Plan, new: &Plan) {
        let (before, after) = (names(old), names(new));
        let same_members = before == after;
        let (allowed_before, allowed_after) = (admitted(old), admitted(new));
        let mut gained: BTreeSet<String> = after.difference(&allowed_before).cloned().collect();
        let mut lost: BTreeSet<String> = before.difference(&allowed_after).cloned().collect();
        let order = |plan: &Plan| plan.attempts.iter().map(|a| (name_of(a), a.tier)).collect::<Vec<_>>();
        let (a, b) = (order(old), order(new));
        let within = |list: &[(String, u32)], other: &BTreeSet<String>| {
            list.iter().filter(|(n, _)| other.contains(n)).map(|(n, _)| n.clone()).collect::<Vec<_>>()
        };
        let other_order = within(&a, &after) != within(&b, &before);
        let mut elsewhere = false;
        if gained.is_empty() && lost.is_empty() && !same_members {
            // Moves lead to others. Where a plan begins elsewhere or goes on in another order, that is why.
            let first = |plan: &Plan| plan.attempts.first().map(name_of);
            elsewhere = first(old) != first(new);
            if !elsewhere && !other_order {
                gained.extend(after.difference(&before).cloned());
                lost.extend(before.difference(&after).cloned());
            }
        }
        if !gained.is_empty() {
            self.about(Direction::Looser, gained, "may be called".to_owned());
        }
        if !lost.is_empty() {
            self.about(Direction::Tighter, lost, "is not called any more".to_owned());
        }
        if elsewhere {
            self.about(Direction::Order, &before | &after, "another one is called first".to_owned());
        } else if other_order {
            self.about(Direction::Order, &before & &after, "are tried in another order".to_owned());
        } else if same_members && a != b {
            self.about(Direction::Order, &before & &after, "stand in another tier".to_owned());
        }
        for attempt in &new.attempts {
            let name = name_of(attempt);
            if let Some(before) = old.attempts.iter().find(|a| name_of(a) == name) {
                self.attempts(&name, before, attempt, a == b);
            }
        }
        self.costs(&BTreeSet::new(), "the run", old.worst_cost, new.worst_cost, true);
        if same_members && old.calls_at_most != new.calls_at_most {
            let what = format!("at most {} -> {} calls", old.calls_at_most, new.calls_at_most);
            self.whole(Direction::Retries, what);
        }
        self.limits(old, new, same_members);
    }

    fn costs(
        &mut self,
        of: &BTreeSet<String>,
        what: &str,
        old: Option<Money>,
        new: Option<Money>,
        worst: bool,
    ) {
        let most = if worst { "costs at most" } else { "is expected to cost" };
        let text = |m: Option<Money>| m.map_or_else(|| "no bound".to_owned(), |m| format!("${m}"));
        let rank = |m: Option<Money>| (m.is_none(), m);
        let direction = match rank(new).cmp(&rank(old)) {
            std::cmp::Ordering::Greater => Direction::Dearer,
            std::cmp::Ordering::Less => Direction::Cheaper,
            std::cmp::Ordering::Equal => return,
        };
        self.about(direction, of.clone(), format!("{what} {most} {} -> {}", text(old), text(new)));
    }

    fn attempts(&mut self, name: &str, old: &Attempt, new: &Attempt, same_order: bool) {
        let of = BTreeSet::from([name.to_owned()]);
        self.costs(&of, "an attempt", old.worst_cost, new.worst_cost, true);
        self.costs(&of, "an attempt", old.expected_cost, new.expected_cost, false);
        if (&old.provider, &old.model, &old.native_model) != (&new.provider, &new.model, &new.native_model) {
            self.about(Direction::Looser, of.clone(), "stands for another model or provider".to_owned());
        }
        let limit = |a: &Attempt| a.max_output_tokens.unwrap_or(u64::MAX);
        let text = |a: &Attempt| a.max_output_tokens.map_or_else(|| "no limit".to_owned(), |n| n.to_string());
        let said = format!("output of at most {} -> {}", text(old), text(new));
        match limit(new).cmp(&limit(old)) {
            std::cmp::Ordering::Greater => self.about(Direction::Looser, of.clone(), said),
            std::cmp::Ordering::Less => self.about(Direction::Tighter, of.clone(), said),
            std::cmp::Ordering::Equal => {}
        }
        if !new.drop_parameters.is_subset(&old.drop_parameters) {
            self.about(Direction::Tighter, of.clone(), "parameters are dropped that were sent".to_owned());
        }
        if !old.drop_parameters.is_subset(&new.drop_parameters) {
            self.about(Direction::Looser, of.clone(), "parameters are sent that were dropped".to_owned());
        }
        let after = |a: &Attempt| a.on.iter().copied().collect::<BTreeSet<_>>();
        // What stands before a candidate decides which moves lead to it.
        if same_order && (old.role, after(old)) != (new.role, after(new)) {
            self.about(Direction::Retries, of.clone(), "is moved to after other failures".to_owned());
        }
        let times = |a: &Attempt| (a.timeout_ms, a.first_token_ms, a.stall_ms);
        if times(old) != times(new) {
            self.about(Direction::Retries, of, "has other time limits".to_owned());
        }
    }

    fn limits(&mut self, old: &Plan, new: &Plan, same_members: bool) {
        let retries = |plan: &Plan| {
            // Rules of one class keep their order.
            let mut rules: Vec<_> =
                plan.retry.iter().map(|r| (r.on.clone(), r.times, r.wait.clone())).collect();
            rules.sort_by(|a, b| a.0.cmp(&b.0));
            rules
        };
        // Which of them can apply depends on who is called.
        if same_members && retries(old) != retries(new) {
            self.whole(Direction::Retries, "other retries".to_owned());
        }
        if old.deadline_ms != new.deadline_ms {
            self.whole(Direction::Retries, "another deadline".to_owned());
        }
        if (old.commit, old.partial) != (new.commit, new.partial) {
            self.whole(Direction::Retries, "output is handed on otherwise".to_owned());
        }
        let most = |n: Option<u64>| n.unwrap_or(u64::MAX);
        let cap = |plan: &Plan, tool: &String| {
            plan.tools.get(tool).map_or((0, 0), |cap| (cap.calls, most(cap.results)))
        };
        let tools: BTreeSet<&String> = old.tools.keys().chain(new.tools.keys()).collect();
        for tool in tools {
            let (a, b) = (cap(old, tool), cap(new, tool));
            if b.0 > a.0 || b.1 > a.1 {
                self.whole(Direction::Looser, format!("tool {tool} may be used more"));
            }
            if b.0 < a.0 || b.1 < a.1 {
                self.whole(Direction::Tighter, format!("tool {tool} may be used less"));
            }
        }
        match most(new.iterations).cmp(&most(old.iterations)) {
            std::cmp::Ordering::Greater => self.whole(Direction::Looser, "more iterations".to_owned()),
            std::cmp::Ordering::Less => self.whole(Direction::Tighter, "fewer iterations".to_owned()),
            std::cmp::Ordering::Equal => {}
        }
    }

    /// Compares the limits of the budgets that were touched, where both decisions look at budgets at all.
    fn budgets(&mut self, old: &Decision, new: &Decision) {
        let (Decision::Route(a), Decision::Route(b)) = (old, new) else { return };
        let same = names(a) == names(b);
        let (old, new) = (old.explanation(), new.explanation());
        let place = |line: &BudgetUse| {
            format!("{} {:?} {:?} {:?} {:?}", line.budget, line.kind, line.per, line.period, line.window)
        };
        let lines = |e: &Explanation| -> BTreeMap<String, BudgetUse> {
            e.budgets.iter().map(|line| (place(line), line.clone())).collect()
        };
        let (a, b) = (lines(old), lines(new));
        let places: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        for place in places {
            let (before, after) = (a.get(place), b.get(place));
            let binds = |of: &Explanation, line: Option<&BudgetUse>| {
                line.is_some_and(|l| adds(l) && !of.degraded.iter().any(|led| led.budget == l.budget))
            };
            // One that led on closes nothing any more.
            if !binds(old, before) && !binds(new, after) {
                continue;
            }
            let left = |line: Option<&BudgetUse>| line.map(|l| (l.limit, l.remaining));
            let (direction, what) = match (left(before), left(after)) {
                // Whom a budget counts follows from who is called.
                (None, _) | (_, None) if !same => continue,
                (None, _) => (Direction::Tighter, "counts"),
                (_, None) => (Direction::Looser, "does not count"),
                (before, after) if after > before => (Direction::Looser, "leaves more"),
                (before, after) if after < before => (Direction::Tighter, "leaves less"),
                _ => continue,
            };
            let name = place.split(' ').next().unwrap_or_default();
            self.whole(direction, format!("budget {name} {what}"));
        }
        if old.alerts != new.alerts {
            self.whole(Direction::Words, "other alerts".to_owned());
        }
    }
}

/// Whether the run can add to what a budget has counted, as far as that is known.
fn adds(line: &BudgetUse) -> bool {
    !matches!(line.this_run_at_most, Some(Amount::Money(Money::ZERO) | Amount::Count(0)))
}
