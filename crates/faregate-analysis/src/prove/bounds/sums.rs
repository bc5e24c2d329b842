//! How many candidates a plan can have, and what all of them cost together.

use std::collections::HashMap;

use super::super::costs::Linear;
use super::super::formula::Formula;
use super::super::solve::{Answer, Query};
use super::super::ways::Way;
use super::super::{Prover, Search};

/// So many formulas are asked about to count the candidates of a plan; the others are counted unasked.
const MOST_ASKED: usize = 64;

/// Sums of more cases than this are not looked at.
const MOST_SUMS: usize = 128;

impl Prover<'_> {
    /// Returns how many candidates a plan has at most, counted as far as is asked for; `None`: an own key may be among them, and so
    /// any number.
    pub(super) fn most_candidates(&mut self, base: Formula, way: &Way, enough: u64) -> Option<u64> {
        let candidates = self.candidates(way.last());
        let mut asked: HashMap<Formula, bool> = HashMap::new();
        let mut met = 0_u64;
        for (at, candidate) in candidates.iter().enumerate() {
            let admitted = self.admitted(way.last(), at, &way.spent);
            let question = self.lower.arena.both(base, admitted);
            if question == Formula::FALSE {
                continue;
            }
            let open = match asked.get(&question) {
                Some(open) => *open,
                None if asked.len() >= MOST_ASKED => true,
                None => {
                    let open = self.is_open(question);
                    asked.insert(question, open);
                    open
                }
            };
            if !open {
                continue;
            }
            if candidate.own {
                return None;
            }
            met = met.saturating_add(1);
            if met >= enough {
                break;
            }
        }
        Some(met)
    }

    fn is_open(&self, question: Formula) -> bool {
        let answer = Query::new(&self.lower.arena, &[question], &[], self.first).next();
        !matches!(answer, Answer::Never)
    }

    /// Whether a question may have an answer; one that has none is not asked again.
    pub(super) fn may_hold(&self, search: &mut Search, question: Formula) -> bool {
        if question == Formula::FALSE || search.never.contains(&question) {
            return false;
        }
        let open = self.is_open(question);
        if !open {
            search.never.insert(question);
        }
        open
    }

    /// Where all that are admitted, each called so often, may cost more than `most` together, or nobody knows how much. With
    /// own keys, of which there may be any number, and with too many cases: anywhere.
    pub(super) fn together_over(&mut self, base: Formula, way: &Way, each: u64, most: i128) -> Formula {
        let candidates = self.candidates(way.last());
        let nothing = Linear { terms: Vec::new(), constant: 0 };
        let mut sums: Vec<(Formula, Option<Linear>)> = vec![(base, Some(nothing))];
        for (at, candidate) in candidates.iter().enumerate() {
            let admitted = self.admitted(way.last(), at, &way.spent);
            if self.lower.arena.both(base, admitted) == Formula::FALSE {
                continue;
            }
            if candidate.own {
                return Formula::TRUE;
            }
            let mut next: Vec<(Formula, Option<Linear>)> = Vec::new();
            for (when, sum) in sums {
                let without = self.lower.arena.both(when, admitted.not());
                self.add(&mut next, without, sum.clone());
                for case in &candidate.cost {
                    let with = self.lower.arena.all([when, admitted, case.when]);
                    let cost = case.cost.as_ref().and_then(|c| c.times(i128::from(each)));
                    let total = sum.as_ref().zip(cost).and_then(|(sum, cost)| sum.plus(&cost));
                    self.add(&mut next, with, total);
                }
            }
            if next.len() > MOST_SUMS {
                return Formula::TRUE;
            }
            sums = next;
        }
        let mut over = Vec::new();
        for (when, sum) in sums {
            let left = sum.and_then(|sum| Some((most.checked_sub(sum.constant)?, sum)));
            let within = match left {
                Some((left, sum)) => self.lower.arena.sum_at_most(&sum.terms, left),
                None => Formula::FALSE,
            };
            over.push(self.lower.arena.both(when, within.not()));
        }
        self.lower.arena.any(over)
    }

    /// Notes a sum and where it is so; equal sums are one.
    fn add(&mut self, sums: &mut Vec<(Formula, Option<Linear>)>, when: Formula, sum: Option<Linear>) {
        if when == Formula::FALSE {
            return;
        }
        match sums.iter_mut().find(|(_, same)| *same == sum) {
            Some((there, _)) => *there = self.lower.arena.either(*there, when),
            None => sums.push((when, sum)),
        }
    }
}
