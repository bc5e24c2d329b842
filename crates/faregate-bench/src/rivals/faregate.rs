//! Faregate, through its public interface: the rules as guardrails of a policy in text, the endpoints as a catalog.
//!
//! [`Engine::decide_with`] is what a gateway calls for each request; everything is in its place (one workload, all models,
//! fallback to any other endpoint), so that the plan is all admitted endpoints by expected cost. It does more than the
//! rivals: three-valued truth, credentials, health and budgets are looked at, though this job has none of them.

use std::fmt::Write as _;

use faregate::{
    Catalog, CatalogLayer, Context, EndpointRow, Engine, Money, PolicySet, PriceList, Request, Scratch,
};

use super::Rival;
use crate::job::{
    Atom, DATA, ENVIRONMENTS, Endpoint, Job, JobRequest, Predicate, TIERS, UNITS_PER_DOLLAR, When,
};

pub struct Faregate {
    pub engine: Engine,
}

pub struct Answer {
    scratch: Scratch,
    places: Vec<u32>,
}

impl Rival for Faregate {
    type Input = (Request, Context);
    type Scratch = Answer;

    fn new(job: &Job) -> Self {
        Self { engine: Engine::new(policy(job), catalog(job)).expect("an engine") }
    }

    fn input(&self, request: &JobRequest) -> (Request, Context) {
        input(request)
    }

    fn scratch(&self) -> Answer {
        Answer { scratch: Scratch::new(), places: Vec::new() }
    }

    fn decide(&self, (request, context): &(Request, Context), answer: &mut Answer) {
        let verdict = self.engine.decide_with(&mut answer.scratch, request, context);
        answer.places.clear();
        answer.places.extend(verdict.attempts().map(|choice| choice.place() as u32));
    }

    fn answer(&self, answer: &Answer) -> Vec<u32> {
        answer.places.clone()
    }
}

/// Returns the request and what a gateway knows besides.
pub fn input(from: &JobRequest) -> (Request, Context) {
    let mut request = Request::new(from.id.clone(), from.input_tokens);
    request.workload = Some(from.workload.clone());
    request.max_output_tokens = Some(from.max_output_tokens);
    request.expected_output_tokens = Some(from.expected_output_tokens);
    request.parameters = from.parameters.iter().map(|p| (*p).to_owned()).collect();
    request.data = Some(from.data.iter().map(|d| (*d).to_owned()).collect());
    request.attributes.insert("tier".to_owned(), faregate::AttributeValue::Text(from.tier.to_owned()));
    let mut context = Context::new("2026-11-23T10:00:00Z".parse().expect("an instant"));
    context.key.team = Some(from.team.clone());
    context.key.environment = Some(from.environment.to_owned());
    (request, context)
}

pub fn policy(job: &Job) -> PolicySet {
    policy_of(policy_texts(job))
}

pub fn policy_of(texts: Vec<(String, String)>) -> PolicySet {
    PolicySet::parse(texts).unwrap_or_else(|found| panic!("{found}"))
}

/// Returns the policy as files of two thousand rules each.
pub fn policy_texts(job: &Job) -> Vec<(String, String)> {
    let mut files = vec![("routes.fare".to_owned(), routes(job))];
    for number in 0..job.rules.len().div_ceil(2_000) {
        let text = format!("policy rules-{number} {{ language 1 }}\n\n{}", rules(job, number * 2_000, 2_000));
        files.push((format!("rules-{number}.fare"), text));
    }
    files
}

/// Returns the policy as one file.
pub fn policy_text(job: &Job) -> String {
    format!("{}\n{}", routes(job), rules(job, 0, job.rules.len()))
}

fn rules(job: &Job, first: usize, count: usize) -> String {
    let mut text = String::new();
    for (name, rule) in job.rules.iter().enumerate().skip(first).take(count) {
        let (when, predicate) = (when(&rule.when), predicate(&rule.predicate));
        let _ = writeln!(text, "guardrail rule-{name} {{\n  when {when}\n  {predicate}\n}}\n");
    }
    text
}

fn routes(job: &Job) -> String {
    let mut ceilings = String::new();
    for (tier, c) in TIERS.iter().zip(&job.ceilings) {
        let _ = writeln!(ceilings, "    prompt {} per Mtok when request.tier == {tier}", mtok(c.prompt));
        let _ =
            writeln!(ceilings, "    completion {} per Mtok when request.tier == {tier}", mtok(c.completion));
        let attempt = c.attempt as f64 / UNITS_PER_DOLLAR as f64;
        let _ = writeln!(ceilings, "    attempt ${attempt} when request.tier == {tier}");
    }
    format!(
        "policy bench {{ language 1 }}\n\ndeclare {{\n  request.workload one_of {}\n  request.tier one_of {}\n  \
         request.data set_of {}\n  key.environment one_of {}\n}}\n\nworkload rest {{\n  otherwise\n  route {{\n    \
         models \"*\"\n    order by price\n  }}\n  ceiling {{\n{ceilings}  }}\n  fallback {{\n    other provider on \
         timeout\n    other model on timeout\n  }}\n}}\n",
        job.workloads.join(", "),
        TIERS.join(", "),
        DATA.join(", "),
        ENVIRONMENTS.join(", "),
    )
}

