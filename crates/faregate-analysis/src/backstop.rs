//! The last workload where nothing comes.
//!
//! Every policy ends with an `otherwise`. Where the workloads before it take every value that a declared attribute can have, no
//! request gets there: another value is refused, and a missing one too. A test cannot reach it, and none is asked to.

use std::collections::BTreeSet;

use faregate_syntax::ast::{
    Attribute, BudgetStatement, CompareOp, DeclaredType, Expr, ExprKind, File, Item, OnExhausted, Operand,
    WorkloadStatement,
};

/// Returns the name of the last workload, if no request of this file's policy can reach it.
pub(crate) fn unreachable(file: &File) -> Option<&str> {
    let workloads = || {
        file.items.iter().filter_map(|item| match item {
            Item::Workload(block) => Some(block),
            _ => None,
        })
    };
    let last = workloads().next_back()?;
    if !last.statements.iter().any(|s| matches!(s.kind, WorkloadStatement::Otherwise))
        || is_led_to(file, &last.name.text)
    {
        return None;
    }
    let taken: Vec<(&Attribute, BTreeSet<&str>)> = workloads()
        .flat_map(|w| &w.statements)
        .filter_map(|s| match &s.kind {
            WorkloadStatement::When(expr) => Some(expr),
            _ => None,
        })
        .flat_map(alone)
        .collect();
    let all_taken = declared(file).any(|(attribute, values)| {
        let of = taken.iter().filter(|(a, _)| same(a, attribute));
        let taken: BTreeSet<&str> = of.flat_map(|(_, values)| values.iter().copied()).collect();
        values.iter().all(|value| taken.contains(value))
    });
    all_taken.then_some(last.name.text.as_str())
}

/// Whether a soft cap leads there.
fn is_led_to(file: &File, workload: &str) -> bool {
    let budgets = file.items.iter().filter_map(|item| match item {
        Item::Budget(block) => Some(&block.statements),
        _ => None,
    });
    let leads = |kind: &BudgetStatement| matches!(kind, BudgetStatement::OnExhausted(OnExhausted::UseWorkload(name)) if name.text == workload);
    budgets.flatten().any(|statement| leads(&statement.kind))
}

/// The attributes that take one value of a list.
fn declared(file: &File) -> impl Iterator<Item = (&Attribute, Vec<&str>)> {
    let declares = file.items.iter().filter_map(|item| match item {
        Item::Declare(declare) => Some(&declare.attributes),
        _ => None,
    });
    declares.flatten().filter_map(|statement| match &statement.kind.ty {
        DeclaredType::OneOf(values) => {
            Some((&statement.kind.attribute, values.iter().filter_map(text).collect()))
        }
        _ => None,
    })
}

/// The values of one attribute that a condition takes whatever else the request says: `A == x`, `A in x, y`, and such a part of
/// an `or`.
fn alone(expr: &Expr) -> Vec<(&Attribute, BTreeSet<&str>)> {
    match &expr.kind {
        ExprKind::Paren(inner) => alone(inner),
        ExprKind::Or(parts) => parts.iter().flat_map(alone).collect(),
        ExprKind::Compare { left: Operand::Attribute(a), op: CompareOp::Eq, right, zone: None } => {
            vec![(a, text(right).into_iter().collect())]
        }
        ExprKind::In { left: Operand::Attribute(a), items, zone: None } => {
            vec![(a, items.iter().filter_map(text).collect())]
        }
        _ => Vec::new(),
    }
}

fn text(operand: &Operand) -> Option<&str> {
    match operand {
        Operand::Word(word) => Some(&word.text),
        Operand::Str(text) => Some(&text.value),
        _ => None,
    }
}

fn same(a: &Attribute, b: &Attribute) -> bool {
    a.subject.text == b.subject.text && a.name.text == b.name.text
}

#[cfg(test)]
mod tests {
    use faregate_syntax::{FileId, parse};

    use super::unreachable;

    #[test]
    fn the_last_workload_is_out_of_reach_where_every_value_is_taken() {
        let policy = |first: &str, rest: &str| {
            format!(
                "declare {{ request.tier one_of free, pro }}\n{rest}\nworkload a {{ when {first} deny \"a\" }}\n\
                 workload last {{ otherwise deny \"b\" }}"
            )
        };
        for (first, rest, out) in [
            ("request.tier in free, pro", "", true),
            ("request.tier == free or request.tier == pro", "", true),
            ("request.stream or request.tier in pro, free", "", true),
            ("request.tier == pro", "workload b { when request.tier == free deny \"b\" }", true),
            ("request.tier == pro", "", false),
            ("request.tier != pro", "", false),
            ("request.tier in free, pro and request.stream", "", false),
            ("request.priority in free, pro", "", false),
            (
                "request.tier in free, pro",
                "budget c { spend $1 per day byok included on exhausted use workload last }",
                false,
            ),
        ] {
            let (tree, found) = parse(FileId(0), &policy(first, rest));
            assert!(found.is_empty(), "{found:?}");
            assert_eq!(unreachable(&tree), out.then_some("last"), "{first} {rest}");
        }
    }
}
