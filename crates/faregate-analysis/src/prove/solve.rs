//! Whether a formula can hold, and a request and context in which it does: a SAT solver over the atoms, whole numbers behind it.
//!
//! For each attribute of a formula its values are split by the tests made of it: texts into the strings and patterns used and
//! "any other", sets by their members, numbers at their bounds. The clauses say how those tests hang together. What sums say is
//! asked for each model of the clauses; one that no numbers satisfy is forbidden, and the next is looked for.

mod tie;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use batsat::{BasicSolver, Lit, SolverInterface, lbool};
use faregate::Timestamp;

use super::formula::{Absent, Arena, Atom, Formula, Key, Node, Range, Sum};
use super::linear::{Row, Solved, solve};

/// A value of an attribute in a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Given {
    Absent,
    Text(String),
    Bool(bool),
    Number(i128),
    Set(BTreeSet<String>),
}

/// What makes a formula hold.
#[derive(Clone, Debug)]
pub(super) struct Model {
    /// Only attributes that matter.
    pub(super) given: BTreeMap<Key, Given>,
    pub(super) now: Timestamp,
    /// The atoms that matter, as they are, to forbid it.
    literals: Vec<Lit>,
}

/// An answer.
pub(super) enum Answer {
    Never,
    Holds(Model),
    /// Why nobody knows.
    Unsure(String),
}

/// More models than this are not looked at for one question.
const MOST_MODELS: usize = 3000;

/// One question, and the models that were forbidden on the way to its answer.
pub(super) struct Query<'a> {
    arena: &'a Arena,
    solver: BasicSolver,
    literals: HashMap<u32, Lit>,
    asserted: Vec<Formula>,
    /// Of each of these, one formula does not hold.
    forbidden: Vec<Vec<Formula>>,
    atoms: Vec<(Atom, Lit)>,
    texts: HashMap<Key, Vec<(String, Lit)>>,
    moments: Vec<(Timestamp, Lit)>,
    truth: Lit,
    models: usize,
    /// Whether a model was forbidden that numbers may satisfy.
    unsure: bool,
}

impl<'a> Query<'a> {
    /// Asks whether all of `asserted` can hold at once. `others` are formulas that later clauses may be about.
    pub(super) fn new(arena: &'a Arena, asserted: &[Formula], others: &[Formula], first: Timestamp) -> Self {
        let mut solver = BasicSolver::default();
        let truth = Lit::new(solver.new_var_default(), true);
        solver.add_clause_reuse(&mut vec![truth]);
        let mut query = Self {
            arena,
            solver,
            literals: HashMap::new(),
            asserted: asserted.to_vec(),
            forbidden: Vec::new(),
            atoms: Vec::new(),
            texts: HashMap::new(),
            moments: Vec::new(),
            truth,
            models: 0,
            unsure: false,
        };
        for formula in asserted.iter().chain(others) {
            query.encode(*formula);
        }
        query.tie(first);
        for formula in asserted {
            let literal = query.literal(*formula);
            query.clause(&[literal]);
        }
        query
    }

    /// Returns how much has been looked at: the same on every machine.
    pub(super) fn steps(&self) -> u64 {
        let size = u64::from(self.solver.num_vars()).saturating_add(self.solver.num_clauses());
        size.saturating_mul(u64::try_from(self.models).unwrap_or(u64::MAX).max(1))
    }

    fn clause(&mut self, literals: &[Lit]) {
        self.solver.add_clause_reuse(&mut literals.to_vec());
    }

    fn fresh(&mut self) -> Lit {
        Lit::new(self.solver.new_var_default(), true)
    }

    /// Says that not all of these hold; they are among the formulas that the question was asked with.
    pub(super) fn forbid(&mut self, formulas: &[Formula]) {
        let clause: Vec<Lit> = formulas.iter().map(|f| !self.literal(*f)).collect();
        self.clause(&clause);
        self.forbidden.push(formulas.to_vec());
    }

    /// Says that the atoms that mattered in a model are not like that again.
    pub(super) fn forbid_model(&mut self, model: &Model) {
        let clause: Vec<Lit> = model.literals.iter().map(|l| !*l).collect();
        self.clause(&clause);
    }

    fn literal(&self, formula: Formula) -> Lit {
        let literal = self.literals.get(&formula.node()).copied().unwrap_or(self.truth);
        if formula.negated() { !literal } else { literal }
    }

