//! Whole numbers between bounds that satisfy some sums: Fourier and Motzkin's elimination, in exact arithmetic.
//!
//! "None" is sure: the fractions have no solution either. Where fractions have one and no whole number is found, the answer
//! says so; it is never taken for a proof.

/// `Σ factor × x ≤ most`, one factor a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) factors: Vec<i128>,
    pub(super) most: i128,
}

/// What is known of a system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Solved {
    /// No numbers satisfy it.
    None,
    /// These do.
    Some(Vec<i128>),
    /// Neither was shown.
    Unsure,
}

/// More rows than this, and the elimination gives up.
const MOST_ROWS: usize = 4000;

/// Looks for numbers within `bounds`, small ones first.
pub(super) fn solve(bounds: &[(i128, i128)], rows: &[Row]) -> Solved {
    if bounds.iter().any(|(low, high)| low > high) {
        return Solved::None;
    }
    let n = bounds.len();
    if n == 0 {
        return if rows.iter().any(|r| r.most < 0) { Solved::None } else { Solved::Some(Vec::new()) };
    }
    let unit = |at: usize, factor: i128| (0..n).map(|i| if i == at { factor } else { 0 }).collect();
    let mut system: Vec<Row> = rows.to_vec();
    for (at, (low, high)) in bounds.iter().enumerate() {
        system.push(Row { factors: unit(at, 1), most: *high });
        if let Some(least) = low.checked_neg() {
            system.push(Row { factors: unit(at, -1), most: least });
        }
    }
    // stages[i] speaks of the first i + 1 variables alone.
    let mut stages = vec![system];
    for variable in (1..n).rev() {
        let Some(last) = stages.last() else { break };
        let Some(fewer) = eliminate(last, variable) else { return Solved::Unsure };
        stages.push(fewer);
    }
    stages.reverse();
    if let Some(first) = stages.first()
        && let Some((low, high)) = span(first, &[])
        && low > high
    {
        return Solved::None;
    }
    let mut chosen = Vec::new();
    let mut tries = 2000_u32;
    if choose(&stages, &mut chosen, &mut tries) { Solved::Some(chosen) } else { Solved::Unsure }
}

/// Removes a variable. A row that does not fit into the numbers is left out, which only weakens what is left.
fn eliminate(system: &[Row], variable: usize) -> Option<Vec<Row>> {
    let factor = |row: &Row| row.factors.get(variable).copied().unwrap_or(0);
    let mut kept: Vec<Row> = system.iter().filter(|r| factor(r) == 0).cloned().collect();
    for upper in system.iter().filter(|r| factor(r) > 0) {
        for lower in system.iter().filter(|r| factor(r) < 0) {
            let row = combine(upper, lower, factor(upper), factor(lower));
            kept.extend(row.filter(|row| !kept.contains(row)));
            if kept.len() > MOST_ROWS {
                return None;
            }
        }
    }
    Some(kept)
}

fn combine(upper: &Row, lower: &Row, up: i128, down: i128) -> Option<Row> {
    let down = down.checked_neg()?;
    let shared = gcd(up, down);
    let (times_upper, times_lower) = (down.checked_div(shared)?, up.checked_div(shared)?);
    let add = |a: i128, b: i128| a.checked_mul(times_upper)?.checked_add(b.checked_mul(times_lower)?);
    let factors: Option<Vec<i128>> =
        upper.factors.iter().zip(&lower.factors).map(|(a, b)| add(*a, *b)).collect();
    let (mut factors, mut most) = (factors?, add(upper.most, lower.most)?);
    let divisor = factors.iter().fold(0, |d, f| gcd(d, *f));
    if divisor > 1 {
        factors.iter_mut().for_each(|f| *f = f.div_euclid(divisor));
        // Of whole numbers only whole sums come.
        most = most.div_euclid(divisor);
    }
    Some(Row { factors, most })
}

/// Returns from where to where the next variable may go, once those before it are chosen.
fn span(rows: &[Row], chosen: &[i128]) -> Option<(i128, i128)> {
    let (mut low, mut high) = (i128::MIN, i128::MAX);
    for row in rows {
        let mut rest = row.most;
        for (factor, value) in row.factors.iter().zip(chosen) {
            rest = rest.checked_sub(factor.checked_mul(*value)?)?;
        }
        match row.factors.get(chosen.len()).copied().unwrap_or(0) {
            0 if rest < 0 => return Some((1, 0)),
            0 => {}
            f if f > 0 => high = high.min(rest.div_euclid(f)),
            // x ≥ rest / f, rounded up.
            f => low = low.max(ceil(rest, f)),
        }
    }
    Some((low, high))
}

/// The least whole number that is at least `rest / f`, `f` below zero.
fn ceil(rest: i128, f: i128) -> i128 {
    let (rest, f) = (rest.saturating_neg(), f.saturating_neg());
    let floor = rest.div_euclid(f);
    if rest.rem_euclid(f) == 0 { floor } else { floor.saturating_add(1) }
}

fn choose(stages: &[Vec<Row>], chosen: &mut Vec<i128>, tries: &mut u32) -> bool {
    let Some(rows) = stages.get(chosen.len()) else { return true };
    let Some((low, high)) = span(rows, chosen) else { return false };
    if low > high {
        return false;
    }
    let middle = low.checked_add(high.checked_sub(low).unwrap_or(0).div_euclid(2)).unwrap_or(low);
    let mut options = vec![low, high, middle, low.saturating_add(1), high.saturating_sub(1)];
    options.retain(|v| low <= *v && *v <= high);
    options.dedup();
    for option in options {
        let Some(left) = tries.checked_sub(1) else { return false };
        *tries = left;
        chosen.push(option);
        if choose(stages, chosen, tries) {
            return true;
        }
        chosen.pop();
    }
    false
}

fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a.checked_rem(b).unwrap_or(0));
    }
    i128::try_from(a).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(factors: &[i128], most: i128) -> Row {
        Row { factors: factors.to_vec(), most }
    }

    #[test]
    fn small_numbers_are_found_first() {
        assert_eq!(solve(&[(0, 9), (0, 9)], &[row(&[1, 1], 5)]), Solved::Some(vec![0, 0]));
        // 3x + 15y > 44 needs (0, 3): 45.
        assert_eq!(solve(&[(0, 9), (0, 9)], &[row(&[-3, -15], -45)]), Solved::Some(vec![0, 3]));
    }

    #[test]
    fn a_contradiction_is_sure() {
        // x + y ≤ 5 and x + y ≥ 6.
        assert_eq!(solve(&[(0, 9), (0, 9)], &[row(&[1, 1], 5), row(&[-1, -1], -6)]), Solved::None);
        assert_eq!(solve(&[(0, 2), (0, 2)], &[row(&[-1, -1], -5)]), Solved::None);
        assert_eq!(solve(&[(3, 2)], &[]), Solved::None);
    }

    #[test]
    fn what_only_fractions_satisfy_is_no_solution() {
        // 2x + 4y = 3: no whole numbers. Its sum is even, so that half of it cannot be 1.5.
        let solved = solve(&[(0, 9), (0, 9)], &[row(&[2, 4], 3), row(&[-2, -4], -3)]);
        assert!(!matches!(solved, Solved::Some(_)), "{solved:?}");
    }
}
