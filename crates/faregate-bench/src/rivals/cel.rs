//! CEL, by the crate `cel`.
//!
//! Each rule is two programs, compiled once: `when` over the request, `out` over an endpoint. CEL has no notion of many
//! rules, so the host keeps them by team and workload, evaluates `when` once a request and `out` once an endpoint, and
//! stops at the first that is true. Endpoints are bound through a resolver that lends values, the cheapest binding that
//! the crate has, and names are flat (`zdr`, not `endpoint.zdr`), which it resolves fastest.

use std::collections::HashMap;
use std::sync::Arc;

use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use cel::{Context, Env, Program, Value};

use super::{Costing, Rival, by_cost};
use crate::job::{Atom, Ceilings, Endpoint, Job, JobRequest, Predicate, When, tier_index};

pub struct Cel {
    env: Arc<Env>,
    endpoints: Vec<Endpoint>,
    bound: Vec<Bound>,
    ceilings: [Ceilings; 3],
    rules: Vec<(Program, Program)>,
    /// Rules by the team and the workload that they name, if any.
    index: HashMap<(Option<String>, Option<String>), Vec<u32>>,
    built_in: Program,
}

/// An endpoint's values, ready to be lent, in the order of [`NAMES`].
struct Bound(Vec<Box<dyn Val>>);

fn slot(name: &str) -> Option<usize> {
    Some(match name {
        "zdr" => 0,
        "trains" => 1,
        "retains" => 2,
        "deprecated" => 3,
        "region" => 4,
        "quantization" => 5,
        "provider" => 6,
        "model" => 7,
        "context_length" => 8,
        "output_length" => 9,
        "prompt" => 10,
        "completion" => 11,
        "fee" => 12,
        "supports" => 13,
        _ => return None,
    })
}

impl Bound {
    fn new(endpoint: &Endpoint) -> Self {
        let text = |s: &str| Value::from(s.to_owned());
        let int = |n: u64| Value::from(i64::try_from(n).unwrap());
        let values = [
            Value::from(endpoint.zdr),
            Value::from(endpoint.trains),
            Value::from(endpoint.retains),
            Value::from(endpoint.deprecated),
            text(endpoint.region),
            text(endpoint.quantization),
            text(&endpoint.provider),
            text(&endpoint.model),
            int(endpoint.context_length),
            int(endpoint.max_output_tokens),
            int(endpoint.prompt),
            int(endpoint.completion),
            int(endpoint.fee),
            Value::from(endpoint.supports.iter().map(|s| text(s)).collect::<Vec<Value>>()),
        ];
        Self(values.into_iter().map(|v| v.try_into().expect("a plain value")).collect())
    }
}

impl VariableResolver for Bound {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        Some(CowVal::Borrowed(self.0[slot(name)?].as_ref()))
    }
}

pub struct Input {
    context: Context<'static, 'static>,
    keys: [(Option<String>, Option<String>); 4],
    costing: Costing,
}

impl Rival for Cel {
    type Input = Input;
    type Scratch = Vec<(u64, u32)>;

