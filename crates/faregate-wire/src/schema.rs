//! JSON Schemas of our shapes, from the types that read and write them.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::catalog::CatalogDto;
use crate::context::ContextDto;
use crate::decision::DecisionDto;
use crate::golden::CaseFileDto;
use crate::outcome::ScriptedDto;
use crate::record::RecordDto;
use crate::request::RequestDto;

/// A script of a run: how its calls end, one after the other.
#[derive(schemars::JsonSchema)]
#[schemars(rename = "Outcomes", untagged, deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is looked at")]
enum ScriptFile {
    List(Vec<ScriptedDto>),
    Wrapped { outcomes: Vec<ScriptedDto> },
}

/// A shape of which there is a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// What is asked.
    Request,
    /// What is known at the moment.
    Context,
    /// A layer of the market.
    Catalog,
    /// What comes out.
    Decision,
    /// A file of golden cases.
    Case,
    /// What happened in a run.
    Record,
    /// A script of outcomes.
    Outcomes,
}

impl Shape {
    /// All shapes.
    pub const ALL: [Self; 7] = [
        Self::Request,
        Self::Context,
        Self::Catalog,
        Self::Decision,
        Self::Case,
        Self::Record,
        Self::Outcomes,
    ];

    /// Returns its name: `request`, `context`, `catalog`, `decision`, `case`, `record`, `outcomes`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Context => "context",
            Self::Catalog => "catalog",
            Self::Decision => "decision",
            Self::Case => "case",
            Self::Record => "record",
            Self::Outcomes => "outcomes",
        }
    }

    /// Returns the shape of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shape| shape.name() == name)
    }
}

/// Returns the JSON Schema (draft 2020-12) of a shape.
///
/// ```
/// use faregate_wire::{Shape, schema};
/// let request = schema(Shape::Request);
/// assert_eq!(request["required"], serde_json::json!(["id", "input_tokens"]));
/// assert_eq!(request["additionalProperties"], false);
/// ```
#[must_use]
pub fn schema(shape: Shape) -> Value {
    let reading = || SchemaGenerator::new(SchemaSettings::draft2020_12().for_deserialize());
    let writing = || SchemaGenerator::new(SchemaSettings::draft2020_12().for_serialize());
    let schema = match shape {
        Shape::Request => reading().into_root_schema_for::<RequestDto>(),
        Shape::Context => reading().into_root_schema_for::<ContextDto>(),
        Shape::Catalog => reading().into_root_schema_for::<CatalogDto>(),
        Shape::Decision => writing().into_root_schema_for::<DecisionDto<'static>>(),
        Shape::Case => reading().into_root_schema_for::<CaseFileDto>(),
        Shape::Record => writing().into_root_schema_for::<RecordDto<'static>>(),
        Shape::Outcomes => reading().into_root_schema_for::<ScriptFile>(),
    };
    schema.into()
}
