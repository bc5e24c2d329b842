//! The shape of a record: fields in the order in which they are written, all of them always there.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::decision::{
    AmountDto, CredentialDto, DigestsDto, InstantText, LimitDto, MoneyText, PartialDto, PerDto, RoleDto,
};
use crate::outcome::{PhaseDto, ToolUseDto};
use crate::slot::{Tree, shape};

/// What happened in a run.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Record"))]
pub(crate) struct RecordDto<'a> {
    /// the request's id
    pub(super) record: &'a str,
    /// the workload that decided
    pub(super) workload: &'a str,
    /// whether an answer came
    pub(super) outcome: EndDto,
    /// whether all of an answer came
    pub(super) complete: bool,
    /// what the client asked for
    pub(super) requested: RequestedDto<'a>,
    /// what served; null: nothing did
    pub(super) served: Option<ServedDto<'a>>,
    /// the kind of move from the first of the plan to what served; null: the first did, or nothing
    pub(super) fallback: Option<RoleDto>,
    /// what the answer used; null: not reported, or no answer
    pub(super) usage: Option<UsageDto<'a>>,
    /// the class of the last error of a run that failed
    pub(super) error: Option<&'a str>,
    /// the cap that kept the run from going on: `deadline`, `calls`, `moves`, `cost`
    pub(super) limit: Option<&'a str>,
    /// when it may be worth to try again
    pub(super) opens_at: Option<InstantText>,
    /// what the client or the operator may do about a run that failed
    pub(super) advice: Option<&'a str>,
    /// provider calls
    pub(super) calls: u64,
    /// every error, in order
    pub(super) errors: Vec<FailedCallDto<'a>>,
    /// `try ENDPOINT`, `try ENDPOINT with KEY`, `wait 3s`, `done`, `fail CLASS`
    pub(super) steps: Vec<String>,
    /// what was and may have been spent; calls without bound not counted
    pub(super) cost: MoneyText,
    /// calls of which no cost is known at all
    pub(super) unknown_costs: u64,
    /// where it was charged
    pub(super) charged: Vec<ChargeDto<'a>>,
    /// what the run added to each budget that it touched
    pub(super) budgets: Vec<BudgetChangeDto<'a>>,
    /// thresholds that this run crossed
    pub(super) alerts: Vec<CrossedDto<'a>>,
    /// what is to be done with output that was cut; null: nothing was
    pub(super) partial: Option<PartialDto>,
    /// tokens of output that were thrown away, since an answer began anew
    pub(super) discarded_tokens: u64,
    /// when the run began
    pub(super) started_at: InstantText,
    /// when it ended
    pub(super) ended_at: InstantText,
    /// from its beginning to its end
    pub(super) duration_ms: u64,
    /// what was decided with
    pub(super) digests: DigestsDto<'a>,
    /// all that replaying the run needs beside policy and catalog
    pub(super) input: InputDto,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "RunOutcome"))]
pub(crate) enum EndDto {
    Success,
    Failure,
}

/// What the client asked for.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Requested"))]
pub(crate) struct RequestedDto<'a> {
    /// null: it named none
    pub(super) model: Option<&'a str>,
    /// in order of preference
    pub(super) models: &'a [String],
}

/// What served.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Served"))]
pub(crate) struct ServedDto<'a> {
    /// the endpoint's id
    pub(super) endpoint: &'a str,
    /// its canonical model
    pub(super) model: &'a str,
    /// what the provider calls the model; null: as the canonical name
    pub(super) native_model: Option<&'a str>,
    /// the provider
    pub(super) provider: &'a str,
    /// the key that pays
    pub(super) credential: CredentialDto<'a>,
}

/// What an answer used.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Usage"))]
pub(crate) struct UsageDto<'a> {
    /// tokens of input, cached ones included
    pub(super) input_tokens: u64,
    /// tokens of output, those of reasoning included
    pub(super) output_tokens: u64,
    /// tokens of input that were read from the cache
    pub(super) cached_input_tokens: u64,
    /// tokens of output that were reasoning
    pub(super) reasoning_tokens: u64,
    /// calls of tools that the provider ran
    pub(super) tools: BTreeMap<&'a str, ToolUseDto>,
}

/// A call that failed.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "FailedCall"))]
pub(crate) struct FailedCallDto<'a> {
    /// its class
    pub(super) class: &'a str,
    /// the HTTP status; null: there was none
    pub(super) status: Option<u16>,
    /// the endpoint's id
    pub(super) endpoint: &'a str,
    /// the key that pays
    pub(super) credential: CredentialDto<'a>,
    /// when it failed
    pub(super) phase: PhaseDto,
    /// tokens of output that came before
    pub(super) emitted_tokens: u64,
    /// what the provider asked to wait; null: nothing
    pub(super) retry_after_ms: Option<u64>,
    /// what the run waited before this call
    pub(super) waited_ms: u64,
    /// what it cost or may have cost; null: not known
    pub(super) cost: Option<MoneyText>,
}

/// What a credential was charged.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Charge"))]
pub(crate) struct ChargeDto<'a> {
    pub(super) provider: &'a str,
    pub(super) credential: CredentialDto<'a>,
    pub(super) cost: MoneyText,
}

/// What a run added to a budget: money as text for `spend`, a whole number for the rest.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "BudgetChange"))]
pub(crate) struct BudgetChangeDto<'a> {
    /// the budget's name
    pub(super) budget: &'a str,
    pub(super) kind: LimitDto,
    /// the value of its `per`, a list of several, null for none
    pub(super) per: PerDto<'a>,
    /// `minute`, `hour`, `day`, `week`, `month`, `total`; null for concurrency
    pub(super) period: Option<&'a str>,
    pub(super) added: AmountDto,
}

/// A threshold that a run crossed.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "AlertCrossed"))]
pub(crate) struct CrossedDto<'a> {
    pub(super) budget: &'a str,
    /// `50%`
    pub(super) crossed: String,
}

shape! {
    /// All that replaying a run needs beside policy and catalog.
    pub(crate) struct InputDto as "Input" {
        /// what was asked
        #[cfg_attr(feature = "schema", schemars(with = "crate::request::RequestDto"))]
        pub(super) request: Tree,
        /// what was known at the beginning
        #[cfg_attr(feature = "schema", schemars(with = "crate::context::ContextDto"))]
        pub(super) context: Tree,
        /// what the host told, in order
        #[cfg_attr(feature = "schema", schemars(with = "Vec<crate::outcome::ToldDto>"))]
        pub(super) outcomes: Vec<Tree>,
    }
}
