//! An engine that is replaced under traffic.

use crate::engine::{catalog, policy};
use crate::{Code, Data, Engine, Error, File};

/// Holds the engine that serves. What does not load leaves the one of before in force; no decision sees half of a change.
///
/// ```
/// use faregate_embed::{Engine, File, Live};
/// let text = r#"policy p { language 1 } workload w { otherwise deny "first" }"#;
/// let live = Live::new(&Engine::load(&[File::new("p.fare", text)], &[]).unwrap());
/// let before = live.engine();
/// assert!(live.load_policy(&[File::new("p.fare", "policy")]).is_err());
/// assert_eq!(live.engine().policy_digest(), before.policy_digest());
/// live.load_policy(&[File::new("p.fare", &text.replace("first", "second"))]).unwrap();
/// assert_ne!(live.engine().policy_digest(), before.policy_digest());
/// ```
#[derive(Debug)]
pub struct Live {
    inner: faregate::Live,
}

impl Live {
    /// Returns a holder of this engine.
    #[must_use]
    pub fn new(engine: &Engine) -> Self {
        Self { inner: faregate::Live::new(engine.inner.clone()) }
    }

    /// Returns the engine that serves now, to be kept for a whole request. Cheap.
    #[must_use]
    pub fn engine(&self) -> Engine {
        Engine { inner: self.inner.engine() }
    }

    /// Lets another engine serve from now on.
    pub fn replace(&self, engine: &Engine) {
        let _before = self.inner.replace(engine.inner.clone());
    }

    /// Lets another policy set serve with the catalog that serves now.
    ///
    /// # Errors
    /// All faults of the policy set; what served goes on serving.
    pub fn load_policy(&self, files: &[File<'_>]) -> Result<(), Error> {
        self.inner.replace_policy(policy(files)?).map(drop).map_err(|error| refused(&error))
    }

    /// Lets another catalog serve with the policy set that serves now, which is not compiled again.
    ///
    /// # Errors
    /// All faults of the catalog; what served goes on serving.
    pub fn load_catalog(&self, layers: &[Data<'_>]) -> Result<(), Error> {
        self.inner.replace_catalog(catalog(layers)?).map(drop).map_err(|error| refused(&error))
    }
}

fn refused(error: &faregate::LoadError) -> Error {
    Error::one(Code::InvalidPolicy, None, error.to_string())
}
