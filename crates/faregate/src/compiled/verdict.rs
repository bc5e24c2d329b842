//! A decision as it was made, before it is written out.

use super::decide::by;
use super::expr::at;
use super::judge::Judge;
use super::scratch::{Answer, Planned, SHARED, Scratch};
use crate::engine::Engine;
use crate::{Context, Decision, DenialCode, Endpoint, Money, OwnCredential, Request};

/// What [`Engine::decide_with`] decided: who may be tried, in order, or why nobody. It lives in the scratch; what it is
/// asked for and does not know yet it works out then.
///
/// ```
/// use faregate::{Catalog, CatalogLayer, Context, EndpointRow, Engine, PolicySet, Request, Scratch};
/// let text = r#"policy demo { language 1 } workload rest { otherwise route { models "*" } }"#;
/// let mut row = EndpointRow::default();
/// row.id = Some("m/a@north".to_owned());
/// row.facts.context_length = Some(1000);
/// row.facts.modalities = Some(["text".to_owned()].into());
/// let mut layer = CatalogLayer::default();
/// layer.endpoints.push(row);
/// let policy = PolicySet::parse([("demo.fare", text)]).unwrap();
/// let engine = Engine::new(policy, Catalog::new(vec![layer]).unwrap()).unwrap();
/// let (request, context) =
///     (Request::new("r1", 100), Context::new("2026-11-23T10:00:00Z".parse().unwrap()));
/// let mut scratch = Scratch::new();
/// let verdict = engine.decide_with(&mut scratch, &request, &context);
/// assert_eq!(verdict.workload(), Some("rest"));
/// assert_eq!(verdict.attempts().map(|a| a.endpoint().id.as_str()).collect::<Vec<_>>(), ["m/a@north"]);
/// assert_eq!(verdict.explain(), engine.decide(&request, &context));
/// ```
#[derive(Clone, Copy)]
pub struct Verdict<'a> {
    engine: &'a Engine,
    scratch: &'a Scratch,
    request: &'a Request,
    context: &'a Context,
}

impl std::fmt::Debug for Verdict<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let attempts: Vec<&str> = self.attempts().map(|a| a.endpoint().id.as_str()).collect();
        f.debug_struct("Verdict").field("denial", &self.denial()).field("attempts", &attempts).finish()
    }
}

impl<'a> Verdict<'a> {
    pub(crate) fn new(
        engine: &'a Engine,
        scratch: &'a Scratch,
        request: &'a Request,
        context: &'a Context,
    ) -> Self {
        Self { engine, scratch, request, context }
    }

    /// Returns why the request may not go anywhere; `None`: it may.
    #[must_use]
    pub fn denial(&self) -> Option<DenialCode> {
        Some(match self.scratch.work.answer {
            Answer::Routed(_) => return None,
            Answer::Invalid => DenialCode::InvalidRequest,
            Answer::Missing(_) => DenialCode::MissingAttribute,
            Answer::Nothing => DenialCode::NoRoute,
            Answer::Refused(_) => DenialCode::Refused,
            Answer::Denied(_, code) => code,
        })
    }

    /// Returns the workload that decided; `None`: the request was denied before one was picked.
    #[must_use]
    pub fn workload(&self) -> Option<&'a str> {
        match self.scratch.work.answer {
            Answer::Refused(place) | Answer::Routed(place) | Answer::Denied(place, _) => {
                self.engine.policy().policy().workloads.get(at(place)).map(|w| w.name.as_str())
            }
            Answer::Invalid | Answer::Missing(_) | Answer::Nothing => None,
        }
    }

    /// Returns what may be tried, in order; nothing where the request is denied.
    pub fn attempts(&self) -> impl Iterator<Item = Choice<'a>> + use<'a> {
        let verdict = *self;
        let plan = match self.scratch.work.answer {
            Answer::Routed(_) => self.scratch.work.plan.as_slice(),
            _ => &[],
        };
        let endpoints = self.engine.catalog().endpoints();
        plan.iter().filter_map(move |planned| {
            Some(Choice { verdict, endpoint: endpoints.get(at(planned.place))?, planned })
        })
    }

    /// Writes the decision out, as [`Engine::decide`] does.
    #[must_use]
    pub fn explain(&self) -> Decision {
        self.engine.explained(self.scratch, self.request, self.context)
    }

    fn judge(&self) -> Option<Judge<'a>> {
        let Answer::Routed(place) = self.scratch.work.answer else { return None };
        let engine = self.engine;
        let judge = engine.compiled().judge_again(
            engine.policy().policy(),
            engine.catalog(),
            &self.scratch.eyes,
            self.request,
            self.context,
        )?;
        let by = by(&judge, place);
        Some(Judge { by, ..judge })
    }
}

/// One entry of a plan.
#[derive(Clone, Copy)]
pub struct Choice<'a> {
    verdict: Verdict<'a>,
    endpoint: &'a Endpoint,
    planned: &'a Planned,
}

impl std::fmt::Debug for Choice<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let own = self.credential().map(|own| own.id.as_str());
        f.debug_struct("Choice").field("endpoint", &self.endpoint().id).field("own", &own).finish()
    }
}

impl<'a> Choice<'a> {
    /// Returns the place of the endpoint in [`Catalog::endpoints`](crate::Catalog::endpoints).
    #[must_use]
    pub fn place(&self) -> usize {
        at(self.planned.place)
    }

    /// Returns the endpoint.
    #[must_use]
    pub fn endpoint(&self) -> &'a Endpoint {
        self.endpoint
    }

    /// Returns the own credential; `None`: the shared one.
    #[must_use]
    pub fn credential(&self) -> Option<&'a OwnCredential> {
        if self.planned.own == SHARED {
            return None;
        }
        self.verdict.context.credentials.get(at(self.planned.own))
    }

    /// Returns the tier, from 1.
    #[must_use]
    pub fn tier(&self) -> u32 {
        self.planned.tier
    }

    /// Returns what the attempt is expected to cost; `None`: unknown.
    #[must_use]
    pub fn expected_cost(&self) -> Option<Money> {
        self.planned.expected
    }

    /// Returns what it costs at most; `None`: unknown or no bound.
    #[must_use]
    pub fn worst_cost(&self) -> Option<Money> {
        let judge = self.verdict.judge()?;
        judge.worst(judge.candidate(self.planned.place, self.planned.own)?).value
    }

    /// Returns the output limit to send: the request's own, else what an `output` ceiling sets; `None`: none.
    #[must_use]
    pub fn max_output_tokens(&self) -> Option<u64> {
        let judge = self.verdict.judge()?;
        judge.output_limits(judge.candidate(self.planned.place, self.planned.own)?).0
    }
}