    fn new(job: &Job) -> Self {
        let env = Arc::new(Env::stdlib());
        let compile = |text: String| env.compile(&text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
        let mut index: HashMap<_, Vec<u32>> = HashMap::new();
        for (at, rule) in job.rules.iter().enumerate() {
            let key = (rule.when.team.clone(), rule.when.workload.clone());
            index.entry(key).or_default().push(at as u32);
        }
        let built_in = "context_length >= input_tokens && output_length >= max_output_tokens \
             && prompt <= ceiling_prompt && completion <= ceiling_completion \
             && input_tokens * prompt + max_output_tokens * completion + fee <= ceiling_attempt \
             && parameters.all(p, p in supports)";
        Self {
            endpoints: job.endpoints.clone(),
            bound: job.endpoints.iter().map(Bound::new).collect(),
            ceilings: job.ceilings,
            rules: job.rules.iter().map(|r| (compile(when(&r.when)), compile(out(&r.predicate)))).collect(),
            index,
            built_in: compile(built_in.to_owned()),
            env,
        }
    }

    fn input(&self, request: &JobRequest) -> Input {
        let mut context = Context::with_env(Arc::clone(&self.env));
        let ceilings = &self.ceilings[tier_index(request.tier)];
        for (name, text) in [
            ("environment", request.environment),
            ("tier", request.tier),
            ("team", &request.team),
            ("workload", &request.workload),
        ] {
            context.add_variable_from_value(name, text.to_owned());
        }
        for (name, number) in [
            ("input_tokens", request.input_tokens),
            ("max_output_tokens", request.max_output_tokens),
            ("ceiling_prompt", ceilings.prompt),
            ("ceiling_completion", ceilings.completion),
            ("ceiling_attempt", ceilings.attempt),
        ] {
            context.add_variable_from_value(name, i64::try_from(number).unwrap());
        }
        for (name, set) in [("data", &request.data), ("parameters", &request.parameters)] {
            let list: Vec<Value> = set.iter().map(|s| Value::from((*s).to_owned())).collect();
            context.add_variable_from_value(name, list);
        }
        let (team, workload) = (Some(request.team.clone()), Some(request.workload.clone()));
        let keys = [(None, None), (team.clone(), None), (None, workload.clone()), (team, workload)];
        Input { context, keys, costing: Costing::from(request) }
    }

    fn scratch(&self) -> Vec<(u64, u32)> {
        Vec::new()
    }

    fn decide(&self, input: &Input, admitted: &mut Vec<(u64, u32)>) {
        let is_true = |program: &Program, context: &Context<'_, '_>| {
            matches!(program.execute(context), Ok(Value::Bool(true)))
        };
        let candidates = input.keys.iter().filter_map(|key| self.index.get(key)).flatten();
        let rules: Vec<&Program> = candidates
            .map(|at| &self.rules[*at as usize])
            .filter(|(when, _)| is_true(when, &input.context))
            .map(|(_, out)| out)
            .collect();
        admitted.clear();
        for (at, bound) in self.bound.iter().enumerate() {
            let mut context = input.context.new_inner_scope();
            context.set_variable_resolver(bound);
            if is_true(&self.built_in, &context) && !rules.iter().any(|out| is_true(out, &context)) {
                admitted.push((0, at as u32));
            }
        }
        by_cost(&self.endpoints, &input.costing, admitted);
    }

    fn answer(&self, admitted: &Vec<(u64, u32)>) -> Vec<u32> {
        admitted.iter().map(|(_, at)| *at).collect()
    }
}

fn when(when: &When) -> String {
    let mut all = Vec::new();
    all.extend(when.team.iter().map(|t| format!("team == '{t}'")));
    all.extend(when.workload.iter().map(|w| format!("workload == '{w}'")));
    all.extend(when.environment.iter().map(|e| format!("environment == '{e}'")));
    all.extend(when.tier.iter().map(|t| format!("tier == '{t}'")));
    if !when.data.is_empty() {
        let any: Vec<String> = when.data.iter().map(|d| format!("'{d}' in data")).collect();
        all.push(format!("({})", any.join(" || ")));
    }
    if all.is_empty() { "true".to_owned() } else { all.join(" && ") }
}

fn out(predicate: &Predicate) -> String {
    let atoms: Vec<String> = predicate.out.iter().map(atom).collect();
    atoms.join(" && ")
}

fn atom(atom: &Atom) -> String {
    match atom {
        Atom::Is(flag, true) => flag.name().to_owned(),
        Atom::Is(flag, false) => format!("!{}", flag.name()),
        Atom::RegionIs(region) => format!("region == '{region}'"),
        Atom::RegionIsNot(region) => format!("region != '{region}'"),
        Atom::QuantizationIn(list) => format!("quantization in ['{}']", list.join("', '")),
        Atom::ProviderIn(list) => format!("provider in ['{}']", list.join("', '")),
        Atom::VendorIs(vendor) => format!("model.startsWith('{vendor}/')"),
        Atom::ContextBelow(n) => format!("context_length < {n}"),
        Atom::CompletionAbove(price) => format!("completion > {price}"),
    }
}
