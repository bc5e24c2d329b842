//! Decisions as columns.

use std::sync::{Arc, LazyLock};

use arrow_array::builder::{Decimal128Builder, Int32Builder, ListBuilder, StringBuilder};
use arrow_array::{ArrayRef, StructArray};
use arrow_schema::{DataType, Field, Fields};
use faregate::{Money, Request, Verdict};
use faregate_embed::Error;
use faregate_wire::decision_to_json;

/// Of the 38 digits that Arrow's decimals have, those behind the point: as many as the engine counts with.
const DECIMALS: i8 = 24;
const DIGITS: u8 = 38;
/// The largest amount with as many digits, almost 10^14 dollars.
const MOST: i128 = 10_i128.pow(DIGITS as u32).saturating_sub(1);

static FIELDS: LazyLock<Vec<Field>> = LazyLock::new(|| {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let money = |name: &str| Field::new(name, DataType::Decimal128(DIGITS, DECIMALS), true);
    vec![
        text("request", false),
        text("outcome", false),
        Field::new("status", DataType::Int32, false),
        text("denial", true),
        text("workload", true),
        text("endpoint", true),
        text("model", true),
        text("provider", true),
        money("expected_cost"),
        money("worst_cost"),
        Field::new("attempts", DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))), false),
    ]
});

/// Returns the columns of an answer, in order.
pub(crate) fn fields(explain: bool) -> Fields {
    let mut fields = FIELDS.clone();
    if explain {
        fields.push(Field::new("decision", DataType::Utf8, false));
    }
    fields.into()
}

/// The columns, as they grow.
pub(crate) struct Answers {
    request: StringBuilder,
    outcome: StringBuilder,
    status: Int32Builder,
    denial: StringBuilder,
    workload: StringBuilder,
    endpoint: StringBuilder,
    model: StringBuilder,
    provider: StringBuilder,
    expected_cost: Decimal128Builder,
    worst_cost: Decimal128Builder,
    attempts: ListBuilder<StringBuilder>,
    decision: Option<StringBuilder>,
    /// Bytes that the longest column of texts has at most.
    bytes: usize,
}

impl Answers {
    pub(crate) fn new(rows: usize, explain: bool) -> Self {
        let money =
            || Decimal128Builder::with_capacity(rows).with_data_type(DataType::Decimal128(DIGITS, DECIMALS));
        Self {
            request: StringBuilder::new(),
            outcome: StringBuilder::new(),
            status: Int32Builder::with_capacity(rows),
            denial: StringBuilder::new(),
            workload: StringBuilder::new(),
            endpoint: StringBuilder::new(),
            model: StringBuilder::new(),
            provider: StringBuilder::new(),
            expected_cost: money(),
            worst_cost: money(),
            attempts: ListBuilder::new(StringBuilder::new()),
            decision: explain.then(StringBuilder::new),
            bytes: 0,
        }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// The answer grows beyond what a batch holds.
    pub(crate) fn push(&mut self, request: &Request, verdict: &Verdict<'_>) -> Result<(), Error> {
        let denial = verdict.denial();
        let mut row = request.id.len();
        self.request.append_value(&request.id);
        self.outcome.append_value(if denial.is_some() { "deny" } else { "route" });
        self.status.append_value(denial.map_or(200, |code| code.status().into()));
        self.denial.append_option(denial.map(faregate::DenialCode::as_str));
        self.workload.append_option(verdict.workload());
        let first = verdict.attempts().next();
        let endpoint = first.as_ref().map(faregate::Choice::endpoint);
        self.endpoint.append_option(endpoint.map(|e| e.id.as_str()));
        self.model.append_option(endpoint.map(|e| e.model.as_str()));
        self.provider.append_option(endpoint.map(|e| e.provider.as_str()));
        self.expected_cost.append_option(units(first.as_ref().and_then(faregate::Choice::expected_cost)));
        self.worst_cost.append_option(units(first.as_ref().and_then(faregate::Choice::worst_cost)));
        for attempt in verdict.attempts() {
            let id = &attempt.endpoint().id;
            self.attempts.values().append_value(id);
            row = row.saturating_add(id.len());
        }
        self.attempts.append(true);
        let json = self.decision.is_some().then(|| decision_to_json(&verdict.explain()));
        self.bytes = self.bytes.saturating_add(row.max(json.as_ref().map_or(0, String::len)));
        // A column of texts counts its bytes in 31 bits.
        if i32::try_from(self.bytes).is_err() {
            return Err(Error::argument("requests", "the answer has more than 2 GB; decide smaller batches"));
        }
        if let (Some(decision), Some(json)) = (&mut self.decision, json) {
            decision.append_value(json);
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<StructArray, Error> {
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.request.finish()),
            Arc::new(self.outcome.finish()),
            Arc::new(self.status.finish()),
            Arc::new(self.denial.finish()),
            Arc::new(self.workload.finish()),
            Arc::new(self.endpoint.finish()),
            Arc::new(self.model.finish()),
            Arc::new(self.provider.finish()),
            Arc::new(self.expected_cost.finish()),
            Arc::new(self.worst_cost.finish()),
            Arc::new(self.attempts.finish()),
        ];
        let rows = columns.first().map_or(0, |column| column.len());
        let explain = self.decision.is_some();
        columns.extend(self.decision.map(|mut decision| Arc::new(decision.finish()) as ArrayRef));
        StructArray::try_new_with_length(fields(explain), columns, None, rows)
            .map_err(|error| Error::internal(&error.to_string()))
    }
}

/// Returns the digits of a cost; `None` also for one of 10^14 dollars or more, which only `decision` can tell.
fn units(cost: Option<Money>) -> Option<i128> {
    cost.map(|Money(cost)| cost.units()).filter(|units| *units <= MOST)
}
