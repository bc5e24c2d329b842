//! Cedar, by the crate `cedar-policy`.
//!
//! Each rule is one `forbid` policy with the team in its scope; endpoints are entities, parsed once. Its authorizer
//! evaluates every policy of a set, so the sets are sliced by team and workload, as Cedar's own documentation advises
//! for large sets. Two ways to ask: [`PerEndpoint`] asks the authorizer about one endpoint after the other; [`Partial`]
//! first evaluates the slice with the endpoint left open (type-aware partial evaluation, an experimental feature) and
//! asks the residual policies, of which few are left, about each endpoint.

use std::collections::{BTreeSet, HashMap};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityId, EntityTypeName, EntityUid, PartialEntities,
    PartialEntityUid, PartialRequest, Policy, PolicyId, PolicySet, Request, Schema,
};
use serde_json::json;

use super::{Costing, Rival, by_cost};
use crate::job::{Atom, Ceilings, Endpoint, Job, JobRequest, Predicate, Rule, tier_index};

struct Cedar {
    schema: Schema,
    entities: Entities,
    uids: Vec<EntityUid>,
    slices: HashMap<(String, String), PolicySet>,
    endpoints: Vec<Endpoint>,
    ceilings: [Ceilings; 3],
    authorizer: Authorizer,
    action: EntityUid,
    endpoint_type: EntityTypeName,
}

const SCHEMA: &str = r#"
entity Team;
entity Endpoint = {
  zdr: Bool, trains: Bool, retains: Bool, deprecated: Bool, region: String, quantization: String, provider: String,
  model: String, context_length: Long, max_output_tokens: Long, prompt: Long, completion: Long, fee: Long,
  supports: Set<String>,
};
action route appliesTo {
  principal: Team, resource: Endpoint,
  context: {
    workload: String, environment: String, tier: String, data: Set<String>, parameters: Set<String>,
    input_tokens: Long, max_output_tokens: Long,
    ceiling_prompt: Long, ceiling_completion: Long, ceiling_attempt: Long,
  },
};
"#;

const BUILT_IN: [&str; 5] = [
    "permit(principal, action, resource);",
    "forbid(principal, action, resource) when { resource.context_length < context.input_tokens \
       || resource.max_output_tokens < context.max_output_tokens };",
    "forbid(principal, action, resource) unless { resource.supports.containsAll(context.parameters) };",
    "forbid(principal, action, resource) when { resource.prompt > context.ceiling_prompt \
       || resource.completion > context.ceiling_completion };",
    "forbid(principal, action, resource) when { context.input_tokens * resource.prompt \
       + context.max_output_tokens * resource.completion + resource.fee > context.ceiling_attempt };",
];

