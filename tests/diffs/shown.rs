//! What two decisions of one request show of each direction, and whether a report says it.

use std::collections::{BTreeMap, BTreeSet};

use faregate::{Amount, Credential, Decision, Plan};
use faregate_analysis::{DecisionChange, Differences, Direction};

/// A direction, and the workloads that decide on both sides.
/// `None`: other soft caps led on on one side than on the other one, which is part of the classes that the change makes elsewhere.
pub(crate) type Class = (Direction, Option<[Option<String>; 2]>);

/// Whether a class is told for certain, or that it may be met; `None`: neither.
pub(crate) fn told(found: &Differences, (direction, of): &Class) -> Option<bool> {
    let meant = |d: Direction, old: &Option<String>, new: &Option<String>, also: &BTreeSet<String>| {
        d == *direction
            && of.as_ref().is_none_or(|[a, b]| {
                (old, new) == (a, b) || (a == b && b.as_ref().is_some_and(|name| also.contains(name)))
            })
    };
    let none = BTreeSet::new();
    let of = |c: &&DecisionChange| meant(c.direction, &c.old_workload, &c.new_workload, &c.also);
    let certain = found.changes.iter().filter(of).map(|c| c.certain).max();
    let mut open = found.not_ruled_out.iter();
    certain.or_else(|| {
        open.any(|c| meant(c.direction, &c.old_workload, &c.new_workload, &none)).then_some(false)
    })
}

/// What two decisions of one request have of each direction, read off them.
fn shown(old: &Decision, new: &Decision) -> BTreeSet<Direction> {
    let mut shown = BTreeSet::new();
    let mut add = |holds: bool, direction| {
        if holds {
            shown.insert(direction);
        }
    };
    let (a, b) = match (old, new) {
        (Decision::Deny(a), Decision::Deny(b)) => {
            add((a.code, a.opens_at) != (b.code, b.opens_at), Direction::Denial);
            return shown;
        }
        (Decision::Deny(_), Decision::Route(_)) => return [Direction::Looser].into(),
        (Decision::Route(_), Decision::Deny(_)) => return [Direction::Tighter].into(),
        (Decision::Route(a), Decision::Route(b)) => (a, b),
    };
    let order = |plan: &Plan| -> Vec<(String, Credential)> {
        plan.attempts.iter().map(|a| (a.endpoint.clone(), a.credential.clone())).collect()
    };
    let (first, second) = (order(a), order(b));
    let admits = |plan: &Plan, of: &(String, Credential)| {
        let place = |e: &&faregate::Exclusion| (&e.endpoint, &e.credential) == (&of.0, &of.1);
        let left = plan.explanation.excluded.iter().find(place);
        left.map_or_else(|| order(plan).contains(of), |e| e.reasons.iter().all(|r| r.code == "fallback"))
    };
    let lost = first.iter().any(|c| !second.contains(c));
    let gained = second.iter().any(|c| !first.contains(c));
    let (refused, let_in) = (first.iter().any(|c| !admits(b, c)), second.iter().any(|c| !admits(a, c)));
    add(let_in, Direction::Looser);
    add(refused, Direction::Tighter);
    let common = |of: &[(String, Credential)], other: &[(String, Credential)]| -> Vec<(String, Credential)> {
        of.iter().filter(|c| other.contains(c)).cloned().collect()
    };
    let other_order = common(&first, &second) != common(&second, &first);
    add(other_order, Direction::Order);
    if !refused && !let_in {
        // The same are admitted: a plan begins elsewhere, or its moves lead elsewhere.
        let elsewhere = (lost || gained) && first.first() != second.first();
        add(elsewhere, Direction::Order);
        add(gained && !elsewhere && !other_order, Direction::Looser);
        add(lost && !elsewhere && !other_order, Direction::Tighter);
    }
    // What is unknown has no bound.
    let mut cost = |x: Option<faregate::Money>, y: Option<faregate::Money>| {
        add((y.is_none(), y) > (x.is_none(), x), Direction::Dearer);
        add((y.is_none(), y) < (x.is_none(), x), Direction::Cheaper);
    };
    cost(a.worst_cost, b.worst_cost);
    for x in &a.attempts {
        let same = b.attempts.iter().find(|y| (&y.endpoint, &y.credential) == (&x.endpoint, &x.credential));
        let Some(y) = same else { continue };
        cost(x.worst_cost, y.worst_cost);
        cost(x.expected_cost, y.expected_cost);
    }
    for x in &a.attempts {
        let same = b.attempts.iter().find(|y| (&y.endpoint, &y.credential) == (&x.endpoint, &x.credential));
        let Some(y) = same else { continue };
        add(x.tier != y.tier && !lost && !gained, Direction::Order);
        let limits = [x.max_output_tokens, y.max_output_tokens].map(|l| l.unwrap_or(u64::MAX));
        add(limits[1] > limits[0], Direction::Looser);
        add(limits[1] < limits[0], Direction::Tighter);
        let on = |of: &faregate::Attempt| of.on.iter().copied().collect::<BTreeSet<_>>();
        add(first == second && (x.role, on(x)) != (y.role, on(y)), Direction::Retries);
        add(x.timeout_ms != y.timeout_ms, Direction::Retries);
    }
    let retries = |plan: &Plan| -> Vec<(String, u64, Option<String>)> {
        let mut rules: Vec<_> = plan.retry.iter().map(|r| (r.on.clone(), r.times, r.wait.clone())).collect();
        rules.sort();
        rules
    };
    let again = a.calls_at_most != b.calls_at_most || retries(a) != retries(b);
    add((again && !lost && !gained) || a.deadline_ms != b.deadline_ms, Direction::Retries);
    // A budget to which no run adds is nobody's, and one that led on closes nothing any more.
    let zero = |amount: Option<Amount>| {
        amount.is_some_and(|a| a == Amount::Count(0) || a == Amount::Money(faregate::Money::ZERO))
    };
    let left = |plan: &Plan| -> BTreeMap<String, (Amount, Option<Amount>, bool)> {
        let lines = plan.explanation.budgets.iter().map(|l| {
            let led = plan.explanation.degraded.iter().any(|led| led.budget == l.budget);
            let adds = !zero(l.this_run_at_most) && !led;
            (format!("{} {:?} {:?}", l.budget, l.kind, l.period), (l.limit, l.remaining, adds))
        });
        lines.collect()
    };
    let (x, y) = (left(a), left(b));
    for place in x.keys().chain(y.keys()) {
        let [x, y] = [x.get(place), y.get(place)];
        if ![x, y].into_iter().flatten().any(|(.., adds)| *adds) {
            continue;
        }
        let [x, y] = [x, y].map(|line| line.map(|(limit, left, _)| (*limit, *left)));
        // Whom a budget counts follows from who is called.
        let same = !lost && !gained;
        add((y.is_none() && same) || (x.is_some() && y > x), Direction::Looser);
        add((x.is_none() && same) || (y.is_some() && y < x), Direction::Tighter);
    }
    shown
}

