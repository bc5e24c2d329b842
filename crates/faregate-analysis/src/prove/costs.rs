//! What an attempt costs at most, as sums over tokens and images: one case for each tier of prices, window of the day, tool and
//! limit of output that makes a difference (rules 8 to 11 and 28).

use std::collections::{BTreeMap, BTreeSet};

use faregate::model::{CeilingKind, EffectivePrices, Routing, dearest_prices, prices_at};
use faregate::{Amount, Endpoint, MAX_COUNT, Money};

use super::facts;
use super::formula::{Formula, Key, Moment};
use super::lower::{Lower, Seen};

/// `Σ factor × attribute + constant`, in 10^-24 dollars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Linear {
    pub(super) terms: Vec<(Key, i128)>,
    pub(super) constant: i128,
}

impl Linear {
    pub(super) fn minus(&self, other: &Self) -> Option<Self> {
        let mut terms = self.terms.clone();
        for (key, factor) in &other.terms {
            terms.push((*key, factor.checked_neg()?));
        }
        Some(Self { terms, constant: self.constant.checked_sub(other.constant)? })
    }

    /// Adds, each attribute once and in order, so that equal sums are written alike.
    pub(super) fn plus(&self, other: &Self) -> Option<Self> {
        let mut terms: BTreeMap<Key, i128> = BTreeMap::new();
        for (key, factor) in self.terms.iter().chain(&other.terms) {
            let slot = terms.entry(*key).or_default();
            *slot = slot.checked_add(*factor)?;
        }
        terms.retain(|_, factor| *factor != 0);
        Some(Self {
            terms: terms.into_iter().collect(),
            constant: self.constant.checked_add(other.constant)?,
        })
    }

    pub(super) fn times(&self, n: i128) -> Option<Self> {
        let term = |(key, factor): &(Key, i128)| Some((*key, factor.checked_mul(n)?));
        let terms = self.terms.iter().map(term).collect::<Option<Vec<_>>>()?;
        Some(Self { terms, constant: self.constant.checked_mul(n)? })
    }
}

/// A cost under a condition. The conditions of all cases exclude one another, and one of them always holds.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) when: Formula,
    /// `None`: unknown or without bound.
    pub(super) cost: Option<Linear>,
}

/// The prices under a condition; the conditions exclude one another, and one of them always holds.
#[derive(Clone, Debug)]
pub(super) struct Regime {
    pub(super) when: Formula,
    pub(super) now: EffectivePrices,
    pub(super) dearest: EffectivePrices,
}

/// What bounds the output: a limit under a condition, the attribute or a count.
enum Output {
    Of(Key),
    Count(u64),
    Unbounded,
}

/// More tools than this with prices of their own are not told apart.
const MOST_TOOLS: usize = 4;

