//! An engine that is replaced under traffic.

use std::sync::{PoisonError, RwLock};

use faregate_syntax::Diagnostics;

use crate::{Catalog, Context, Decision, Engine, EngineError, PolicySet, Request};

/// Holds the engine that serves, and lets another take its place while requests are decided.
///
/// A request takes the engine that serves at that moment and keeps it: policy and catalog of a decision, and of its run, are
/// of one engine, whatever is put in place meanwhile. What does not load never comes here: a text that is no policy gives no
/// [`PolicySet`], so that the old engine goes on serving and the host has the diagnostics in its hand.
///
/// ```
/// use faregate::{Catalog, Engine, Live, PolicySet};
/// let text = r#"policy p { language 1 } workload w { otherwise deny "first" }"#;
/// let policy = PolicySet::parse([("p.fare", text)]).unwrap();
/// let live = Live::new(Engine::new(policy, Catalog::new(Vec::new()).unwrap()).unwrap());
/// let before = live.engine();
///
/// // A typo: the old policy goes on serving, and the error is the whole report.
/// let broken = live.load_policy([("p.fare", text.replace("deny", "dney"))]).unwrap_err();
/// assert!(broken.to_string().contains("p.fare:1:"), "{broken}");
/// assert_eq!(live.engine().policy().digest(), before.policy().digest());
///
/// // A good one: requests to come are decided by it; those under way keep their engine.
/// live.load_policy([("p.fare", text.replace("first", "second"))]).unwrap();
/// assert_ne!(live.engine().policy().digest(), before.policy().digest());
/// ```
#[derive(Debug)]
pub struct Live {
    serving: RwLock<Engine>,
}

/// Why a policy does not come to serve. Its text is the whole report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The files are no policy.
    #[error(transparent)]
    Policy(#[from] Diagnostics),
    /// Policy and catalog make no engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Live {
    /// Returns a holder of this engine.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self { serving: RwLock::new(engine) }
    }

    /// Returns the engine that serves now, to be kept for a whole request. Cheap: policy and catalog are shared.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.serving.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Decides by the engine that serves now, as [`Engine::decide`] does; the plan keeps it for its run.
    #[must_use]
    pub fn decide(&self, request: &Request, context: &Context) -> Decision {
        self.engine().decide(request, context)
    }

    /// Lets another engine serve from now on, and returns the one that served before.
    pub fn replace(&self, engine: Engine) -> Engine {
        std::mem::replace(&mut *self.serving.write().unwrap_or_else(PoisonError::into_inner), engine)
    }

    /// Reads the files of a policy set and lets it serve with the catalog that serves now. Returns the engine of before.
    ///
    /// # Errors
    /// The files are no policy; what served goes on serving.
    pub fn load_policy<N: Into<String>, T: Into<String>>(
        &self,
        files: impl IntoIterator<Item = (N, T)>,
    ) -> Result<Engine, LoadError> {
        self.replace_policy(PolicySet::parse(files)?)
    }

    /// Lets a policy serve with the catalog that serves now. Returns the engine of before.
    ///
    /// # Errors
    /// Policy and catalog make no engine; what served goes on serving.
    pub fn replace_policy(&self, policy: PolicySet) -> Result<Engine, LoadError> {
        self.exchange(|serving| Engine::new(policy.clone(), serving.catalog().clone()))
    }

    /// Lets a catalog serve with the policy that serves now, which is not compiled again. Returns the engine of before.
    ///
    /// # Errors
    /// Policy and catalog make no engine; what served goes on serving.
    pub fn replace_catalog(&self, catalog: Catalog) -> Result<Engine, LoadError> {
        self.exchange(|serving| serving.with_catalog(catalog.clone()))
    }

    /// Builds an engine from the one that serves, outside the lock so that nobody waits, and puts it in place if that one still
    /// serves; else again, so that of a policy and a catalog that come at once neither is lost.
    fn exchange(&self, build: impl Fn(&Engine) -> Result<Engine, EngineError>) -> Result<Engine, LoadError> {
        loop {
            let before = self.engine();
            let engine = build(&before)?;
            let mut serving = self.serving.write().unwrap_or_else(PoisonError::into_inner);
            if serving.same_as(&before) {
                return Ok(std::mem::replace(&mut *serving, engine));
            }
        }
    }
}
