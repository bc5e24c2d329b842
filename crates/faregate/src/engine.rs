//! The engine: a policy set and a catalog, and the decisions that follow from them.

use std::sync::{Arc, OnceLock};

use crate::catalog::Catalog;
use crate::compiled::{Compiled, Scratch, Verdict};
use crate::decision::Origin;
use crate::reference::{self, Inputs};
use crate::watch::{Watch, Watched};
use crate::{Context, Decision, PolicySet, Request, RestoreError, Run, SavedRun, Why};

/// Decides requests. Immutable, `Send + Sync`, without clock, randomness, files or network.
///
/// Every decision ends, in time bounded by the size of policy and catalog, and grows with what the request touches.
/// Cheap to clone: copies share policy and catalog.
#[derive(Clone, Debug)]
pub struct Engine {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    policy: Arc<PolicySet>,
    catalog: Catalog,
    /// Made with the engine; without the feature `compiled`, when it is first asked for.
    compiled: OnceLock<Compiled>,
}

/// Whether decisions and runs go by the reference, since this is a build without the feature `compiled`.
pub(crate) const BY_REFERENCE: bool = cfg!(not(feature = "compiled"));

/// Why a policy and a catalog do not make an engine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {}

impl Engine {
    /// Compiles a policy and binds it to a catalog.
    ///
    /// # Errors
    /// None today: what can be wrong with either is found when it is read. The result leaves room for limits of
    /// compiled engines.
    pub fn new(policy: PolicySet, catalog: Catalog) -> Result<Self, EngineError> {
        Ok(Self::of(Arc::new(policy), catalog, |policy, catalog| Compiled::new(policy.policy(), catalog)))
    }

    fn of(
        policy: Arc<PolicySet>,
        catalog: Catalog,
        compile: impl FnOnce(&PolicySet, &Catalog) -> Compiled,
    ) -> Self {
        let compiled = OnceLock::new();
        if !BY_REFERENCE {
            let _ = compiled.set(compile(&policy, &catalog));
        }
        Self { inner: Arc::new(Inner { policy, catalog, compiled }) }
    }

    /// Binds the same policy to another catalog, without compiling it again.
    ///
    /// ```
    /// use faregate::{Catalog, Engine, PolicySet};
    /// let text = r#"policy demo { language 1 } workload rest { otherwise deny "closed" }"#;
    /// let policy = PolicySet::parse([("demo.fare", text)]).unwrap();
    /// let engine = Engine::new(policy, Catalog::new(Vec::new()).unwrap()).unwrap();
    /// let fresh = engine.with_catalog(Catalog::new(Vec::new()).unwrap()).unwrap();
    /// assert_eq!(fresh.policy().digest(), engine.policy().digest());
    /// ```
    ///
    /// # Errors
    /// None today, as [`Engine::new`].
    pub fn with_catalog(&self, catalog: Catalog) -> Result<Self, EngineError> {
        let policy = Arc::clone(&self.inner.policy);
        Ok(Self::of(policy, catalog, |policy, catalog| self.compiled().rebound(policy.policy(), catalog)))
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
        if BY_REFERENCE {
            return self.decide_by_reference(request, context);
        }
        let mut scratch = Scratch::new();
        self.decide_with(&mut scratch, request, context).explain()
    }

    /// Decides a request as [`Engine::decide`] does, and says only what a gateway needs to act. Once `scratch` has seen
    /// a few requests, nothing is put on the heap.
    ///
    /// Three things still are: a request that brings ceilings of its own (`max_price`), a budget that counts by a number,
    /// and a balance that sticks to a number.
    ///
    /// ```
    /// use faregate::{Catalog, Context, DenialCode, Engine, PolicySet, Request, Scratch};
    /// let text = r#"policy demo { language 1 } workload rest { otherwise deny "closed" }"#;
    /// let policy = PolicySet::parse([("demo.fare", text)]).unwrap();
    /// let engine = Engine::new(policy, Catalog::new(Vec::new()).unwrap()).unwrap();
    /// let context = Context::new("2026-11-23T10:00:00Z".parse().unwrap());
    /// let (request, mut scratch) = (Request::new("r1", 100), Scratch::new());
    /// assert_eq!(engine.decide_with(&mut scratch, &request, &context).denial(), Some(DenialCode::Refused));
    /// ```
    #[must_use]
    pub fn decide_with<'a>(
        &'a self,
        scratch: &'a mut Scratch,
        request: &'a Request,
        context: &'a Context,
    ) -> Verdict<'a> {
        let Inner { policy, catalog, .. } = &*self.inner;
        self.compiled().decide(policy.policy(), catalog, scratch, request, context);
        Verdict::new(self, scratch, request, context)
    }

    /// Decides a request by the reference: the plain interpreter that says what the language means. Slow; the answer is
    /// that of [`Engine::decide`], or one of the two is wrong.
    ///
    /// ```
    /// use faregate::{Catalog, Context, Engine, PolicySet, Request};
    /// let text = r#"policy demo { language 1 } workload rest { otherwise deny "closed" }"#;
    /// let policy = PolicySet::parse([("demo.fare", text)]).unwrap();
    /// let engine = Engine::new(policy, Catalog::new(Vec::new()).unwrap()).unwrap();
    /// let (request, context) =
    ///     (Request::new("r1", 100), Context::new("2026-11-23T10:00:00Z".parse().unwrap()));
    /// assert_eq!(engine.decide(&request, &context), engine.decide_by_reference(&request, &context));
    /// ```
    #[must_use]
    pub fn decide_by_reference(&self, request: &Request, context: &Context) -> Decision {
        self.with_origin(reference::decide(self.inputs(), request, context), request, context, true)
    }

    pub(crate) fn explained(&self, scratch: &Scratch, request: &Request, context: &Context) -> Decision {
        let decision = self.compiled().explain(self.inputs(), scratch, request, context);
        self.with_origin(decision, request, context, false)
    }

    fn with_origin(
        &self,
        mut decision: Decision,
        request: &Request,
        context: &Context,
        by_reference: bool,
    ) -> Decision {
        if let Decision::Route(plan) = &mut decision {
            let (engine, request, context) = (self.clone(), request.clone(), context.clone());
            plan.origin = Some(Origin { engine, request, context, by_reference });
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

    /// Returns this engine with somebody who is told which conditions and rules its decisions and runs look at.
    ///
    /// It decides by the reference, so it is slow; the decisions are the same.
    #[must_use]
    pub fn watched(&self, watch: Arc<dyn Watch>) -> Watched {
        let policy = Arc::new(self.inner.policy.watched(watch));
        let catalog = self.inner.catalog.clone();
        Watched::new(Self::of(policy, catalog, |policy, catalog| Compiled::new(policy.policy(), catalog)))
    }

    pub(crate) fn compiled(&self) -> &Compiled {
        let Inner { policy, catalog, compiled } = &*self.inner;
        compiled.get_or_init(|| Compiled::new(policy.policy(), catalog))
    }

    /// Whether two are copies of one engine.
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    fn inputs(&self) -> Inputs<'_> {
        Inputs {
            sources: self.inner.policy.sources(),
            policy: self.inner.policy.policy(),
            watch: self.inner.policy.policy().watch(),
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
