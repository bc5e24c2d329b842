//! The gateway over real sockets, against an upstream that fails in every way in which upstreams fail.
//!
//! Costs are worked out by hand. A word is a token; `one two three` has 3, and the answer `north/small heard: one two
//! three` has 5. Requests say that they have 5 tokens of input and want at most 10 of output. So an answer costs
//!
//! - at north, $1 and $2 per Mtok: 3 + 10 = 13 millionths; at most 5 + 20 = 25
//! - at east, twice as much: 26; at most 50
//! - at west, ten times as much: 130; at most 250

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what a test does not find is a failure of the test"
)]

mod answers;
mod clients;
mod files;
mod readme;
mod state;
mod streams;
mod world;
