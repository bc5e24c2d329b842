//! The job that all rivals do, made from a seed: rules, endpoints, requests.
//!
//! A rule says `when <team, workload, environment, tier, data> require or forbid <endpoint predicate>`. Beside the
//! rules an endpoint must have room for input and output, support the parameters asked for, and stay under the price
//! ceilings of the request's tier. The answer is the admitted endpoints, by this request's expected cost, ties by id.
//!
//! Everything is known (no absent facts) and all predicates are of the plainest kinds, so that each engine can say them
//! in its own words without tricks: three-valued truth and explanations are extra work that Faregate alone does.

use std::collections::BTreeSet;

pub const ENVIRONMENTS: [&str; 4] = ["production", "staging", "development", "ci"];
pub const TIERS: [&str; 3] = ["free", "pro", "enterprise"];
pub const DATA: [&str; 3] = ["pii", "phi", "pci"];
pub const PARAMETERS: [&str; 5] = ["tools", "response_format", "seed", "temperature", "reasoning"];
pub const REGIONS: [&str; 5] = ["eu", "us", "uk", "apac", "cn"];
pub const QUANTIZATIONS: [&str; 5] = ["bf16", "fp16", "fp8", "int8", "int4"];
const CONTEXTS: [u64; 7] = [8_192, 16_384, 32_768, 65_536, 131_072, 200_000, 1_000_000];
const OUTPUTS: [u64; 5] = [4_096, 8_192, 16_384, 32_768, 65_536];

/// Money is counted in 10^-8 dollars: a price of 1 is $0.01 per Mtok. All prices of the job are whole numbers of it.
pub const UNITS_PER_DOLLAR: u64 = 100_000_000;

/// How many rules and endpoints, and the seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub rules: usize,
    pub endpoints: usize,
}

