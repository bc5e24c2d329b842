//! What runs cost where one side admits a candidate that the other does not: it may be dearer or cheaper than who is called in
//! its place, and a plan with one more may cost more altogether. Own keys pay what the catalog says here: with prices of their own
//! every change of what is admitted could be either.

use std::collections::{BTreeMap, BTreeSet};

use super::Direction;
use super::picks::{JointWay, Pair};
use super::sections::Aspect;
use super::sides::{Differ, Side};
use super::values::Kind;
use crate::prove::formula::Formula;

/// So many requests are decided for it in all.
const MOST_BILLS: usize = 3000;

/// So many of them for one pair of workloads and one cause.
const MOST_OF_ONE: usize = 600;

/// So many others are looked at beside a candidate.
const MOST_OTHERS: usize = 8;

/// So many of them are asked about.
const MOST_ASKED: usize = 60;

/// A candidate that one side alone admits where a formula holds.
pub(super) struct Alone {
    pub(super) number: usize,
    pub(super) own: bool,
    pub(super) side: Side,
    pub(super) question: Formula,
    pub(super) way: JointWay,
    /// The lines that cause it.
    pub(super) places: (Vec<String>, Vec<String>),
}

const BILLS: &[Direction] = &[Direction::Dearer, Direction::Cheaper];

impl Differ<'_> {
    /// Tells of runs that cost more or less since another is admitted.
    pub(super) fn bills(&mut self, pair: &Pair) {
        let mut causes: BTreeMap<(Vec<String>, Vec<String>), Vec<Alone>> = BTreeMap::new();
        for alone in std::mem::take(&mut self.alone) {
            causes.entry(alone.places.clone()).or_default().push(alone);
        }
        for (places, all) in causes {
            let aspect = Aspect {
                what: "what a run costs".to_owned(),
                places,
                focus: BTreeSet::new(),
                directions: BILLS,
                kind: Kind::Costs,
                run_only: false,
            };
            let mut met = BTreeSet::new();
            let all_left = self.affordable(MOST_BILLS).saturating_sub(self.bills_spent);
            let mut left = self.affordable(MOST_OF_ONE).min(all_left);
            let before = left;
            for alone in &all {
                self.bill(pair, alone, &aspect, &mut met, &mut left);
                if met.len() == BILLS.len() || left == 0 {
                    break;
                }
            }
            self.bills_spent = self.bills_spent.saturating_add(before.saturating_sub(left));
        }
    }

    /// Tries a candidate beside others that the other side admits.
    fn bill(
        &mut self,
        pair: &Pair,
        alone: &Alone,
        aspect: &Aspect,
        met: &mut BTreeSet<Direction>,
        left: &mut usize,
    ) {
        let (other, at) = if alone.side == Side::Old { (Side::New, pair.new) } else { (Side::Old, pair.old) };
        let Some(at) = at else { return };
        let (mut others, mut asked) = (0_usize, 0_usize);
        for (number, own) in self.candidates_of(other, at) {
            if (number, own) == (alone.number, alone.own) || others >= MOST_OTHERS {
                continue;
            }
            let admitted = self.admitted(other, at, number, own, alone.way.spent.of(other));
            let question = self.arena.both(alone.question, admitted);
            if question == Formula::FALSE {
                continue;
            }
            asked = asked.saturating_add(1);
            if asked > MOST_ASKED {
                return;
            }
            let Some(model) = self.model(question) else { continue };
            others = others.saturating_add(1);
            let mine = (alone.number, alone.own);
            for ends in [(mine, (number, own)), ((number, own), mine)] {
                for (request, mut context) in self.only_these(pair, &alone.way, &model, ends, Kind::Costs) {
                    context.credentials.iter_mut().for_each(|own| own.prices = None);
                    let Some(fewer) = left.checked_sub(1) else { return };
                    *left = fewer;
                    self.show(pair, &request, &context, aspect, met);
                    if met.len() == BILLS.len() {
                        return;
                    }
                }
            }
        }
    }

    /// Returns the candidates that a workload can have, those with the shared key first.
    fn candidates_of(&mut self, side: Side, at: usize) -> Vec<(usize, bool)> {
        let mut all = Vec::new();
        for own in [false, true] {
            for number in 0..self.met.len() {
                if self.has(side, at, number, own) {
                    all.push((number, own));
                }
            }
        }
        all
    }
}
