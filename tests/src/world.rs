//! Worlds: a policy set, a catalog, a request and a context that belong together.

use std::fmt;

use faregate::{Catalog, CatalogLayer, Context, Engine, PolicySet, Request};
use faregate_wire::{catalog_layer_to_node, context_to_node, request_to_node};
use proptest::prelude::{Strategy, any};

use crate::Draw;
use crate::generate::{self, Scope};

/// A policy set, a catalog, a request and a context.
#[derive(Clone)]
pub struct World {
    /// Name and text of each file.
    pub policies: Vec<(String, String)>,
    /// The layers of the catalog.
    pub catalog: Vec<CatalogLayer>,
    /// The request.
    pub request: Request,
    /// The context.
    pub context: Context,
    /// What the policy declares.
    pub scope: Scope,
    /// Bytes for whatever a test does to the world.
    pub spare: Vec<u8>,
}

/// Bytes of which a world is made: enough for the largest.
const BYTES: usize = 6000;

/// Returns random worlds.
pub fn worlds() -> impl Strategy<Value = World> {
    proptest::collection::vec(any::<u8>(), BYTES).prop_map(|bytes| World::draw(&mut Draw::new(&bytes)))
}

impl World {
    /// Makes a world.
    pub fn draw(draw: &mut Draw<'_>) -> Self {
        let spare = (0..160).map(|_| draw.byte()).collect();
        let mut request_bytes = draw.part(160);
        let mut context_bytes = draw.part(640);
        let wild = draw.percent(35);
        let catalog = generate::catalog(&mut draw.part(1400), wild);
        let (policies, scope) = generate::policy(draw, wild);
        let request = generate::request(&mut request_bytes, &scope);
        let context = generate::context(&mut context_bytes, &scope, &catalog, &request);
        Self { policies, catalog, request, context, scope, spare }
    }

    /// Returns the policy, where it loads.
    ///
    /// # Errors
    /// What the checker says.
    pub fn policy(&self) -> Result<PolicySet, String> {
        PolicySet::parse(self.policies.clone()).map_err(|found| format!("the policy does not load:\n{found}"))
    }

    /// Returns the merged catalog.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn merged(&self) -> Result<Catalog, String> {
        Catalog::new(self.catalog.clone()).map_err(|errors| format!("the catalog makes no sense: {errors:?}"))
    }

    /// Returns the engine.
    ///
    /// # Errors
    /// Why there is none.
    pub fn engine(&self) -> Result<Engine, String> {
        Engine::new(self.policy()?, self.merged()?).map_err(|e| e.to_string())
    }
}

impl fmt::Debug for World {
    /// Writes the world as the files of which it could be made again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, text) in &self.policies {
            writeln!(f, "--- {name}\n{text}")?;
        }
        for layer in &self.catalog {
            writeln!(f, "--- catalog\n{}", catalog_layer_to_node(layer).to_json())?;
        }
        writeln!(f, "--- request\n{}", request_to_node(&self.request).to_json())?;
        writeln!(f, "--- context\n{}", context_to_node(&self.context).to_json())
    }
}
