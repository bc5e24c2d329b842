//! Recorded traffic as a stream of requests: the Azure trace of 2023 and Mooncake's of 2025.
//!
//! The traces have sizes and instants and nothing else. Each line becomes the support desk's example request with the
//! line's input; what came out is what is expected, and the limit is the next power of two above it, at least 256. The
//! policy is `policies/support.fare` on the real market.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use faregate::{Context, Engine, Request, Scratch, Timestamp};

use crate::alloc;
use crate::market;
use crate::measure::{Samples, each, passes};

pub struct Figures {
    pub trace: &'static str,
    pub requests: usize,
    pub routed: usize,
    /// Requests a second on one core.
    pub rate: f64,
    pub samples: Samples,
    pub allocations: f64,
}

/// Measures the traces that are there; for each that is not, a message.
pub fn measure(folder: Option<&Path>, time: Duration) -> (Vec<Figures>, Vec<String>) {
    let Some(folder) = folder else {
        return (Vec::new(), vec!["traces: skipped; FAREGATE_TRACES or --traces names no folder".to_owned()]);
    };
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    type Read = fn(&str) -> Vec<Line>;
    let traces: [(&str, &str, Read); 2] = [
        ("Azure 2023, conversation", "azure2023/AzureLLMInferenceTrace_conv.csv", azure),
        ("Mooncake 2025, conversation", "mooncake/conversation_trace.jsonl", mooncake),
    ];
    for (name, file, read) in traces {
        match std::fs::read_to_string(folder.join(file)) {
            Ok(text) => found.push(one(name, &read(&text), time)),
            Err(e) => missing.push(format!("{name}: skipped; {file}: {e}")),
        }
    }
    (found, missing)
}

/// A line of a trace: milliseconds since its beginning, input, output.
pub struct Line {
    pub ms: i64,
    pub input: u64,
    pub output: u64,
}

/// `TIMESTAMP,ContextTokens,GeneratedTokens`, the instant as `2023-11-16 18:15:46.6805900`.
pub fn azure(text: &str) -> Vec<Line> {
    let mut first = None;
    let parse = |line: &str| {
        let mut fields = line.split(',');
        let stamp: Timestamp = format!("{}Z", fields.next()?.replace(' ', "T")).parse().ok()?;
        let start = *first.get_or_insert(stamp.0);
        Some(Line {
            ms: stamp.0 - start,
            input: fields.next()?.trim().parse().ok()?,
            output: fields.next()?.trim().parse().ok()?,
        })
    };
    text.lines().skip(1).filter_map(parse).collect()
}

/// `{"timestamp": ms, "input_length": n, "output_length": n, "hash_ids": [...]}`, a line each.
pub fn mooncake(text: &str) -> Vec<Line> {
    let parse = |line: &str| {
        let row: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(Line {
            ms: row.get("timestamp")?.as_i64()?,
            input: row.get("input_length")?.as_u64()?,
            output: row.get("output_length")?.as_u64()?,
        })
    };
    text.lines().filter_map(parse).collect()
}

fn one(trace: &'static str, lines: &[Line], time: Duration) -> Figures {
    let (_, policy, mut requests) =
        market::sets().into_iter().find(|(set, ..)| set == "support").expect("support");
    let engine = Engine::new(policy, market::market()).expect("an engine");
    let (template, mut context): (Request, Context) = requests.swap_remove(0);
    let start = context.now;
    let stream: Vec<(Request, i64)> = lines
        .iter()
        .enumerate()
        .map(|(number, line)| {
            let mut request = template.clone();
            request.id = format!("trace-{number}");
            request.input_tokens = line.input;
            request.expected_output_tokens = Some(line.output);
            request.max_output_tokens = Some(line.output.next_power_of_two().max(256));
            (request, line.ms)
        })
        .collect();
    let mut scratch = Scratch::new();
    let mut routed = 0;
    for (at, (request, ms)) in stream.iter().enumerate() {
        context.now = Timestamp(start.0 + ms);
        let verdict = engine.decide_with(&mut scratch, request, &context);
        routed += usize::from(verdict.denial().is_none());
        // The reference is slow: every hundredth is compared with it.
        if at % 100 == 0 {
            let explained = verdict.explain();
            assert!(explained == engine.decide_by_reference(request, &context), "{trace}: line {at}");
        }
    }
    let mut decide = |(request, ms): &(Request, i64)| {
        context.now = Timestamp(start.0 + ms);
        black_box(engine.decide_with(&mut scratch, black_box(request), &context).attempts().count());
    };
    let calls = alloc::calls();
    stream.iter().for_each(&mut decide);
    let allocations = (alloc::calls() - calls) as f64 / stream.len() as f64;
    let (samples, _) = each(&stream, time, &mut decide);
    let rate = 1e9 / passes(&stream, time, &mut decide);
    Figures { trace, requests: stream.len(), routed, rate, samples, allocations }
}