impl Lower<'_> {
    /// Splits what an endpoint charges by size of input and time of day.
    pub(super) fn regimes(&mut self, endpoint: &Endpoint, deadline_ms: Option<u64>) -> Vec<Regime> {
        let prices = &endpoint.facts.prices;
        let overrides = prices.overrides.as_deref().unwrap_or_default();
        let mut sizes: BTreeSet<u64> = BTreeSet::new();
        let mut clock: BTreeSet<u32> = BTreeSet::new();
        for change in overrides {
            sizes.extend(change.above_input_tokens);
            sizes.extend(change.from_input_tokens.and_then(|n| n.checked_sub(1)));
            for border in change.utc.iter().flat_map(|(from, to)| [from.0, to.0]) {
                clock.insert(border);
                // From here on the border is met before the deadline.
                if let Some(ms) = deadline_ms.and_then(|ms| u32::try_from(ms).ok()).filter(|ms| *ms < DAY_MS)
                {
                    clock.insert(
                        border.wrapping_add(DAY_MS).wrapping_sub(ms).checked_rem(DAY_MS).unwrap_or(0),
                    );
                }
            }
        }
        let input = self.request("input_tokens");
        sizes.insert(MAX_COUNT);
        clock.insert(0);
        let starts: Vec<u32> = clock.into_iter().collect();
        let mut regimes: Vec<Regime> = Vec::new();
        let mut least = 0_u64;
        for most in sizes {
            let above = match least.checked_sub(1) {
                None => Formula::TRUE,
                Some(below) => self.arena.at_most(input, i128::from(below)).not(),
            };
            let upto = self.arena.at_most(input, i128::from(most));
            for (n, start) in starts.iter().enumerate() {
                let end = starts.get(n.saturating_add(1)).copied().unwrap_or(DAY_MS);
                let clock = if starts.len() == 1 {
                    Formula::TRUE
                } else {
                    self.arena.moment_is(Moment::Clock(*start, end))
                };
                let when = self.arena.all([above, upto, clock]);
                let now = prices_at(prices, most, *start);
                let dearest = dearest_prices(prices, most, *start, deadline_ms);
                match regimes.iter_mut().find(|r| r.now == now && r.dearest == dearest) {
                    Some(same) => same.when = self.arena.either(same.when, when),
                    None => regimes.push(Regime { when, now, dearest }),
                }
            }
            least = most.saturating_add(1);
        }
        if let [one] = regimes.as_mut_slice() {
            one.when = Formula::TRUE;
        }
        regimes
    }

    /// Returns the worst cost of one attempt, and where it may be past what can be counted.
    pub(super) fn worst(&mut self, routing: &Routing, seen: Seen<'_>) -> (Vec<Case>, Formula) {
        let outputs = self.outputs(routing, seen);
        let tools = self.request("tools");
        let mut cases = Vec::new();
        let mut too_large = Vec::new();
        // A tool without a cap has no bound, whatever it costs.
        let capped: BTreeSet<String> = routing.tools.keys().cloned().collect();
        let all_capped = self.arena.within(tools, capped);
        for regime in seen.regimes {
            for (limited, output) in &outputs {
                let when = self.arena.all([regime.when, *limited, all_capped]);
                if seen.own && !self.arena.taken.list_prices {
                    self.own_case(when, output, &mut cases);
                } else {
                    self.cases_of(routing, regime, when, output, &mut cases, &mut too_large);
                }
            }
        }
        // Whatever no case covers has no bound.
        let covered: Vec<Formula> = cases.iter().filter(|c| c.cost.is_some()).map(|c| c.when).collect();
        let known = self.arena.any(covered);
        cases.retain(|c| c.cost.is_some() && c.when != Formula::FALSE);
        if known != Formula::TRUE && (!seen.own || self.arena.taken.list_prices) {
            for regime in seen.regimes {
                let past = self.past_counting(routing, seen.endpoint, &regime.dearest);
                too_large.push(self.arena.all([regime.when, known.not(), past]));
            }
        }
        if known != Formula::TRUE {
            cases.push(Case { when: known.not(), cost: None });
        }
        (cases, self.arena.any(too_large))
    }

    /// Where the known parts of a cost that is not known as a whole are past what can be counted, which excludes as well: one by
    /// itself surely, all together perhaps.
    fn past_counting(&mut self, routing: &Routing, endpoint: &Endpoint, prices: &EffectivePrices) -> Formula {
        let facts = &endpoint.facts;
        let most = |limit: Option<u64>| i128::from(limit.unwrap_or(MAX_COUNT));
        let (images, input) = (self.request("images"), self.request("input_tokens"));
        let (asked, caller) = (self.request("max_output_tokens"), facts::caller_output(&mut self.arena));
        let output = prices.completion.zip(prices.reasoning).map(|(a, b)| a.max(b));
        let cached =
            prices.prompt.max(prices.cache_read).max(prices.cache_write).filter(|_| prices.prompt.is_some());
        // What is counted, its dearest price, and how much of it an admitted request has at most.
        let parts = [
            (vec![images], prices.image, most(None)),
            (vec![input], cached, most(facts.context_length)),
            (vec![asked, caller], output, most(facts.max_output_tokens)),
        ];
        let parts: Vec<(Vec<Key>, i128, i128)> = parts
            .into_iter()
            .filter_map(|(keys, price, most)| Some((keys, price?.0.units(), most)))
            .filter(|(_, price, _)| *price > 0)
            .collect();
        let mut past = |keys: &[Key], limit: i128| {
            let mut over = Vec::new();
            for key in keys {
                let (known, within) = (self.arena.known(*key), self.arena.at_most(*key, limit));
                over.push(self.arena.both(known, within.not()));
            }
            self.arena.any(over)
        };
        let (mut surely, mut one, mut each) = (Vec::new(), Vec::new(), Vec::new());
        let fixed =
            tools_at_most(routing, prices).and_then(|bill| bill.checked_add(prices.request.0.units()));
        for (at, (keys, price, _)) in parts.iter().enumerate() {
            let up_to = |sum: i128| sum.checked_div(*price).unwrap_or(i128::MAX);
            one.push(past(keys, up_to(i128::MAX / 8)));
            if keys == &[images] || keys == &[input] && Some(*price) == prices.prompt.map(|p| p.0.units()) {
                surely.push(past(keys, up_to(i128::MAX)));
            }
            let others = parts.iter().enumerate().filter(|(other, _)| *other != at);
            let others = others.map(|(_, (_, price, most))| price.checked_mul(*most));
            let rest = others.chain([fixed]).try_fold(0_i128, |sum, part| sum.checked_add(part?));
            if let Some(left) = rest.and_then(|rest| i128::MAX.checked_sub(rest)) {
                each.push(past(keys, up_to(left)));
            }
        }
        if fixed.is_none_or(|sum| sum > i128::MAX / 8) {
            one.push(Formula::TRUE);
        }
        let free = self.arena.free();
        let one = self.arena.any(one);
        each.extend([one, free]);
        surely.push(self.arena.all(each));
        self.arena.any(surely)
    }

    /// The prices of an own credential may be anything; only without a limit of output there is no bound whatever they are.
    fn own_case(&mut self, when: Formula, output: &Output, cases: &mut Vec<Case>) {
        if matches!(output, Output::Unbounded) {
            return;
        }
        let cost = facts::own(&mut self.arena, "cost");
        let known = self.arena.known(cost);
        let when = self.arena.both(when, known);
        cases.push(Case { when, cost: Some(Linear { terms: vec![(cost, 1)], constant: 0 }) });
    }

    fn cases_of(
        &mut self,
        routing: &Routing,
        regime: &Regime,
        when: Formula,
        output: &Output,
        cases: &mut Vec<Case>,
        too_large: &mut Vec<Formula>,
    ) {
        let prices = &regime.dearest;
        let units = |m: Money| m.0.units();
        let (Some(prompt), Some(completion), Some(reasoning)) =
            (prices.prompt, prices.completion, prices.reasoning)
        else {
            return;
        };
        let out = completion.max(reasoning);
        let (input, images, tools) =
            (self.request("input_tokens"), self.request("images"), self.request("tools"));
        let cached =
            prompt.max(prices.cache_read.unwrap_or(prompt)).max(prices.cache_write.unwrap_or(prompt));
        let caching = self.request("caching");
        let caching = self.arena.is_true(caching);
        let mut inputs = vec![(Formula::TRUE, prompt)];
        if cached != prompt {
            inputs = vec![(caching.not(), prompt), (caching, cached)];
        }
        let no_images = self.arena.at_most(images, 0);
        let pictures = match prices.image {
            Some(image) => vec![(Formula::TRUE, Some(image))],
            None => vec![(no_images, None)],
        };
        // What the tools cost that are asked for, by which of them are.
        let mut bills: Vec<(Formula, i128)> = vec![(Formula::TRUE, 0)];
        let mut priced = 0_usize;
        for (tool, cap) in &routing.tools {
            let asked = self.arena.has(tools, tool.clone());
            let bill = prices.tools.get(tool).and_then(|price| {
                let results = match (price.per_result, cap.results) {
                    (Some(per_result), Some(results)) => per_result.times(results)?.times(cap.calls)?,
                    (Some(per_result), None) if !per_result.is_zero() && cap.calls > 0 => return None,
                    _ => Money::ZERO,
                };
                price.per_call.times(cap.calls)?.plus(results)
            });
            let mut split = Vec::new();
            priced = priced.saturating_add(1);
            for (when, sum) in bills {
                split.push((self.arena.both(when, asked.not()), sum));
                let bill = bill.and_then(|b| sum.checked_add(units(b)));
                if let Some(bill) = bill {
                    // Past so many tools anything may be: the case may hold or not.
                    let also = if priced > MOST_TOOLS { self.arena.free() } else { Formula::TRUE };
                    split.push((self.arena.all([when, asked, also]), bill));
                }
            }
            bills = split;
            bills.retain(|(when, _)| *when != Formula::FALSE);
        }
        for (cached, input_price) in &inputs {
            for (pictured, image) in &pictures {
                for (billed, bill) in &bills {
                    let when = self.arena.all([when, *cached, *pictured, *billed]);
                    let mut terms = vec![(input, units(*input_price))];
                    let mut constant = units(prices.request).checked_add(*bill);
                    match output {
                        Output::Unbounded => return,
                        Output::Of(key) => terms.push((*key, units(out))),
                        Output::Count(n) => {
                            constant = constant.and_then(|c| c.checked_add(units(out.times(*n)?)));
                        }
                    }
                    terms.extend(image.map(|image| (images, units(image))));
                    let Some(constant) = constant else {
                        too_large.push(when);
                        continue;
                    };
                    let cost = Linear { terms, constant };
                    // Where the largest counts would not fit, the engine may find no number.
                    let counted = if fits(&cost) { Formula::TRUE } else { self.arena.free() };
                    too_large.push(self.arena.both(when, counted.not()));
                    let when = self.arena.both(when, counted);
                    cases.push(Case { when, cost: Some(cost) });
                }
            }
        }
    }

    /// Returns what limits the output of an attempt: cases that exclude one another.
    fn outputs(&mut self, routing: &Routing, seen: Seen<'_>) -> Vec<(Formula, Output)> {
        let asked = self.request("max_output_tokens");
        let is_asked = self.arena.known(asked);
        // What is asked for is at most what fits, for those who pass the filter of lengths.
        let mut outputs = vec![(is_asked, Output::Of(asked))];
        let caller = facts::caller_output(&mut self.arena);
        let called = self.arena.known(caller);
        let mut rest = is_asked.not();
        let mut limits: Vec<(u64, Formula)> = Vec::new();
        for ceiling in routing.ceilings.iter().filter(|c| c.kind == CeilingKind::Output) {
            let Amount::Count(n) = ceiling.amount else { continue };
            let certain = match &ceiling.when {
                None => Formula::TRUE,
                // It may read the cost as it was without itself.
                Some(when) => self.truth(when, Some(Seen { cost: None, ..seen })).yes,
            };
            limits.push((n, certain));
        }
        limits.sort_unstable_by_key(|(n, _)| *n);
        let own = seen.endpoint.facts.max_output_tokens;
        limits.retain(|(n, _)| own.is_none_or(|own| *n < own));
        limits.extend(own.map(|own| (own, Formula::TRUE)));
        for (n, certain) in limits {
            let here = self.arena.both(rest, certain);
            let lower = self.arena.at_most(caller, i128::from(n));
            let lower = self.arena.both(called, lower);
            outputs.push((self.arena.both(here, lower), Output::Of(caller)));
            outputs.push((self.arena.both(here, lower.not()), Output::Count(n)));
            rest = self.arena.both(rest, certain.not());
        }
        outputs.push((self.arena.both(rest, called), Output::Of(caller)));
        outputs.push((self.arena.both(rest, called.not()), Output::Unbounded));
        outputs.retain(|(when, _)| *when != Formula::FALSE);
        outputs
    }

    /// Where input and output together are at most so many tokens, the output without bound taken as more.
    pub(super) fn tokens_at_most(&mut self, routing: &Routing, seen: Seen<'_>, most: i128) -> Formula {
        let input = self.request("input_tokens");
        let mut parts = Vec::new();
        for (when, output) in self.outputs(routing, seen) {
            let fits = match output {
                Output::Of(key) => self.arena.sum_at_most(&[(input, 1), (key, 1)], most),
                Output::Count(n) => match most.checked_sub(i128::from(n)) {
                    Some(left) => self.arena.at_most(input, left),
                    None => Formula::FALSE,
                },
                Output::Unbounded => Formula::FALSE,
            };
            parts.push(self.arena.both(when, fits));
        }
        self.arena.any(parts)
    }

    /// Where a cost is known and at most so much.
    pub(super) fn costs_at_most(&mut self, cases: &[Case], most: i128) -> Formula {
        let mut parts = Vec::new();
        for case in cases {
            let Some(cost) = &case.cost else { continue };
            let fits = match most.checked_sub(cost.constant) {
                Some(left) => self.arena.sum_at_most(&cost.terms, left),
                None => self.arena.free(),
            };
            parts.push(self.arena.both(case.when, fits));
        }
        self.arena.any(parts)
    }
}

/// What all tools of known prices cost at most; `None`: past counting.
fn tools_at_most(routing: &Routing, prices: &EffectivePrices) -> Option<i128> {
    routing.tools.iter().try_fold(0_i128, |sum, (tool, cap)| {
        let Some(price) = prices.tools.get(tool) else { return Some(sum) };
        let results = price.per_result.unwrap_or(Money::ZERO).times(cap.results.unwrap_or(0))?;
        sum.checked_add(price.per_call.plus(results)?.times(cap.calls)?.0.units())
    })
}

/// Whether the largest counts give a number that can be written.
fn fits(cost: &Linear) -> bool {
    let most = cost.terms.iter().try_fold(cost.constant, |sum, (_, factor)| {
        sum.checked_add(factor.checked_mul(i128::from(MAX_COUNT))?)
    });
    most.is_some()
}

/// Milliseconds of a day.
const DAY_MS: u32 = 86_400_000;