/// What two decisions of one request show, with the workloads.
pub(crate) fn classes(old: &Decision, new: &Decision) -> BTreeSet<Class> {
    let caps = |d: &Decision| -> Vec<String> {
        d.explanation().degraded.iter().map(|led| led.budget.clone()).collect()
    };
    let of = (caps(old) == caps(new)).then(|| [old, new].map(|d| d.explanation().workload.clone()));
    shown(old, new).into_iter().map(|direction| (direction, of.clone())).collect()
}

/// Returns what the decisions of a request show and a report does not speak of. Rows of budgets that are wrong in themselves are left
/// out, which count nowhere; they deny where the policy has the budget. Costs that are too large to be counted are left
/// out, as nobody pays them; and what other costs make of credits, of what budgets have left and of a caller's own limits, which is
/// part of `dearer` and `cheaper`.
pub(crate) fn untold(found: &Differences, (old, new): (&Decision, &Decision)) -> Vec<Class> {
    let uncounted = |d: &Decision| {
        let mut reasons = d.explanation().excluded.iter().flat_map(|e| &e.reasons);
        reasons.any(|r| r.code == "cost_unbounded")
    };
    let refused = |d: &Decision| match d {
        Decision::Deny(denial) => denial.message.contains("`context.budgets["),
        Decision::Route(_) => false,
    };
    if !found.undecided.is_empty() || [old, new].into_iter().any(|d| uncounted(d) || refused(d)) {
        return Vec::new();
    }
    // Somebody is kept out by what it costs, on one side at least.
    let dear = |d: &Decision| {
        let mut reasons = d.explanation().excluded.iter().flat_map(|e| &e.reasons);
        reasons.any(|r| matches!(r.code.as_str(), "credits" | "budget") || r.rule == "request")
    };
    let money = dear(old) || dear(new);
    let costs = |(_, of): &Class| {
        let costs = [Direction::Dearer, Direction::Cheaper];
        money && costs.into_iter().any(|direction| told(found, &(direction, of.clone())).is_some())
    };
    let mut untold: Vec<Class> = classes(old, new).into_iter().collect();
    untold.retain(|class| told(found, class).is_none() && !costs(class));
    untold
}
