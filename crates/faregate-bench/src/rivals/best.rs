//! Rust by hand, the best that we can write for this one job.
//!
//! Everything that depends on rules and endpoints alone is worked out beforehand: names are numbers, rules are indexed by
//! team and workload, each predicate is a bit set over endpoints, and so is each bound on size, parameter and price.
//! A decision reads some dozen rules, intersects their sets word by word, and puts a few hundred numbers in order; it
//! allocates nothing. No general engine has to be this fast; it is the yardstick.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::Rival;
use crate::job::{Ceilings, DATA, ENVIRONMENTS, Job, JobRequest, PARAMETERS, Predicate, TIERS};

pub struct Best {
    teams: FxHashMap<String, u32>,
    loads: FxHashMap<String, u32>,
    /// Ranges of `rules`: for everybody, by team, by workload, by both.
    general: (u32, u32),
    by_team: Vec<(u32, u32)>,
    by_load: Vec<(u32, u32)>,
    by_both: FxHashMap<u64, (u32, u32)>,
    rules: Vec<Compact>,
    orders: Vec<Order>,
    words: usize,
    contexts: Vec<u64>,
    outputs: Vec<u64>,
    ceilings: [Ceilings; 3],
}

/// What is left of a rule when team and workload are known. A mask has a bit for each value that the rule accepts.
#[derive(Clone, Copy)]
struct Compact {
    environments: u8,
    tiers: u8,
    /// Zero: whatever data the request carries.
    data: u8,
    predicate: u32,
}

/// Endpoints in the order of their cost for one ratio of output to input, with all bit sets in that order, so that what a
/// decision has to sort is nearly sorted.
struct Order {
    prices: Vec<Prices>,
    /// Those that a predicate leaves, one row of words after the other.
    predicates: Vec<u64>,
    /// Those with at least this context, by index into `contexts`; likewise outputs.
    contexts: Vec<u64>,
    outputs: Vec<u64>,
    parameters: Vec<u64>,
    /// Those under the price ceilings of a tier.
    tiers: Vec<u64>,
}

#[derive(Clone, Copy)]
struct Prices {
    prompt: u32,
    completion: u32,
    fee: u32,
    at: u32,
}

#[derive(Default)]
pub struct Scratch {
    set: Vec<u64>,
    admitted: Vec<u64>,
    answer: Vec<u32>,
}

/// Places need 12 bits, so that a cost and a place fit one number; costs stay far below 2^52 units of 10^-8 dollars.
const PLACE_BITS: u32 = 12;

/// Orders are kept for ratios of output to input of 2^-10, 2^-9, …, 2^5.
const LEAST_RATIO: i32 = -10;
const RATIOS: usize = 16;

impl Rival for Best {
    type Input = JobRequest;
    type Scratch = Scratch;

