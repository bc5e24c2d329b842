//! Rego, by the crate `regorus`.
//!
//! One module, compiled once to a program of the crate's virtual machine; rules and endpoints are data, rules indexed by
//! team and workload, since ten thousand Rego rules would all be evaluated on each request. What the applying rules deny
//! is gathered into sets before endpoints are looked at, and an endpoint's facts are texts such as `region=eu`, so that
//! most rules become one look into a set; the arithmetic of ceilings is Rego's, the ordering the host's. The module asks
//! for nothing that may be absent: there regorus 0.14.1's machine and its interpreter answer differently.

use std::collections::BTreeMap;
use std::sync::Arc;

use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::program::Program;
use regorus::rvm::vm::RegoVM;
use regorus::{PolicyModule, Value, compile_policy_with_entrypoint};
use serde_json::json;

use super::{Costing, Rival, by_cost};
use crate::job::{Atom, Ceilings, Endpoint, Job, JobRequest, Predicate, Rule, tier_index};

pub struct Rego {
    program: Arc<Program>,
    data: Value,
    endpoints: Vec<Endpoint>,
    ceilings: [Ceilings; 3],
}

pub struct Scratch {
    vm: RegoVM,
    admitted: Vec<(u64, u32)>,
}

pub struct Input {
    value: Value,
    costing: Costing,
}

const POLICY: &str = r#"
package route

import rego.v1

# What the rules that apply to the request say of endpoints.
applying := [rule.out |
    some key in input.keys
    some rule in object.get(data.index, key, [])
    every name, value in rule.is { input[name] == value }
    carries(rule)
]

carries(rule) if {
    some kind in rule.data
    kind in input.data
}

denied contains fact if {
    some out in applying
    some fact in out.facts
}

denied_pairs contains pair if {
    some out in applying
    some pair in out.pairs
}

least_contexts contains n if {
    some out in applying
    n := out.context_below
}

dearest_completions contains n if {
    some out in applying
    n := out.completion_above
}

admitted := [at |
    some at, endpoint in data.endpoints
    endpoint.context_length >= input.input_tokens
    endpoint.max_output_tokens >= input.max_output_tokens
    endpoint.prompt <= input.ceiling.prompt
    endpoint.completion <= input.ceiling.completion
    every n in least_contexts { endpoint.context_length >= n }
    every n in dearest_completions { endpoint.completion <= n }
    input.ceiling.attempt >= ((input.input_tokens * endpoint.prompt) + (input.max_output_tokens * endpoint.completion)) + endpoint.fee
    every parameter in input.parameters { object.get(endpoint.supports, parameter, false) == true }
    every fact in endpoint.facts { not fact in denied }
    every pair in denied_pairs { not both(pair, endpoint.facts) }
]

both(pair, facts) if {
    pair[0] in facts
    pair[1] in facts
}
"#;

const ENTRY: &str = "data.route.admitted";

impl Rival for Rego {
    type Input = Input;
    type Scratch = Scratch;

    fn new(job: &Job) -> Self {
        let mut index: BTreeMap<String, Vec<serde_json::Value>> = BTreeMap::new();
        for rule in &job.rules {
            let when = &rule.when;
            index.entry(key(when.team.as_deref(), when.workload.as_deref())).or_default().push(row(rule));
        }
        let data = json!({
            "index": index,
            "endpoints": job.endpoints.iter().map(endpoint).collect::<Vec<_>>(),
        });
        let data = Value::from_json_str(&data.to_string()).expect("data are JSON");
        let module = PolicyModule { id: "route.rego".into(), content: POLICY.into() };
        let policy = compile_policy_with_entrypoint(data.clone(), &[module], ENTRY.into());
        let policy = policy.unwrap_or_else(|e| panic!("{e}"));
        let program = Compiler::compile_from_policy(&policy, &[ENTRY]).unwrap_or_else(|e| panic!("{e}"));
        Self { program, data, endpoints: job.endpoints.clone(), ceilings: job.ceilings }
    }

    fn input(&self, request: &JobRequest) -> Input {
        let ceilings = &self.ceilings[tier_index(request.tier)];
        let (team, workload) = (Some(request.team.as_str()), Some(request.workload.as_str()));
        let value = json!({
            "keys": [key(None, None), key(team, None), key(None, workload), key(team, workload)],
            "environment": request.environment, "tier": request.tier,
            "data": request.data.iter().copied().chain(["any"]).collect::<Vec<_>>(),
            "input_tokens": request.input_tokens, "max_output_tokens": request.max_output_tokens,
            "parameters": request.parameters,
            "ceiling": {
                "prompt": ceilings.prompt, "completion": ceilings.completion, "attempt": ceilings.attempt,
            },
        });
        let value = Value::from_json_str(&value.to_string()).expect("an input is JSON");
        Input { value, costing: Costing::from(request) }
    }