impl Cedar {
    fn new(job: &Job) -> Self {
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA).expect("the schema");
        let parse = |id: String, text: &str| {
            Policy::parse(Some(PolicyId::new(id)), text).unwrap_or_else(|e| panic!("{text}: {e:?}"))
        };
        let built_in: Vec<Policy> =
            BUILT_IN.iter().enumerate().map(|(n, text)| parse(format!("built-in-{n}"), text)).collect();
        let rules: Vec<Policy> =
            job.rules.iter().enumerate().map(|(n, rule)| parse(format!("rule-{n}"), &policy(rule))).collect();
        let mut index: HashMap<(Option<&str>, Option<&str>), Vec<usize>> = HashMap::new();
        for (at, rule) in job.rules.iter().enumerate() {
            index.entry((rule.when.team.as_deref(), rule.when.workload.as_deref())).or_default().push(at);
        }
        // Only the slices that the requests of the job need: a service would make them when first asked, and keep them.
        let pairs: BTreeSet<(&str, &str)> =
            job.requests.iter().map(|r| (r.team.as_str(), r.workload.as_str())).collect();
        let slices = pairs.into_iter().map(|(team, workload)| {
            let keys =
                [(None, None), (Some(team), None), (None, Some(workload)), (Some(team), Some(workload))];
            let chosen = keys.iter().filter_map(|key| index.get(key)).flatten();
            let policies = built_in.iter().cloned().chain(chosen.map(|at| rules[*at].clone()));
            let set = PolicySet::from_policies(policies).expect("ids are unique");
            ((team.to_owned(), workload.to_owned()), set)
        });
        let slices = slices.collect();
        let teams =
            job.teams.iter().map(|t| json!({"uid": {"type": "Team", "id": t}, "attrs": {}, "parents": []}));
        let rows: Vec<serde_json::Value> = job.endpoints.iter().map(entity).chain(teams).collect();
        let entities =
            Entities::from_json_value(rows.into(), Some(&schema)).expect("entities fit the schema");
        let endpoint_type: EntityTypeName = "Endpoint".parse().expect("a name");
        let uid =
            |e: &Endpoint| EntityUid::from_type_name_and_id(endpoint_type.clone(), EntityId::new(&e.id));
        Self {
            uids: job.endpoints.iter().map(uid).collect(),
            schema,
            entities,
            slices,
            endpoints: job.endpoints.clone(),
            ceilings: job.ceilings,
            authorizer: Authorizer::new(),
            action: r#"Action::"route""#.parse().expect("a name"),
            endpoint_type,
        }
    }

    fn input(&self, request: &JobRequest) -> Input {
        let ceilings = &self.ceilings[tier_index(request.tier)];
        let context = json!({
            "workload": request.workload, "environment": request.environment, "tier": request.tier,
            "data": request.data, "parameters": request.parameters,
            "input_tokens": request.input_tokens, "max_output_tokens": request.max_output_tokens,
            "ceiling_prompt": ceilings.prompt, "ceiling_completion": ceilings.completion,
            "ceiling_attempt": ceilings.attempt,
        });
        let context =
            Context::from_json_value(context, Some((&self.schema, &self.action))).expect("a context");
        let team: EntityTypeName = "Team".parse().expect("a name");
        let principal = EntityUid::from_type_name_and_id(team, EntityId::new(&request.team));
        let partial = PartialRequest::new(
            PartialEntityUid::from_concrete(principal.clone()),
            self.action.clone(),
            PartialEntityUid::new(self.endpoint_type.clone(), None),
            Some(context.clone()),
            &self.schema,
        );
        Input {
            principal,
            context,
            partial: partial.expect("a request that fits the schema"),
            slice: (request.team.clone(), request.workload.clone()),
            costing: Costing::from(request),
        }
    }

    fn ask(&self, input: &Input, policies: &PolicySet, admitted: &mut Vec<(u64, u32)>) {
        admitted.clear();
        for (at, uid) in self.uids.iter().enumerate() {
            // Without a schema: the request was validated when its context was.
            let request = Request::new(
                input.principal.clone(),
                self.action.clone(),
                uid.clone(),
                input.context.clone(),
                None,
            );
            let request = request.expect("no schema, no error");
            let response = self.authorizer.is_authorized(&request, policies, &self.entities);
            if response.decision() == Decision::Allow {
                admitted.push((0, at as u32));
            }
        }
        by_cost(&self.endpoints, &input.costing, admitted);
    }
}

pub struct Input {
    principal: EntityUid,
    context: Context,
    partial: PartialRequest,
    slice: (String, String),
    costing: Costing,
}

/// The authorizer is asked about one endpoint after the other.
pub struct PerEndpoint(Cedar);

/// The slice is evaluated with the endpoint left open, then its residue about one endpoint after the other.
pub struct Partial(Cedar);

impl Rival for PerEndpoint {
    type Input = Input;
    type Scratch = Vec<(u64, u32)>;

    fn new(job: &Job) -> Self {
        Self(Cedar::new(job))
    }

    fn input(&self, request: &JobRequest) -> Input {
        self.0.input(request)
    }

    fn scratch(&self) -> Vec<(u64, u32)> {
        Vec::new()
    }

    fn decide(&self, input: &Input, admitted: &mut Vec<(u64, u32)>) {
        self.0.ask(input, &self.0.slices[&input.slice], admitted);
    }