    fn new(job: &Job) -> Self {
        assert!(job.endpoints.len() < 1 << PLACE_BITS, "a place fits its bits");
        let number = |names: &[String]| -> FxHashMap<String, u32> {
            names.iter().enumerate().map(|(at, name)| (name.clone(), at as u32)).collect()
        };
        let (teams, loads) = (number(&job.teams), number(&job.workloads));
        let distinct: BTreeSet<Predicate> =
            job.rules.iter().map(|r| Predicate { as_require: false, ..r.predicate.clone() }).collect();
        let distinct: Vec<Predicate> = distinct.into_iter().collect();
        let mut grouped: BTreeMap<(Option<u32>, Option<u32>), Vec<Compact>> = BTreeMap::new();
        for rule in &job.rules {
            let when = &rule.when;
            let key = (when.team.as_ref().map(|t| teams[t]), when.workload.as_ref().map(|w| loads[w]));
            let plain = Predicate { as_require: false, ..rule.predicate.clone() };
            grouped.entry(key).or_default().push(Compact {
                environments: when.environment.map_or(u8::MAX, |e| 1 << position(&ENVIRONMENTS, e)),
                tiers: when.tier.map_or(u8::MAX, |t| 1 << position(&TIERS, t)),
                data: when.data.iter().fold(0, |mask, d| mask | 1 << position(&DATA, d)),
                predicate: distinct.binary_search(&plain).expect("all predicates are listed") as u32,
            });
        }
        let mut rules = Vec::new();
        let mut general = (0, 0);
        let mut by_team = vec![(0, 0); teams.len()];
        let mut by_load = vec![(0, 0); loads.len()];
        let mut by_both = FxHashMap::default();
        for (key, group) in grouped {
            let range = (rules.len() as u32, (rules.len() + group.len()) as u32);
            rules.extend(group);
            match key {
                (None, None) => general = range,
                (Some(team), None) => by_team[team as usize] = range,
                (None, Some(load)) => by_load[load as usize] = range,
                (Some(team), Some(load)) => {
                    by_both.insert(both(team, load), range);
                }
            }
        }
        let mut contexts: Vec<u64> = job.endpoints.iter().map(|e| e.context_length).collect();
        contexts.sort_unstable();
        contexts.dedup();
        let mut outputs: Vec<u64> = job.endpoints.iter().map(|e| e.max_output_tokens).collect();
        outputs.sort_unstable();
        outputs.dedup();
        let orders =
            (0..RATIOS).map(|ratio| Order::new(job, ratio, &distinct, &contexts, &outputs)).collect();
        Self {
            teams,
            loads,
            general,
            by_team,
            by_load,
            by_both,
            rules,
            orders,
            words: job.endpoints.len().div_ceil(64),
            contexts,
            outputs,
            ceilings: job.ceilings,
        }
    }

    fn input(&self, request: &JobRequest) -> JobRequest {
        request.clone()
    }

    fn scratch(&self) -> Scratch {
        Scratch::default()
    }

    fn decide(&self, request: &JobRequest, scratch: &mut Scratch) {
        let environment = 1_u8 << position(&ENVIRONMENTS, request.environment);
        let tier_at = position(&TIERS, request.tier);
        let tier = 1_u8 << tier_at;
        let data = request.data.iter().fold(0_u8, |mask, d| mask | 1 << position(&DATA, d));
        let team = self.teams.get(&request.team).copied();
        let load = self.loads.get(&request.workload).copied();
        let output = request.expected_output_tokens.min(request.max_output_tokens);
        let order = &self.orders[ratio(request.input_tokens, output)];
        let words = self.words;
        scratch.answer.clear();
        let context = self.contexts.partition_point(|c| *c < request.input_tokens);
        let length = self.outputs.partition_point(|o| *o < request.max_output_tokens);
        if context == self.contexts.len() || length == self.outputs.len() {
            return;
        }
        // The sets of what always holds.
        let set = &mut scratch.set;
        set.clear();
        let (a, b, c) = (
            &order.contexts[context * words..][..words],
            &order.outputs[length * words..][..words],
            &order.tiers[tier_at * words..][..words],
        );
        set.extend(a.iter().zip(b).zip(c).map(|((a, b), c)| a & b & c));
        for parameter in &request.parameters {
            meet(set, &order.parameters[position(&PARAMETERS, parameter) * words..][..words]);
        }
        // The rules that apply.
        let ranges = [
            self.general,
            team.map_or((0, 0), |t| self.by_team[t as usize]),
            load.map_or((0, 0), |l| self.by_load[l as usize]),
            team.zip(load).and_then(|(t, l)| self.by_both.get(&both(t, l)).copied()).unwrap_or((0, 0)),
        ];
        for (from, to) in ranges {
            for rule in &self.rules[from as usize..to as usize] {
                if rule.environments & environment != 0
                    && rule.tiers & tier != 0
                    && (rule.data == 0 || rule.data & data != 0)
                {
                    meet(set, &order.predicates[rule.predicate as usize * words..][..words]);
                }
            }
        }
        // Costs, and the ceiling of one attempt.
        let ceiling = self.ceilings[tier_at].attempt;
        let admitted = &mut scratch.admitted;
        admitted.clear();
        for (word_at, word) in set.iter().enumerate() {
            let mut word = *word;
            while word != 0 {
                let prices = &order.prices[word_at * 64 + word.trailing_zeros() as usize];
                word &= word - 1;
                let input = request.input_tokens * u64::from(prices.prompt) + u64::from(prices.fee);
                if input + request.max_output_tokens * u64::from(prices.completion) <= ceiling {
                    let cost = input + output * u64::from(prices.completion);
                    admitted.push(cost << PLACE_BITS | u64::from(prices.at));
                }
            }
        }
        sort(admitted);
        let place = (1 << PLACE_BITS) - 1;
        scratch.answer.extend(admitted.iter().map(|key| (key & place) as u32));
    }

