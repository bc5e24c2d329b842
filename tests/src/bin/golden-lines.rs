//! Writes all golden cases as JSON lines, a set of policies with its cases on each, with the bytes that the native engine gives, for
//! bindings of other languages to replay. With a number as the argument, that many random worlds in place of the golden cases.

#![expect(clippy::expect_used, reason = "a tool for tests: what it cannot read, it says")]

use std::io::{BufWriter, Write as _, stdout};

fn main() -> std::io::Result<()> {
    let mut out = BufWriter::new(stdout().lock());
    let sets = match std::env::args().nth(1) {
        Some(count) => faregate_tests::replay::random(count.parse().expect("a number of worlds")),
        None => faregate_tests::replay::replays(),
    };
    for set in sets {
        writeln!(out, "{}", set.to_json())?;
    }
    out.flush()
}
