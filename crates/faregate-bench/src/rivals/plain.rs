//! Rust by hand, plain: what most gateways have today.
//!
//! A list of rules is gone through for each request, and those that apply are asked of each endpoint. It is written as
//! one writes it on the first day and never again: clear, allocating, no index; it is not slowed down.

use super::Rival;
use crate::job::{Ceilings, Endpoint, Job, JobRequest, Rule, tier_index};

pub struct Plain {
    rules: Vec<Rule>,
    endpoints: Vec<Endpoint>,
    ceilings: [Ceilings; 3],
}

impl Rival for Plain {
    type Input = JobRequest;
    type Scratch = Vec<u32>;

    fn new(job: &Job) -> Self {
        Self { rules: job.rules.clone(), endpoints: job.endpoints.clone(), ceilings: job.ceilings }
    }

    fn input(&self, request: &JobRequest) -> JobRequest {
        request.clone()
    }

    fn scratch(&self) -> Vec<u32> {
        Vec::new()
    }

    fn decide(&self, request: &JobRequest, answer: &mut Vec<u32>) {
        let rules: Vec<&Rule> = self.rules.iter().filter(|rule| rule.when.applies(request)).collect();
        let ceilings = &self.ceilings[tier_index(request.tier)];
        let mut admitted: Vec<(u64, u32)> = self
            .endpoints
            .iter()
            .enumerate()
            .filter(|(_, endpoint)| {
                endpoint.context_length >= request.input_tokens
                    && endpoint.max_output_tokens >= request.max_output_tokens
                    && endpoint.prompt <= ceilings.prompt
                    && endpoint.completion <= ceilings.completion
                    && request.input_tokens * endpoint.prompt
                        + request.max_output_tokens * endpoint.completion
                        + endpoint.fee
                        <= ceilings.attempt
                    && request.parameters.iter().all(|p| endpoint.supports.contains(p))
                    && rules.iter().all(|rule| !rule.predicate.out.iter().all(|atom| atom.holds(endpoint)))
            })
            .map(|(at, endpoint)| {
                let output = request.expected_output_tokens.min(request.max_output_tokens);
                let cost =
                    request.input_tokens * endpoint.prompt + output * endpoint.completion + endpoint.fee;
                (cost, at as u32)
            })
            .collect();
        admitted.sort();
        *answer = admitted.into_iter().map(|(_, at)| at).collect();
    }

    fn answer(&self, answer: &Vec<u32>) -> Vec<u32> {
        answer.clone()
    }
}