#[derive(Clone, Debug)]
pub struct Job {
    pub size: Size,
    pub teams: Vec<String>,
    pub workloads: Vec<String>,
    pub rules: Vec<Rule>,
    /// Sorted by id.
    pub endpoints: Vec<Endpoint>,
    /// By tier, in the order of [`TIERS`].
    pub ceilings: [Ceilings; 3],
    pub requests: Vec<JobRequest>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct When {
    pub team: Option<String>,
    pub workload: Option<String>,
    pub environment: Option<&'static str>,
    pub tier: Option<&'static str>,
    /// Applies if the request carries any of these; empty: whatever it carries.
    pub data: Vec<&'static str>,
}

#[derive(Clone, Debug)]
pub struct Rule {
    pub when: When,
    pub predicate: Predicate,
}

/// Which endpoints a rule takes out: those for which all atoms are true.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Predicate {
    pub out: Vec<Atom>,
    /// Whether the policy says it as `require` of the opposite, rather than as `forbid`.
    pub as_require: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Atom {
    Is(Flag, bool),
    RegionIs(&'static str),
    RegionIsNot(&'static str),
    QuantizationIn(Vec<&'static str>),
    ProviderIn(Vec<String>),
    VendorIs(String),
    ContextBelow(u64),
    CompletionAbove(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flag {
    Zdr,
    Trains,
    Retains,
    Deprecated,
}

#[derive(Clone, Debug)]
pub struct Endpoint {
    pub id: String,
    pub model: String,
    pub provider: String,
    pub region: &'static str,
    pub quantization: &'static str,
    pub zdr: bool,
    pub trains: bool,
    pub retains: bool,
    pub deprecated: bool,
    pub context_length: u64,
    pub max_output_tokens: u64,
    pub supports: BTreeSet<&'static str>,
    pub prompt: u64,
    pub completion: u64,
    pub fee: u64,
}

#[derive(Clone, Copy, Debug)]
pub struct Ceilings {
    pub prompt: u64,
    pub completion: u64,
    /// Worst cost of one attempt.
    pub attempt: u64,
}

#[derive(Clone, Debug)]
pub struct JobRequest {
    pub id: String,
    pub team: String,
    pub workload: String,
    pub environment: &'static str,
    pub tier: &'static str,
    pub data: BTreeSet<&'static str>,
    pub input_tokens: u64,
    pub max_output_tokens: u64,
    pub expected_output_tokens: u64,
    pub parameters: BTreeSet<&'static str>,
}

impl Endpoint {
    pub fn vendor(&self) -> &str {
        self.model.split('/').next().unwrap_or_default()
    }

    pub fn flag(&self, flag: Flag) -> bool {
        match flag {
            Flag::Zdr => self.zdr,
            Flag::Trains => self.trains,
            Flag::Retains => self.retains,
            Flag::Deprecated => self.deprecated,
        }
    }
}

impl Flag {
    pub fn name(self) -> &'static str {
        match self {
            Self::Zdr => "zdr",
            Self::Trains => "trains",
            Self::Retains => "retains",
            Self::Deprecated => "deprecated",
        }
    }
}

impl Atom {
    pub fn holds(&self, endpoint: &Endpoint) -> bool {
        match self {
            Self::Is(flag, value) => endpoint.flag(*flag) == *value,
            Self::RegionIs(region) => endpoint.region == *region,
            Self::RegionIsNot(region) => endpoint.region != *region,
            Self::QuantizationIn(list) => list.contains(&endpoint.quantization),
            Self::ProviderIn(list) => list.contains(&endpoint.provider),
            Self::VendorIs(vendor) => endpoint.vendor() == vendor,
            Self::ContextBelow(n) => endpoint.context_length < *n,
            Self::CompletionAbove(price) => endpoint.completion > *price,
        }
    }
}

impl When {
    pub fn applies(&self, request: &JobRequest) -> bool {
        self.team.as_ref().is_none_or(|t| *t == request.team)
            && self.workload.as_ref().is_none_or(|w| *w == request.workload)
            && self.environment.is_none_or(|e| e == request.environment)
            && self.tier.is_none_or(|t| t == request.tier)
            && (self.data.is_empty() || self.data.iter().any(|d| request.data.contains(d)))
    }
}

pub fn tier_index(tier: &str) -> usize {
    TIERS.iter().position(|t| *t == tier).unwrap_or(0)
}

impl Job {
    pub fn new(size: Size, requests: usize, seed: u64) -> Self {
        let mut random = Random(seed);
        // As many teams and workloads as leave ten to fifteen rules for one request.
        let least = if size.rules < 50 { 2 } else { 3 };
        let teams: Vec<String> = (0..(size.rules / 30).max(least)).map(|n| format!("team-{n}")).collect();
        let workloads: Vec<String> = (0..(size.rules / 40).max(least)).map(|n| format!("load-{n}")).collect();
        let endpoints = endpoints(&mut random, size.endpoints);
        let providers: Vec<String> =
            endpoints.iter().map(|e| e.provider.clone()).collect::<BTreeSet<_>>().into_iter().collect();
        let vendors: Vec<String> =
            endpoints.iter().map(|e| e.vendor().to_owned()).collect::<BTreeSet<_>>().into_iter().collect();
        let rules = (0..size.rules)
            .map(|n| Rule {
                when: when(&mut random, n, size, &teams, &workloads),
                predicate: predicate(&mut random, &providers, &vendors),
            })
            .collect();
        let ceilings = [
            Ceilings { prompt: 300, completion: 1_200, attempt: UNITS_PER_DOLLAR / 10 },
            Ceilings { prompt: 800, completion: 3_000, attempt: UNITS_PER_DOLLAR / 2 },
            Ceilings { prompt: 2_000, completion: 10_000, attempt: 5 * UNITS_PER_DOLLAR },
        ];
        let requests = (0..requests).map(|n| request(&mut random, n, &teams, &workloads)).collect();
        Self { size, teams, workloads, rules, endpoints, ceilings, requests }
    }

    /// How many rules apply to a request, on average.
    pub fn rules_applying(&self) -> f64 {
        let applying = |r: &JobRequest| self.rules.iter().filter(|rule| rule.when.applies(r)).count();
        let sum: usize = self.requests.iter().map(applying).sum();
        sum as f64 / self.requests.len().max(1) as f64
    }
}

/// Rules for a team, for a workload, or for both, most of them narrowed further; so that of any number of rules ten to
/// fifteen apply to a request (with ten rules in all: half of them).
fn when(random: &mut Random, n: usize, size: Size, teams: &[String], workloads: &[String]) -> When {
    let mut when = When::default();
    if size.rules < 50 {
        // So few rules are house rules: each looks at one thing.
        match n % 5 {
            0 | 1 => when.team = Some(random.of(teams)),
            2 => when.workload = Some(random.of(workloads)),
            3 => when.data = vec!["pii", "phi"],
            _ => when.tier = Some(random.of(&TIERS)),
        }
        return when;
    }
    match random.below(10) {
        0..3 => when.team = Some(random.of(teams)),
        3..7 => when.workload = Some(random.of(workloads)),
        _ => {
            when.team = Some(random.of(teams));
            when.workload = Some(random.of(workloads));
        }
    }
    match random.below(8) {
        0 | 1 => when.environment = Some(random.of(&ENVIRONMENTS)),
        2 => when.tier = Some(random.of(&TIERS)),
        3 | 4 => when.data = vec![random.of(&DATA)],
        5 => {
            when.environment = Some(random.of(&ENVIRONMENTS));
            when.data = DATA.iter().copied().filter(|_| random.below(3) > 0).collect();
        }
        _ => {}
    }
    when
}

fn predicate(random: &mut Random, providers: &[String], vendors: &[String]) -> Predicate {
    let out = match random.below(14) {
        0 => vec![Atom::Is(Flag::Zdr, false)],
        1 => vec![Atom::Is(Flag::Trains, true)],
        2 => vec![Atom::Is(Flag::Retains, true)],
        3 => vec![Atom::Is(Flag::Deprecated, true)],
        4 => vec![Atom::RegionIs(random.of(&["cn", "apac"]))],
        5 => vec![Atom::QuantizationIn(vec!["int8", "int4"])],
        6 => vec![Atom::QuantizationIn(vec!["int4"])],
        7 => vec![Atom::ProviderIn(vec![random.of(providers)])],
        8 => {
            let chosen: BTreeSet<String> = (0..3).map(|_| random.of(providers)).collect();
            vec![Atom::ProviderIn(chosen.into_iter().collect())]
        }
        9 => vec![Atom::VendorIs(random.of(vendors))],
        10 => vec![Atom::ContextBelow(random.of(&[16_000, 32_000]))],
        11 => vec![Atom::CompletionAbove(random.of(&[4_000, 6_000, 9_000]))],
        12 => vec![Atom::Is(Flag::Zdr, false), Atom::RegionIsNot("eu")],
        _ => vec![Atom::Is(Flag::Retains, true), Atom::RegionIsNot(random.of(&REGIONS))],
    };
    Predicate { out, as_require: random.below(2) == 0 }
}

fn endpoints(random: &mut Random, count: usize) -> Vec<Endpoint> {
    let models = count.div_ceil(5);
    let providers = (count / 25).clamp(5, 100);
    let vendors = (models / 8).clamp(4, 60);
    let mut endpoints = Vec::with_capacity(count);
    'all: for model in 0..models {
        let vendor = random.below(vendors as u64);
        // What a model costs anywhere; each provider then asks a little more or less.
        let base = 5.0 * 300_f64.powf(random.unit());
        let ratio = 2.0 + 4.0 * random.unit();
        let context = random.of(&CONTEXTS[1..]);
        let first = random.below(providers as u64) as usize;
        for copy in 0..5 {
            if endpoints.len() == count {
                break 'all;
            }
            let provider = (first + copy) % providers;
            let factor = 0.8 + 0.5 * random.unit();
            let prompt = (base * factor).round().max(1.0) as u64;
            let mut supports = BTreeSet::from(["temperature"]);
            supports.extend(PARAMETERS.iter().copied().filter(|_| random.below(10) > 0));
            let model = format!("vendor-{vendor}/model-{model}");
            let provider = format!("provider-{provider}");
            endpoints.push(Endpoint {
                id: format!("{model}@{provider}"),
                model,
                provider,
                region: random.of(&REGIONS),
                quantization: random.of(&QUANTIZATIONS),
                zdr: random.below(100) < 85,
                trains: random.below(100) < 8,
                retains: random.below(100) < 12,
                deprecated: random.below(100) < 5,
                context_length: if random.below(6) == 0 { CONTEXTS[0].max(context / 2) } else { context },
                max_output_tokens: random.of(&OUTPUTS),
                supports,
                prompt,
                completion: (prompt as f64 * ratio).round() as u64,
                fee: if random.below(100) < 3 { 100_000 * (1 + random.below(5)) } else { 0 },
            });
        }
    }
    endpoints.sort_by(|a, b| a.id.cmp(&b.id));
    endpoints
}

fn request(random: &mut Random, n: usize, teams: &[String], workloads: &[String]) -> JobRequest {
    // A log-uniform size: most requests are small, some fill a context.
    let input_tokens = (100.0 * 600_f64.powf(random.unit())).round() as u64;
    let max_output_tokens = 256 << random.below(5);
    let expected_output_tokens = 1 + random.below(max_output_tokens);
    JobRequest {
        id: format!("req-{n}"),
        team: random.of(teams),
        workload: random.of(workloads),
        environment: random.of(&ENVIRONMENTS),
        tier: random.of(&TIERS),
        data: DATA.iter().copied().filter(|_| random.below(3) == 0).collect(),
        input_tokens,
        max_output_tokens,
        expected_output_tokens,
        parameters: PARAMETERS.iter().copied().filter(|_| random.below(4) == 0).collect(),
    }
}

/// SplitMix64: a few lines, so that a seed means the same on every machine and with every version of any crate.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize].clone()
    }
}
