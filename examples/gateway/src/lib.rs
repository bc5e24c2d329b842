//! A small gateway with an API like OpenAI's, as a host of Faregate would write it.
//!
//! A request goes through [`config`] (who asks), `translate` (what is asked, for the engine), `run` (decide, call, wait,
//! call elsewhere, record), `upstream` (one call), `reply` (what the client sees of it) and `records`.

mod clock;
pub mod config;
mod errors;
mod events;
mod records;
mod reload;
mod reply;
mod run;
pub mod scripted;
mod server;
mod state;
mod tokens;
mod translate;
mod upstream;

pub use config::Config;
pub use server::{Running, start};

#[cfg(doctest)]
#[doc = include_str!("../../../docs/embedding.md")]
struct Guide;
