//! Tests by what goes in and what comes out.

mod decisions;
mod golden;
mod properties;
mod reading;
mod runs;
mod saved;
#[cfg(feature = "schema")]
mod schemas;
mod shapes;