    /// Gives each node a literal, parts first.
    fn encode(&mut self, formula: Formula) {
        let mut stack = vec![formula];
        while let Some(next) = stack.last().copied() {
            if self.literals.contains_key(&next.node()) {
                stack.pop();
                continue;
            }
            let node = if next.negated() { next.not() } else { next };
            match self.arena.node(node) {
                Node::True => {
                    self.literals.insert(next.node(), self.truth);
                }
                Node::Atom(atom) => {
                    let literal = self.fresh();
                    self.literals.insert(next.node(), literal);
                    self.atoms.push((atom.clone(), literal));
                }
                Node::All(parts) => {
                    let open: Vec<Formula> =
                        parts.iter().copied().filter(|p| !self.literals.contains_key(&p.node())).collect();
                    if !open.is_empty() {
                        stack.extend(open);
                        continue;
                    }
                    let literal = self.fresh();
                    let parts: Vec<Lit> = parts.iter().map(|p| self.literal(*p)).collect();
                    let mut back = vec![literal];
                    for part in &parts {
                        self.clause(&[!literal, *part]);
                        back.push(!*part);
                    }
                    self.clause(&back);
                    self.literals.insert(next.node(), literal);
                }
            }
        }
    }

    /// Returns the next model, or that there is none.
    pub(super) fn next(&mut self) -> Answer {
        loop {
            self.models = self.models.saturating_add(1);
            if self.models > MOST_MODELS {
                return Answer::Unsure(format!("more than {MOST_MODELS} cases would have to be looked at"));
            }
            let answer = self.solver.solve_limited(&[]);
            if answer == lbool::FALSE {
                if self.unsure {
                    return Answer::Unsure(
                        "whether whole numbers of tokens satisfy some sums was not settled".to_owned(),
                    );
                }
                return Answer::Never;
            }
            if answer != lbool::TRUE {
                return Answer::Unsure("the solver gave up".to_owned());
            }
            let support = self.support();
            let (numbers, involved) = self.numbers(&support);
            match numbers {
                Ok(numbers) => return Answer::Holds(self.model(&support, &numbers)),
                Err(sure) => {
                    self.unsure |= !sure;
                    let clause: Vec<Lit> = involved.into_iter().map(|l| !l).collect();
                    self.clause(&clause);
                }
            }
        }
    }

    fn holds(&self, literal: Lit) -> bool {
        self.solver.value_lit(literal) == lbool::TRUE
    }

    /// Returns the atoms that make the asserted formulas hold in the solver's model, each as it is; the fewest where a
    /// formula leaves the choice, atoms that many need first.
    fn support(&self) -> Vec<(u32, Lit)> {
        let mut seen: HashSet<u32> = HashSet::new();
        let mut support = Vec::new();
        let mut stack: Vec<Formula> = self.asserted.clone();
        // What must hold comes before what may be chosen, so that choices find what is there already.
        let mut choices: Vec<Formula> = Vec::new();
        let mut forbidden = self.forbidden.iter();
        loop {
            let Some(formula) = stack.pop().or_else(|| choices.pop()) else {
                let Some(parts) = forbidden.next() else { break };
                let failing = || parts.iter().map(|p| p.not()).filter(|p| self.holds(self.literal(*p)));
                if !failing().any(|p| seen.contains(&p.node())) {
                    stack.extend(failing().min_by_key(|p| self.weight(*p)));
                }
                continue;
            };
            let literal = self.literal(formula);
            let positive = if formula.negated() { formula.not() } else { formula };
            match self.arena.node(positive) {
                Node::True => {}
                Node::Atom(_) => {
                    if seen.insert(formula.node()) {
                        support.push((formula.node(), literal));
                    }
                }
                Node::All(parts) => {
                    if !formula.negated() {
                        if seen.insert(formula.node()) {
                            stack.extend(parts.iter().copied());
                        }
                        continue;
                    }
                    // One part that does not hold is enough.
                    let failing = || parts.iter().map(|p| p.not()).filter(|p| self.holds(self.literal(*p)));
                    if failing().any(|p| seen.contains(&p.node())) {
                        continue;
                    }
                    if stack.is_empty() {
                        let simplest = failing().min_by_key(|p| self.weight(*p));
                        stack.extend(simplest);
                    } else {
                        choices.push(formula);
                    }
                }
            }
        }
        support
    }