    fn answer(&self, scratch: &Scratch) -> Vec<u32> {
        scratch.answer.clone()
    }
}

impl Order {
    fn new(job: &Job, ratio: usize, predicates: &[Predicate], contexts: &[u64], outputs: &[u64]) -> Self {
        // Relative to a fixed input of 2^12 tokens.
        let output = 2_f64.powi(LEAST_RATIO + ratio as i32 + 12);
        let mut places: Vec<usize> = (0..job.endpoints.len()).collect();
        let cost = |at: usize| {
            let e = &job.endpoints[at];
            4096.0 * e.prompt as f64 + output * e.completion as f64 + e.fee as f64
        };
        places.sort_by(|a, b| cost(*a).total_cmp(&cost(*b)).then(a.cmp(b)));
        let words = places.len().div_ceil(64);
        let set = |keep: &dyn Fn(&crate::job::Endpoint) -> bool| {
            let mut set = vec![0_u64; words];
            for (bit, at) in places.iter().enumerate() {
                if keep(&job.endpoints[*at]) {
                    set[bit / 64] |= 1 << (bit % 64);
                }
            }
            set
        };
        Self {
            prices: places
                .iter()
                .map(|at| {
                    let e = &job.endpoints[*at];
                    let small = |n: u64| u32::try_from(n).expect("a price fits 32 bits");
                    Prices {
                        prompt: small(e.prompt),
                        completion: small(e.completion),
                        fee: small(e.fee),
                        at: *at as u32,
                    }
                })
                .collect(),
            predicates: predicates.iter().flat_map(|p| set(&|e| !p.out.iter().all(|a| a.holds(e)))).collect(),
            contexts: contexts.iter().flat_map(|c| set(&|e| e.context_length >= *c)).collect(),
            outputs: outputs.iter().flat_map(|o| set(&|e| e.max_output_tokens >= *o)).collect(),
            parameters: PARAMETERS.iter().flat_map(|p| set(&|e| e.supports.contains(p))).collect(),
            tiers: job
                .ceilings
                .iter()
                .flat_map(|c| set(&|e| e.prompt <= c.prompt && e.completion <= c.completion))
                .collect(),
        }
    }
}

/// Returns the order whose ratio of output to input is nearest.
fn ratio(input: u64, output: u64) -> usize {
    // Of log2(output / input), rounded; both are at least 1 and far below 2^32.
    let log = ((output.max(1) as f32 / input.max(1) as f32).log2().round() as i32) - LEAST_RATIO;
    log.clamp(0, RATIOS as i32 - 1) as usize
}

fn both(team: u32, load: u32) -> u64 {
    u64::from(team) << 32 | u64::from(load)
}

fn position(list: &[&str], name: &str) -> usize {
    list.iter().position(|n| *n == name).unwrap_or(0)
}

fn meet(set: &mut [u64], with: &[u64]) {
    for (a, b) in set.iter_mut().zip(with) {
        *a &= b;
    }
}

/// Sorts what is nearly sorted: an insertion sort, whose work is the number of pairs that stand the wrong way round.
fn sort(keys: &mut [u64]) {
    for at in 1..keys.len() {
        let key = keys[at];
        let mut hole = at;
        while hole > 0 && keys[hole - 1] > key {
            keys[hole] = keys[hole - 1];
            hole -= 1;
        }
        keys[hole] = key;
    }
}
