//! Tests by what goes in and what comes out.

mod decisions;
mod properties;
mod reading;
mod shapes;