    /// How much a reason says: the fewer attributes are given a value, the better.
    fn weight(&self, formula: Formula) -> u32 {
        let positive = if formula.negated() { formula.not() } else { formula };
        match self.arena.node(positive) {
            Node::True => 0,
            Node::Atom(Atom::Known(_)) if formula.negated() => 1,
            Node::Atom(Atom::Has(..) | Atom::IsTrue(_)) if formula.negated() => 1,
            Node::Atom(Atom::Free(_)) => 9,
            Node::Atom(_) => 3,
            Node::All(_) => 6,
        }
    }

    /// Finds numbers for the atoms that matter. The error says whether it is sure that there are none; beside it stand the
    /// atoms that are about numbers.
    fn numbers(&self, support: &[(u32, Lit)]) -> (Result<BTreeMap<Key, i128>, bool>, Vec<Lit>) {
        let mut bounds: BTreeMap<Key, (i128, i128)> = BTreeMap::new();
        let mut sums: Vec<(&Sum, bool)> = Vec::new();
        let mut involved = Vec::new();
        let range = |key: Key| match self.arena.about(key).map(|a| &a.range) {
            Some(Range::Number(from, to)) => (*from, *to),
            _ => (0, 0),
        };
        for (node, literal) in support {
            let Some((atom, holds)) = self.atom(*node) else { continue };
            match atom {
                Atom::AtMost(key, most) => {
                    let known = self.known(*key);
                    let slot = bounds.entry(*key).or_insert_with(|| range(*key));
                    if holds {
                        slot.1 = slot.1.min(*most);
                    } else if known {
                        slot.0 = slot.0.max(most.saturating_add(1));
                        involved.extend(self.known_literal(*key));
                    }
                    involved.push(*literal);
                }
                Atom::Sum(sum) => {
                    for (key, _) in &sum.terms {
                        bounds.entry(*key).or_insert_with(|| range(*key));
                    }
                    sums.push((sum, holds));
                    involved.push(*literal);
                }
                _ => {}
            }
        }
        let keys: Vec<Key> = bounds.keys().copied().collect();
        let mut rows = Vec::new();
        for (sum, holds) in sums {
            let factor = |key: &Key| sum.terms.iter().find(|(k, _)| k == key).map_or(0, |(_, f)| *f);
            let factors: Vec<i128> = keys.iter().map(factor).collect();
            let row = if holds {
                Some(Row { factors, most: sum.most })
            } else {
                // Σ > most is -Σ ≤ -most - 1.
                let negated: Option<Vec<i128>> = factors.iter().map(|f| f.checked_neg()).collect();
                let most = sum.most.checked_neg().and_then(|m| m.checked_sub(1));
                negated.zip(most).map(|(factors, most)| Row { factors, most })
            };
            match row {
                Some(row) => rows.push(row),
                None => return (Err(false), involved),
            }
        }
        // Only variables that sums tie together are solved together; the others are chosen by themselves.
        let tied: Vec<bool> = (0..keys.len())
            .map(|at| rows.iter().any(|r| r.factors.get(at).is_some_and(|f| *f != 0)))
            .collect();
        let narrow = |all: &[i128]| -> Vec<i128> {
            all.iter().zip(&tied).filter(|(_, t)| **t).map(|(v, _)| *v).collect()
        };
        let some: Vec<(i128, i128)> =
            bounds.values().zip(&tied).filter(|(_, t)| **t).map(|(b, _)| *b).collect();
        let rows: Vec<Row> = rows.iter().map(|r| Row { factors: narrow(&r.factors), most: r.most }).collect();
        let solved = match solve(&some, &rows) {
            Solved::None => return (Err(true), involved),
            Solved::Unsure => return (Err(false), involved),
            Solved::Some(values) => values,
        };
        let mut values = solved.into_iter();
        let mut numbers = BTreeMap::new();
        for ((key, (low, high)), tied) in bounds.into_iter().zip(&tied) {
            if low > high {
                return (Err(true), involved);
            }
            let value = if *tied { values.next().unwrap_or(low) } else { 0.clamp(low, high) };
            numbers.insert(key, value);
        }
        (Ok(numbers), involved)
    }

