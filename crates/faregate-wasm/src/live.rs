//! An engine that is replaced under traffic.

use faregate_embed::{Engine, Live};

use crate::handles::thing;
use crate::memory::given;
use crate::reply::{NOTHING, files, handle, layers, pairs, reply};

/// Makes a holder of an engine: `{"live":5}`.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_live_new(engine: u32) -> u64 {
    reply(|| Ok(handle(Some(Live::new(&*thing::<Engine>(engine)?)))))
}

/// Gives the engine that serves now, to be kept for a whole request: `{"engine":6}`. Cheap.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_live_engine(live: u32) -> u64 {
    reply(|| Ok(handle(Some(thing::<Live>(live)?.engine()))))
}

/// Lets another engine serve from now on. The answer is `null`.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_live_replace(live: u32, engine: u32) -> u64 {
    reply(|| {
        let live = thing::<Live>(live)?;
        live.replace(&*thing::<Engine>(engine)?);
        Ok(NOTHING.to_owned())
    })
}

/// Lets another policy set serve with the catalog that serves now; what does not load leaves the one of before in force. The
/// argument is a JSON list, `[["p.fare","…"]]`; the answer is `null`.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_live_load_policy(live: u32, at: u32, len: u32) -> u64 {
    reply(|| {
        let live = thing::<Live>(live)?;
        let policies = given("policies", at, len).data(|data| data.tree("policies"))?;
        live.load_policy(&files(&pairs("policies", &policies)?))?;
        Ok(NOTHING.to_owned())
    })
}

/// Lets other catalogs serve with the policy set that serves now, which is not compiled again. The argument is a JSON list; the
/// answer is `null`.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_live_load_catalog(live: u32, at: u32, len: u32) -> u64 {
    reply(|| {
        let live = thing::<Live>(live)?;
        let catalogs = given("catalogs", at, len).data(|data| data.tree("catalogs"))?;
        live.load_catalog(&layers("catalogs", &catalogs)?)?;
        Ok(NOTHING.to_owned())
    })
}