    fn scratch(&self) -> Scratch {
        let mut vm = RegoVM::new();
        vm.load_program(Arc::clone(&self.program));
        vm.set_data(self.data.clone()).expect("no rule stands where data stand");
        vm.set_max_instructions(usize::MAX);
        Scratch { vm, admitted: Vec::new() }
    }

    fn decide(&self, input: &Input, scratch: &mut Scratch) {
        scratch.vm.set_input(input.value.clone());
        let result = scratch.vm.execute_entry_point_by_name(ENTRY).unwrap_or_else(|e| panic!("{e}"));
        scratch.admitted.clear();
        for at in result.as_array().expect("a list").iter() {
            scratch.admitted.push((0, at.as_u32().expect("an index")));
        }
        by_cost(&self.endpoints, &input.costing, &mut scratch.admitted);
    }

    fn answer(&self, scratch: &Scratch) -> Vec<u32> {
        scratch.admitted.iter().map(|(_, at)| *at).collect()
    }
}

fn key(team: Option<&str>, workload: Option<&str>) -> String {
    format!("{}|{}", team.unwrap_or_default(), workload.unwrap_or_default())
}

fn row(rule: &Rule) -> serde_json::Value {
    let mut is = serde_json::Map::new();
    if let Some(environment) = rule.when.environment {
        is.insert("environment".to_owned(), environment.into());
    }
    if let Some(tier) = rule.when.tier {
        is.insert("tier".to_owned(), tier.into());
    }
    // Whatever the request carries, it carries `any`.
    let data = if rule.when.data.is_empty() { vec!["any"] } else { rule.when.data.clone() };
    json!({ "is": is, "data": data, "out": out(&rule.predicate) })
}

/// Says what a rule denies. Every field is always there: where one is absent in some elements, the virtual machine of
/// regorus 0.14.1 skips the rest of a comprehension (its interpreter does not).
fn out(predicate: &Predicate) -> serde_json::Value {
    let (mut context_below, mut completion_above) = (0, u32::MAX.into());
    let (mut single, mut pairs) = (Vec::new(), Vec::new());
    match predicate.out.as_slice() {
        [Atom::ContextBelow(n)] => context_below = *n,
        [Atom::CompletionAbove(n)] => completion_above = *n,
        [one] => single = facts(one),
        [one, two] => {
            let both = |a: &String| facts(two).into_iter().map(|b| [a.clone(), b]).collect::<Vec<_>>();
            pairs = facts(one).iter().flat_map(both).collect();
        }
        _ => panic!("a predicate of more than two atoms"),
    }
    json!({
        "facts": single, "pairs": pairs,
        "context_below": context_below, "completion_above": completion_above,
    })
}

fn facts(atom: &Atom) -> Vec<String> {
    match atom {
        Atom::Is(flag, value) => vec![format!("{}={value}", flag.name())],
        Atom::RegionIs(region) => vec![format!("region={region}")],
        Atom::RegionIsNot(region) => {
            crate::job::REGIONS.iter().filter(|r| *r != region).map(|r| format!("region={r}")).collect()
        }
        Atom::QuantizationIn(list) => list.iter().map(|q| format!("quantization={q}")).collect(),
        Atom::ProviderIn(list) => list.iter().map(|p| format!("provider={p}")).collect(),
        Atom::VendorIs(vendor) => vec![format!("vendor={vendor}")],
        Atom::ContextBelow(_) | Atom::CompletionAbove(_) => panic!("a number is no fact"),
    }
}

fn endpoint(endpoint: &Endpoint) -> serde_json::Value {
    let facts = [
        format!("zdr={}", endpoint.zdr),
        format!("trains={}", endpoint.trains),
        format!("retains={}", endpoint.retains),
        format!("deprecated={}", endpoint.deprecated),
        format!("region={}", endpoint.region),
        format!("quantization={}", endpoint.quantization),
        format!("provider={}", endpoint.provider),
        format!("vendor={}", endpoint.vendor()),
    ];
    let supports: BTreeMap<&str, bool> = endpoint.supports.iter().map(|s| (*s, true)).collect();
    json!({
        "facts": facts, "supports": supports, "context_length": endpoint.context_length,
        "max_output_tokens": endpoint.max_output_tokens, "prompt": endpoint.prompt,
        "completion": endpoint.completion, "fee": endpoint.fee,
    })
}
