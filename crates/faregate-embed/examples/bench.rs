//! What a small decision takes natively, from texts to JSON, to be compared with the bindings: the world of
//! `tests/javascript/first.mjs`. `cargo run --release -p faregate-embed --example bench`

use std::time::{Duration, Instant};

use faregate_embed::{Data, Engine, Error, File};

const POLICY: &str = r"
policy p { language 1 }
workload chat {
  otherwise
  route { models requested }
  fallback { other provider on rate_limit }
}
";
const CATALOG: &str = r#"{"endpoints":[{"id":"m/a@north","context_length":9000,"modalities":["text"]},{"id":"m/a@south","context_length":9000,"modalities":["text"]}]}"#;
const REQUEST: &str = r#"{"id":"r1","model":"m/a","input_tokens":120}"#;
const CONTEXT: &str = r#"{"now":"2026-11-23T10:00:00Z"}"#;

fn main() -> Result<(), Error> {
    let engine = Engine::load(&[File::new("p.fare", POLICY)], &[Data::Text(CATALOG)])?;
    let mut least = Duration::MAX;
    for _ in 0..20 {
        let begun = Instant::now();
        for _ in 0..5000 {
            let decision = engine.decide(&Data::Text(REQUEST), &Data::Text(CONTEXT))?;
            std::hint::black_box(decision.json());
        }
        least = least.min(begun.elapsed());
    }
    println!("native, texts in, JSON out: {} ns", least.as_nanos().checked_div(5000).unwrap_or(0));
    Ok(())
}
