//! How the tests of one attribute hang together: what the clauses say beside the formulas.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::rc::Rc;

use batsat::Lit;
use faregate::Timestamp;

use super::Query;
use crate::prove::formula::{Absent, Atom, Key, Moment, Range, TextTest};
use crate::prove::{moments, texts};

impl Query<'_> {
    /// Says how the atoms of each attribute hang together.
    pub(super) fn tie(&mut self, first: Timestamp) {
        let mut by_key: BTreeMap<Key, Vec<(Atom, Lit)>> = BTreeMap::new();
        let mut moments: Vec<(usize, Lit)> = Vec::new();
        let mut needed: Vec<Key> = Vec::new();
        for (atom, literal) in &self.atoms {
            match atom {
                Atom::Known(key)
                | Atom::IsTrue(key)
                | Atom::Text(key, _)
                | Atom::Has(key, _)
                | Atom::Within(key, _)
                | Atom::AtMost(key, _) => by_key.entry(*key).or_default().push((atom.clone(), *literal)),
                Atom::Sum(sum) => needed.extend(sum.terms.iter().map(|(k, _)| *k)),
                Atom::Moment(at) => moments.push((*at, *literal)),
                Atom::Free(_) => {}
            }
        }
        for key in needed {
            by_key.entry(key).or_default();
        }
        for (key, atoms) in by_key {
            let Some(about) = self.arena.about(key) else { continue };
            let known = atoms.iter().find(|(a, _)| matches!(a, Atom::Known(_))).map(|(_, l)| *l);
            let known = match known {
                Some(literal) => literal,
                None if about.known => self.truth,
                None => {
                    let literal = self.fresh();
                    self.atoms.push((Atom::Known(key), literal));
                    literal
                }
            };
            match &about.range {
                Range::Bool => {
                    for (_, literal) in atoms.iter().filter(|(a, _)| matches!(a, Atom::IsTrue(_))) {
                        self.clause(&[!*literal, known]);
                    }
                }
                Range::Number(..) => self.tie_number(known, &atoms),
                Range::Set(list) => self.tie_set(known, list.as_deref(), &atoms),
                Range::Text(list) => self.tie_text(key, known, list.as_deref(), &atoms),
            }
        }
        self.tie_moments(&moments, first);
    }

    fn tie_number(&mut self, known: Lit, atoms: &[(Atom, Lit)]) {
        let mut bounds: Vec<(i128, Lit)> = atoms
            .iter()
            .filter_map(|(a, l)| match a {
                Atom::AtMost(_, most) => Some((*most, *l)),
                _ => None,
            })
            .collect();
        bounds.sort_unstable_by_key(|(most, _)| *most);
        for (_, literal) in &bounds {
            self.clause(&[!*literal, known]);
        }
        for pair in bounds.windows(2) {
            if let [(_, less), (_, more)] = pair {
                self.clause(&[!*less, *more]);
            }
        }
    }

    fn tie_set(&mut self, known: Lit, list: Option<&BTreeSet<String>>, atoms: &[(Atom, Lit)]) {
        let mut members: BTreeMap<String, Lit> = BTreeMap::new();
        for (atom, literal) in atoms {
            if let Atom::Has(_, member) = atom {
                members.insert(member.clone(), *literal);
            }
        }
        let key = atoms.iter().find_map(|(a, _)| match a {
            Atom::Has(key, _) | Atom::Within(key, _) => Some(*key),
            _ => None,
        });
        let mut universe: BTreeSet<String> = members.keys().cloned().collect();
        let mut bounds: Vec<(&BTreeSet<String>, Lit)> = Vec::new();
        for (atom, literal) in atoms {
            if let Atom::Within(_, within) = atom {
                bounds.push((within, *literal));
                universe.extend(within.iter().cloned());
            }
        }
        match list {
            Some(list) => universe.clone_from(list),
            // Something that nobody has named.
            None => universe.extend(
                (0..)
                    .map(|n| if n == 0 { "other".to_owned() } else { format!("other-{n}") })
                    .find(|o| !universe.contains(o)),
            ),
        }
        if !bounds.is_empty() {
            for member in universe {
                // Members that every bound allows tell nothing.
                if members.contains_key(&member) || bounds.iter().all(|(within, _)| within.contains(&member))
                {
                    continue;
                }
                let literal = self.fresh();
                if let Some(key) = key {
                    self.atoms.push((Atom::Has(key, member.clone()), literal));
                }
                members.insert(member, literal);
            }
        }
        for literal in members.values() {
            self.clause(&[!*literal, known]);
        }
        for (within, literal) in bounds {
            let mut back = vec![literal, !known];
            self.clause(&[!literal, known]);
            for (_, outside) in members.iter().filter(|(m, _)| !within.contains(*m)) {
                self.clause(&[!literal, !*outside]);
                back.push(*outside);
            }
            self.clause(&back);
        }
    }

    fn tie_text(&mut self, key: Key, known: Lit, list: Option<&BTreeSet<String>>, atoms: &[(Atom, Lit)]) {
        let mut constants: Vec<String> = Vec::new();
        let mut patterns: Vec<String> = Vec::new();
        for (atom, _) in atoms {
            match atom {
                Atom::Text(_, TextTest::Is(text)) => constants.push(text.clone()),
                Atom::Text(_, TextTest::Like(pattern)) => patterns.push(pattern.clone()),
                _ => {}
            }
        }
        // What stands for nothing said is a value too.
        if let Some(Absent::Text(default)) = self.arena.about(key).map(|a| &a.absent)
            && !constants.contains(default)
        {
            constants.push(default.clone());
        }
        let mut open = false;
        let mut kinds: Vec<String> = Vec::new();
        match list {
            Some(list) => constants = list.iter().cloned().collect(),
            None => {
                constants.sort();
                constants.dedup();
                let taken: HashSet<String> = constants.iter().cloned().collect();
                let (others, all) = texts::kinds(&patterns, &taken);
                kinds = others;
                open = !all;
            }
        }
        let mut cells: Vec<(String, Lit)> = Vec::new();
        let named = constants.len();
        for text in constants.into_iter().chain(kinds) {
            cells.push((text, self.fresh()));
        }
        let wild = open.then(|| self.fresh());
        let all: Vec<Lit> = cells.iter().map(|(_, l)| *l).chain(wild).collect();
        self.one_of(&all, known);
        for (atom, literal) in atoms {
            let Atom::Text(_, test) = atom else { continue };
            self.clause(&[!*literal, known]);
            // One text is one cell, and at most one cell holds: a long list of texts stays as long as it is.
            if let TextTest::Is(text) = test
                && let Some(cell) = cell_of(cells.get(..named), text)
            {
                self.clause(&[!cell.1, *literal]);
                self.clause(&[!*literal, cell.1]);
                continue;
            }
            for (text, cell) in &cells {
                if test.passes(text) {
                    self.clause(&[!*cell, *literal]);
                } else {
                    self.clause(&[!*cell, !*literal]);
                }
            }
        }
        self.texts.insert(key, cells);
    }

    /// Says that exactly one of these holds where `when` does, and none elsewhere.
    fn one_of(&mut self, all: &[Lit], when: Lit) {
        let mut some = vec![!when];
        some.extend_from_slice(all);
        self.clause(&some);
        for literal in all {
            self.clause(&[!*literal, when]);
        }
        // At most one: a chain of "one before me".
        let mut before: Option<Lit> = None;
        for literal in all {
            let upto = self.fresh();
            self.clause(&[!*literal, upto]);
            if let Some(before) = before {
                self.clause(&[!before, upto]);
                self.clause(&[!before, !*literal]);
            }
            before = Some(upto);
        }
    }

    fn tie_moments(&mut self, atoms: &[(usize, Lit)], first: Timestamp) {
        let mut atoms = atoms.to_vec();
        atoms.sort_unstable_by_key(|(at, _)| *at);
        let asked: Vec<usize> = atoms.iter().map(|(at, _)| *at).collect();
        let found = self.arena.moment_ways.borrow().get(&asked).cloned();
        let tests: Vec<&Moment> = asked.iter().filter_map(|at| self.arena.moment(*at)).collect();
        if self.arena.taken.any_hour && tests.iter().any(|t| moments::repeats(t)) {
            return;
        }
        let ways = found.unwrap_or_else(|| {
            let ways = Rc::new(moments::ways(&tests, first));
            self.arena.moment_ways.borrow_mut().insert(asked, Rc::clone(&ways));
            ways
        });
        let cells: Vec<Lit> = ways.iter().map(|_| self.fresh()).collect();
        self.one_of(&cells, self.truth);
        for ((way, at), cell) in ways.iter().zip(&cells) {
            for (holds, (_, literal)) in way.iter().zip(&atoms) {
                self.clause(&[!*cell, if *holds { *literal } else { !*literal }]);
            }
            self.moments.push((*at, *cell));
        }
    }
}

/// Finds the cell of a text among those of texts in order.
fn cell_of<'c>(cells: Option<&'c [(String, Lit)]>, text: &str) -> Option<&'c (String, Lit)> {
    let cells = cells?;
    cells.get(cells.binary_search_by(|(cell, _)| cell.as_str().cmp(text)).ok()?)
}
