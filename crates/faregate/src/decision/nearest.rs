//! What would have to change for somebody to be admitted.

use std::fmt;

use faregate_syntax::ast::CompareOp;

/// The smallest change of a policy that would admit a candidate of a denied request.
///
/// As text it has the form that decisions are written with:
///
/// ```
/// use faregate::{
///     Catalog, CatalogLayer, Context, Decision, EndpointRow, Engine, Nearest, PolicySet, Request, Timestamp,
/// };
///
/// let policy = PolicySet::parse([(
///     "small.fare",
///     "policy small { language 1 } workload rest { otherwise route { models \"m/*\" } ceiling { output 400 } }",
/// )])?;
/// let mut endpoint = EndpointRow::default();
/// endpoint.id = Some("m/a@north".to_owned());
/// endpoint.facts.context_length = Some(10_000);
/// endpoint.facts.modalities = Some(["text".to_owned()].into());
/// let mut layer = CatalogLayer::default();
/// layer.endpoints = vec![endpoint];
/// let engine = Engine::new(policy, Catalog::new(vec![layer])?)?;
///
/// let mut request = Request::new("r1", 100);
/// request.max_output_tokens = Some(500);
/// let Decision::Deny(denial) = engine.decide(&request, &Context::new(Timestamp(0))) else { panic!() };
/// let nearest = denial.nearest.unwrap();
/// assert_eq!(nearest.to_string(), "ceiling output: 400 -> 500 admits 1");
/// assert!(matches!(nearest, Nearest::Bound { admits: 1, op: None, .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Nearest {
    /// A bound that is moved.
    #[non_exhaustive]
    Bound {
        /// Which bound: `ceiling completion`, `budget team-month spend`, `require endpoint.uptime`.
        what: String,
        /// How a comparison bounds; `None`: from above, as ceilings and budgets do.
        op: Option<CompareOp>,
        /// The bound as it is, as a policy writes it.
        from: String,
        /// What it would have to be.
        to: String,
        /// How many candidates that admits, at least 1.
        admits: usize,
    },
    /// A rule that is taken away.
    #[non_exhaustive]
    Without {
        /// Which rule: `guardrail NAME`, `budget NAME`, or a statement of the workload with its place.
        rule: String,
        /// How many candidates that admits, at least 1.
        admits: usize,
    },
}

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bound { what, from, to, admits, .. } => write!(f, "{what}: {from} -> {to} admits {admits}"),
            Self::Without { rule, admits } => write!(f, "without {rule} admits {admits}"),
        }
    }
}
