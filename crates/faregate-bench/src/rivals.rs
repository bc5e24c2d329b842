//! The rivals: one module each, behind one trait.

pub mod best;
#[cfg(feature = "engines")]
pub mod cedar;
#[cfg(feature = "engines")]
pub mod cel;
pub mod faregate;
pub mod plain;
#[cfg(feature = "engines")]
pub mod rego;

use crate::job::{Endpoint, Job, JobRequest, tier_index};

/// Who does the job. What depends on rules and endpoints alone is done in [`Rival::new`], what only brings a request
/// into the form that the engine reads in [`Rival::input`]; neither is part of a decision's time.
pub trait Rival: Sized {
    /// A request in the form that this engine reads.
    type Input;
    /// What a thread keeps between decisions.
    type Scratch;

    fn new(job: &Job) -> Self;
    fn input(&self, request: &JobRequest) -> Self::Input;
    fn scratch(&self) -> Self::Scratch;
    /// The decision, timed. The answer stays in the scratch.
    fn decide(&self, input: &Self::Input, scratch: &mut Self::Scratch);
    /// Reads the answer of the last decision: indices into the endpoints of the job, cheapest first. Not timed.
    fn answer(&self, scratch: &Self::Scratch) -> Vec<u32>;
}

/// Orders what a general engine admitted. None of the three orders by a computed cost as fast as the host does, so the
/// host does it for them.
pub(crate) fn by_cost(endpoints: &[Endpoint], request: &Costing, admitted: &mut [(u64, u32)]) {
    for (cost, at) in admitted.iter_mut() {
        let endpoint = &endpoints[*at as usize];
        *cost = request.input_tokens * endpoint.prompt
            + request.expected_output_tokens * endpoint.completion
            + endpoint.fee;
    }
    admitted.sort_unstable();
}

/// What ordering needs to know of a request.
#[derive(Clone, Copy, Debug)]
pub struct Costing {
    pub input_tokens: u64,
    pub expected_output_tokens: u64,
}

impl From<&JobRequest> for Costing {
    fn from(request: &JobRequest) -> Self {
        Self {
            input_tokens: request.input_tokens,
            expected_output_tokens: request.expected_output_tokens.min(request.max_output_tokens),
        }
    }
}

/// The answer, said as plainly as possible: what all rivals are held to.
pub fn expected_answer(job: &Job, request: &JobRequest) -> Vec<u32> {
    let ceilings = &job.ceilings[tier_index(request.tier)];
    let rules: Vec<&crate::job::Rule> = job.rules.iter().filter(|r| r.when.applies(request)).collect();
    let mut admitted: Vec<(u64, u32)> = Vec::new();
    for (at, endpoint) in job.endpoints.iter().enumerate() {
        let worst = request.input_tokens * endpoint.prompt
            + request.max_output_tokens * endpoint.completion
            + endpoint.fee;
        let fits = endpoint.context_length >= request.input_tokens
            && endpoint.max_output_tokens >= request.max_output_tokens
            && request.parameters.is_subset(&endpoint.supports)
            && endpoint.prompt <= ceilings.prompt
            && endpoint.completion <= ceilings.completion
            && worst <= ceilings.attempt;
        let ruled_out = |r: &&crate::job::Rule| r.predicate.out.iter().all(|a| a.holds(endpoint));
        if fits && !rules.iter().any(ruled_out) {
            admitted.push((0, at as u32));
        }
    }
    by_cost(&job.endpoints, &Costing::from(request), &mut admitted);
    admitted.into_iter().map(|(_, at)| at).collect()
}