fn when(when: &When) -> String {
    let mut all = Vec::new();
    all.extend(when.team.iter().map(|t| format!("key.team == \"{t}\"")));
    all.extend(when.workload.iter().map(|w| format!("request.workload == {w}")));
    all.extend(when.environment.iter().map(|e| format!("key.environment == {e}")));
    all.extend(when.tier.iter().map(|t| format!("request.tier == {t}")));
    match when.data.as_slice() {
        [] => {}
        [one] => all.push(format!("request.data includes {one}")),
        several => all.push(format!("request.data includes any of {}", several.join(", "))),
    }
    all.join(" and ")
}

fn predicate(predicate: &Predicate) -> String {
    let said = |require: bool| {
        let atoms: Vec<String> = predicate.out.iter().map(|a| atom(a, require)).collect();
        atoms.join(if require { " or " } else { " and " })
    };
    if predicate.as_require { format!("require {}", said(true)) } else { format!("forbid {}", said(false)) }
}

/// Says an atom, or its opposite.
fn atom(atom: &Atom, not: bool) -> String {
    let quoted = |list: &[String]| format!("\"{}\"", list.join("\", \""));
    let negated = |text: String| if not { format!("not {text}") } else { text };
    match atom {
        Atom::Is(flag, value) if *value != not => format!("endpoint.{}", flag.name()),
        Atom::Is(flag, _) => format!("not endpoint.{}", flag.name()),
        Atom::RegionIs(region) if not => format!("endpoint.region != \"{region}\""),
        Atom::RegionIs(region) => format!("endpoint.region == \"{region}\""),
        Atom::RegionIsNot(region) if not => format!("endpoint.region == \"{region}\""),
        Atom::RegionIsNot(region) => format!("endpoint.region != \"{region}\""),
        Atom::QuantizationIn(list) => negated(format!("endpoint.quantization in {}", list.join(", "))),
        Atom::ProviderIn(list) => negated(format!("endpoint.provider in {}", quoted(list))),
        Atom::VendorIs(vendor) => negated(format!("endpoint.model matches \"{vendor}/*\"")),
        Atom::ContextBelow(n) if not => format!("endpoint.context_length >= {n}"),
        Atom::ContextBelow(n) => format!("endpoint.context_length < {n}"),
        Atom::CompletionAbove(p) if not => format!("endpoint.price_completion <= {} per Mtok", mtok(*p)),
        Atom::CompletionAbove(p) => format!("endpoint.price_completion > {} per Mtok", mtok(*p)),
    }
}

/// Says a price: hundredths of a dollar per Mtok.
fn mtok(price: u64) -> String {
    format!("${}.{:02}", price / 100, price % 100)
}

/// Says money that is counted in 10^-8 dollars.
fn dollars(units: u64) -> Money {
    format!("{}.{:08}", units / UNITS_PER_DOLLAR, units % UNITS_PER_DOLLAR).parse().expect("money")
}

pub fn catalog(job: &Job) -> Catalog {
    let mut layer = CatalogLayer::default();
    layer.endpoints = job.endpoints.iter().map(row).collect();
    let catalog = Catalog::new(vec![layer]).unwrap_or_else(|faults| panic!("{faults:?}"));
    let ids = catalog.endpoints().iter().map(|e| &e.id);
    assert!(ids.eq(job.endpoints.iter().map(|e| &e.id)), "places in the catalog are indices into the job");
    catalog
}

fn row(endpoint: &Endpoint) -> EndpointRow {
    let mut row = EndpointRow::default();
    row.id = Some(endpoint.id.clone());
    row.model = Some(endpoint.model.clone());
    row.provider = Some(endpoint.provider.clone());
    let facts = &mut row.facts;
    facts.region = Some(endpoint.region.to_owned());
    facts.quantization = Some(endpoint.quantization.to_owned());
    facts.context_length = Some(endpoint.context_length);
    facts.max_output_tokens = Some(endpoint.max_output_tokens);
    facts.supports = Some(endpoint.supports.iter().map(|s| (*s).to_owned()).collect());
    facts.modalities = Some(["text".to_owned()].into());
    facts.zdr = Some(endpoint.zdr);
    facts.trains = Some(endpoint.trains);
    facts.retains = Some(endpoint.retains);
    facts.deprecated = Some(endpoint.deprecated);
    let mut prices = PriceList::default();
    prices.prompt = Some(dollars(endpoint.prompt));
    prices.completion = Some(dollars(endpoint.completion));
    prices.request = Some(dollars(endpoint.fee));
    facts.prices = prices;
    row
}