    fn answer(&self, admitted: &Vec<(u64, u32)>) -> Vec<u32> {
        admitted.iter().map(|(_, at)| *at).collect()
    }
}

impl Rival for Partial {
    type Input = Input;
    type Scratch = Vec<(u64, u32)>;

    fn new(job: &Job) -> Self {
        Self(Cedar::new(job))
    }

    fn input(&self, request: &JobRequest) -> Input {
        self.0.input(request)
    }

    fn scratch(&self) -> Vec<(u64, u32)> {
        Vec::new()
    }

    fn decide(&self, input: &Input, admitted: &mut Vec<(u64, u32)>) {
        let none = PartialEntities::empty();
        let slice = &self.0.slices[&input.slice];
        let response = slice.tpe(&input.partial, &none, &self.0.schema).expect("the slice fits the schema");
        // What is true or false for every endpoint already says so; the permit is true, and stays.
        let permit = slice.policy(&PolicyId::new("built-in-0")).cloned();
        let residue = PolicySet::from_policies(permit.into_iter().chain(response.residual_policies()));
        self.0.ask(input, &residue.expect("ids are unique"), admitted);
    }

    fn answer(&self, admitted: &Vec<(u64, u32)>) -> Vec<u32> {
        admitted.iter().map(|(_, at)| *at).collect()
    }
}

fn entity(endpoint: &Endpoint) -> serde_json::Value {
    json!({
        "uid": {"type": "Endpoint", "id": endpoint.id},
        "attrs": {
            "zdr": endpoint.zdr, "trains": endpoint.trains, "retains": endpoint.retains,
            "deprecated": endpoint.deprecated, "region": endpoint.region, "quantization": endpoint.quantization,
            "provider": endpoint.provider, "model": endpoint.model, "context_length": endpoint.context_length,
            "max_output_tokens": endpoint.max_output_tokens, "prompt": endpoint.prompt,
            "completion": endpoint.completion, "fee": endpoint.fee, "supports": endpoint.supports,
        },
        "parents": [],
    })
}

fn policy(rule: &Rule) -> String {
    let when = &rule.when;
    let principal = match &when.team {
        Some(team) => format!("principal == Team::\"{team}\""),
        None => "principal".to_owned(),
    };
    let mut all = Vec::new();
    all.extend(when.workload.iter().map(|w| format!("context.workload == \"{w}\"")));
    all.extend(when.environment.iter().map(|e| format!("context.environment == \"{e}\"")));
    all.extend(when.tier.iter().map(|t| format!("context.tier == \"{t}\"")));
    match when.data.as_slice() {
        [] => {}
        [one] => all.push(format!("context.data.contains(\"{one}\")")),
        several => all.push(format!("context.data.containsAny([\"{}\"])", several.join("\", \""))),
    }
    all.push(out(&rule.predicate));
    format!("forbid({principal}, action == Action::\"route\", resource) when {{ {} }};", all.join(" && "))
}

fn out(predicate: &Predicate) -> String {
    let atoms: Vec<String> = predicate.out.iter().map(atom).collect();
    atoms.join(" && ")
}

fn atom(atom: &Atom) -> String {
    let list = |list: &[String]| format!("[\"{}\"]", list.join("\", \""));
    match atom {
        Atom::Is(flag, true) => format!("resource.{}", flag.name()),
        Atom::Is(flag, false) => format!("!resource.{}", flag.name()),
        Atom::RegionIs(region) => format!("resource.region == \"{region}\""),
        Atom::RegionIsNot(region) => format!("resource.region != \"{region}\""),
        Atom::QuantizationIn(q) => {
            let q: Vec<String> = q.iter().map(|q| (*q).to_owned()).collect();
            format!("{}.contains(resource.quantization)", list(&q))
        }
        Atom::ProviderIn(p) => format!("{}.contains(resource.provider)", list(p)),
        Atom::VendorIs(vendor) => format!("resource.model like \"{vendor}/*\""),
        Atom::ContextBelow(n) => format!("resource.context_length < {n}"),
        Atom::CompletionAbove(price) => format!("resource.completion > {price}"),
    }
}
