//! Steps of a run as data.

use faregate::{Record, Step};
use serde::Serialize;

use crate::Node;
use crate::decision::{AttemptDto, InstantText};
use crate::record::RecordDto;
use crate::request::to_node;

/// Writes what a run asks for as JSON on one line: `step` is `try`, `wait`, `done` or `failed`, and beside it stands the
/// `attempt`, the instant `until` (also in milliseconds since 1970, as `until_ms`), or the `record`.
///
/// ```
/// use faregate::{Attempt, Step, Timestamp};
/// let wait = Step::Wait { until: Timestamp(1_500) };
/// assert_eq!(
///     faregate_wire::step_to_json(&wait),
///     r#"{"step":"wait","until":"1970-01-01T00:00:01.5Z","until_ms":1500}"#,
/// );
/// let call = Step::Try(Box::new(Attempt::new("m/a@north", "m/a", "north")));
/// assert!(faregate_wire::step_to_json(&call).starts_with(r#"{"step":"try","attempt":{"endpoint":"m/a@north","#));
/// ```
#[must_use]
pub fn step_to_json(step: &Step) -> String {
    // Nothing in the shape can fail to be written: no floats, no keys but texts.
    serde_json::to_string(&StepDto::from(step)).unwrap_or_default()
}

/// Returns what a run asks for as a tree, in the shape of [`step_to_json`].
///
/// ```
/// use faregate::{Step, Timestamp};
/// let node = faregate_wire::step_to_node(&Step::Wait { until: Timestamp(0) });
/// assert_eq!(node.get("step").unwrap().as_text(), Some("wait"));
/// ```
#[must_use]
pub fn step_to_node(step: &Step) -> Node {
    to_node(&StepDto::from(step))
}

/// What a run asks for.
#[derive(Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
enum StepDto<'a> {
    /// A call.
    Try { attempt: AttemptDto<'a> },
    /// Nothing before this instant.
    Wait { until: InstantText, until_ms: i64 },
    /// Nothing any more: an answer came.
    Done { record: RecordDto<'a> },
    /// Nothing any more: none came.
    Failed { record: RecordDto<'a> },
}

impl<'a> From<&'a Step> for StepDto<'a> {
    fn from(step: &'a Step) -> Self {
        let record = |record: &'a Record| RecordDto::from(record);
        match step {
            Step::Try(attempt) => Self::Try { attempt: AttemptDto::from(attempt.as_ref()) },
            Step::Wait { until } => Self::Wait { until: InstantText(*until), until_ms: until.0 },
            Step::Done(ended) => Self::Done { record: record(ended) },
            Step::Failed(ended) => Self::Failed { record: record(ended) },
        }
    }
}
