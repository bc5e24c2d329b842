//! Writes all golden cases as JSON lines, a set of policies with its cases on each, with the bytes that the native engine gives, for
//! bindings of other languages to replay.

use std::io::{BufWriter, Write as _, stdout};

fn main() -> std::io::Result<()> {
    let mut out = BufWriter::new(stdout().lock());
    for set in faregate_tests::replay::replays() {
        writeln!(out, "{}", set.to_json())?;
    }
    out.flush()
}