    fn atom(&self, node: u32) -> Option<(&'a Atom, bool)> {
        let literal = self.literals.get(&node)?;
        match self.arena.node(Formula::of_node(node)) {
            Node::Atom(atom) => Some((atom, self.holds(*literal))),
            _ => None,
        }
    }

    fn known(&self, key: Key) -> bool {
        self.arena.about(key).is_some_and(|a| a.known)
            || self.known_literal(key).is_some_and(|literal| self.holds(literal))
    }

    fn known_literal(&self, key: Key) -> Option<Lit> {
        self.atoms.iter().find(|(a, _)| matches!(a, Atom::Known(k) if *k == key)).map(|(_, l)| *l)
    }

    fn model(&self, support: &[(u32, Lit)], numbers: &BTreeMap<Key, i128>) -> Model {
        let mut touched: BTreeMap<Key, Vec<(&Atom, bool)>> = BTreeMap::new();
        let mut moment = false;
        for (node, _) in support {
            let Some((atom, holds)) = self.atom(*node) else { continue };
            match atom {
                Atom::Known(key)
                | Atom::IsTrue(key)
                | Atom::Text(key, _)
                | Atom::Has(key, _)
                | Atom::Within(key, _)
                | Atom::AtMost(key, _) => touched.entry(*key).or_default().push((atom, holds)),
                Atom::Sum(sum) => {
                    for (key, _) in &sum.terms {
                        touched.entry(*key).or_default();
                    }
                }
                Atom::Moment(_) => moment = true,
                Atom::Free(_) => {}
            }
        }
        let mut given = BTreeMap::new();
        for (key, atoms) in touched {
            given.insert(key, self.value(key, &atoms, numbers.get(&key).copied()));
        }
        let now = self.moments.iter().find(|(_, cell)| self.holds(*cell)).map(|(at, _)| *at);
        let now = match (moment, self.moments.first()) {
            (false, Some((first, _))) => *first,
            (_, first) => now.or(first.map(|(at, _)| *at)).unwrap_or(Timestamp(0)),
        };
        Model { given, now, literals: support.iter().map(|(_, l)| *l).collect() }
    }

    /// Chooses a value of an attribute: what its absence means where that will do.
    fn value(&self, key: Key, atoms: &[(&Atom, bool)], number: Option<i128>) -> Given {
        let Some(about) = self.arena.about(key) else { return Given::Absent };
        if !self.known(key) {
            return Given::Absent;
        }
        match &about.range {
            Range::Number(..) => Given::Number(number.unwrap_or(0)),
            Range::Bool => {
                let yes = self.atoms.iter().find(|(a, _)| *a == Atom::IsTrue(key)).map(|(_, l)| *l);
                let asked = atoms.iter().any(|(a, _)| matches!(a, Atom::IsTrue(_)));
                Given::Bool(asked && yes.is_some_and(|l| self.holds(l)))
            }
            Range::Text(_) => {
                let cells = self.texts.get(&key).map(Vec::as_slice).unwrap_or_default();
                // Any text that passes what matters, what nothing said means first.
                let passes = |text: &str| {
                    atoms.iter().all(|(a, holds)| match a {
                        Atom::Text(_, test) => test.passes(text) == *holds,
                        _ => true,
                    })
                };
                if let Absent::Text(default) = &about.absent
                    && passes(default)
                {
                    return Given::Text(default.clone());
                }
                match cells.iter().find(|(text, _)| passes(text)) {
                    Some((text, _)) => Given::Text(text.clone()),
                    None => Given::Absent,
                }
            }
            Range::Set(_) => {
                // Members that a bound refuses are no members; those asked for are.
                let mut set: BTreeSet<String> = atoms
                    .iter()
                    .filter_map(|(a, holds)| match a {
                        Atom::Has(_, member) if *holds => Some(member.clone()),
                        _ => None,
                    })
                    .collect();
                for (atom, holds) in atoms {
                    if let (Atom::Within(_, within), false) = (atom, holds)
                        && set.is_subset(within)
                    {
                        let outside = self.atoms.iter().find_map(|(a, l)| match a {
                            Atom::Has(k, member)
                                if *k == key && !within.contains(member) && self.holds(*l) =>
                            {
                                Some(member.clone())
                            }
                            _ => None,
                        });
                        set.extend(outside);
                    }
                }
                Given::Set(set)
            }
        }
    }
}
