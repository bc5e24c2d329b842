//! The engine: a policy set and a catalog, and the decisions that follow from them.

use std::sync::Arc;

use crate::catalog::Catalog;
use crate::decision::Origin;
use crate::reference::{self, Inputs};
use crate::{Context, Decision, PolicySet, Request, RestoreError, Run, SavedRun, Why};

/// Decides requests. Immutable, `Send + Sync`, without clock, randomness, files or network.
///
/// Every decision ends, in time bounded by the size of policy and catalog.
/// Cheap to clone: copies share policy and catalog.
#[derive(Clone, Debug)]
pub struct Engine {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    policy: PolicySet,
    catalog: Catalog,
}

/// Why a policy and a catalog do not make an engine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {}

impl Engine {
    /// Binds a policy to a catalog.
    ///
    /// # Errors
    /// None today: what can be wrong with either is found when it is read. The result leaves room for limits of
    /// compiled engines.
    pub fn new(policy: PolicySet, catalog: Catalog) -> Result<Self, EngineError> {
        Ok(Self { inner: Arc::new(Inner { policy, catalog }) })
    }

    /// Decides a request: where it may go, or why it may not. The same inputs give the same decision.
    ///
    /// ```
    /// use faregate::{Catalog, Context, Decision, Engine, PolicySet, Request};
    /// let text = r#"policy demo { language 1 } workload rest { otherwise deny "closed" }"#;
    /// let policy = PolicySet::parse([("demo.fare", text)]).unwrap();
    /// let engine = Engine::new(policy, Catalog::new(Vec::new()).unwrap()).unwrap();
    /// let context = Context::new("2026-11-23T10:00:00Z".parse().unwrap());
    /// let Decision::Deny(denial) = engine.decide(&Request::new("r1", 100), &context) else { panic!() };
    /// assert_eq!(denial.message, "closed");
    /// ```
    #[must_use]
    pub fn decide(&self, request: &Request, context: &Context) -> Decision {
        let mut decision = reference::decide(self.inputs(), request, context);
        if let Decision::Route(plan) = &mut decision {
            plan.origin =
                Some(Origin { engine: self.clone(), request: request.clone(), context: context.clone() });
        }
        decision
    }

    /// Says of one endpoint, rule by rule, why it is where it is, also where no tier names its model. `None`: the
    /// catalog has no such endpoint, or the request is denied before endpoints are looked at.
    #[must_use]
    pub fn why(&self, request: &Request, context: &Context, endpoint: &str) -> Option<Why> {
        reference::why(self.inputs(), request, context, endpoint)
    }

    /// Makes a saved run go on.
    ///
    /// # Errors
    /// The run was begun under another policy or catalog, or its data make no sense.
    pub fn restore(&self, saved: SavedRun) -> Result<Run, RestoreError> {
        Run::restore(self, saved)
    }

    /// Whether two are copies of one engine.
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    fn inputs(&self) -> Inputs<'_> {
        Inputs {
            sources: self.inner.policy.sources(),
            policy: self.inner.policy.policy(),
            policy_digest: self.inner.policy.digest(),
            catalog: &self.inner.catalog,
        }
    }

    /// Returns the policy.
    #[must_use]
    pub fn policy(&self) -> &PolicySet {
        &self.inner.policy
    }

    /// Returns the catalog.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.inner.catalog
    }
}
