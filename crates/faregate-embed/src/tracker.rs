//! What is remembered between requests.

use faregate::Refused;
use faregate_wire::{Node, context_to_node};

use crate::{Code, Data, Decision, Engine, Error, Run};

/// How often a decision is made anew because other runs were faster.
const TRIES: u32 = 16;

/// Keeps what `health` and budgets need, for all threads of a process. Copies share what they keep.
///
/// ```
/// use faregate_embed::{Engine, File, Tracker};
/// let policy = r#"policy p { language 1 }
///   budget team { per key.team requests 1 per minute }
///   workload rest { otherwise route { models "*" } }"#;
/// let catalog = "endpoints: [ { id: m/a@north, context_length: 9000, modalities: [text] } ]";
/// let engine = Engine::load(&[File::new("p.fare", policy)], &[catalog.into()]).unwrap();
/// let tracker = Tracker::new();
/// let (request, context) =
///     ("{ id: r1, input_tokens: 10 }".into(), "{ now: 2026-11-23T10:00:00Z, key: { team: support } }".into());
/// let first = tracker.admit(&engine, &request, &context).unwrap();
/// assert!(first.run.is_some());
/// let second = tracker.admit(&engine, &request, &context).unwrap();
/// assert_eq!(second.decision.denied(), Some(429), "the one request of this minute is held");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Tracker {
    inner: faregate::Tracker,
}

/// A decision for which what its run may add is held.
#[derive(Debug)]
#[non_exhaustive]
pub struct Admitted {
    /// The decision.
    pub decision: Decision,
    /// Its run; `None`: it is denied.
    pub run: Option<Run>,
}

impl Tracker {
    /// Returns a tracker that knows nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes what is known at `context.now` into a context: cooldowns and probes, and what budgets have counted. Returns the context.
    ///
    /// # Errors
    /// All faults of the request, or all of the context.
    pub fn fill(&self, engine: &Engine, request: &Data<'_>, context: &Data<'_>) -> Result<Node, Error> {
        let (request, mut context) = (request.request()?, context.context()?);
        self.inner.fill(&engine.inner, &request, &mut context);
        Ok(context_to_node(&context))
    }

    /// Holds what the run of a decision may add to budgets, and begins the run. `None`: the decision is a denial.
    ///
    /// # Errors
    /// Other runs were faster ([`Code::Refused`]): fill a fresh context and decide again.
    pub fn reserve(&self, decision: &Decision) -> Result<Option<Run>, Error> {
        match &decision.inner {
            faregate::Decision::Deny(_) => Ok(None),
            faregate::Decision::Route(plan) => {
                Ok(Some(Run::new(plan.run(), Some(self.inner.reserve(plan)?))))
            }
        }
    }

    /// Fills the context, decides, and holds what the run may add; again where other runs were faster.
    ///
    /// # Errors
    /// All faults of the request, or all of the context; others were faster again and again ([`Code::Refused`]), a 429.
    pub fn admit(&self, engine: &Engine, request: &Data<'_>, context: &Data<'_>) -> Result<Admitted, Error> {
        let (request, known) = (request.request()?, context.context()?);
        let mut last = None;
        for _ in 0..TRIES {
            let mut context = known.clone();
            self.inner.fill(&engine.inner, &request, &mut context);
            let decision = Decision { inner: engine.inner.decide(&request, &context) };
            match self.reserve(&decision) {
                Ok(run) => return Ok(Admitted { decision, run }),
                Err(refused) if refused.code() == Code::Refused => last = Some(refused),
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| Error::from(Refused::Budget(String::new()))))
    }
}
