//! Writes a made-up policy set with a catalog, as large as asked for, to measure `prove`, `diff` and `check` on:
//! `grown GUARDRAILS WORKLOADS ENDPOINTS FOLDER` gives `old.fare`, `new.fare`, in which one guardrail
//! says `and` for `or`, and `market.yaml`.

#![expect(clippy::expect_used, reason = "a tool for measurements: what it cannot do, it says")]
#![expect(clippy::arithmetic_side_effects, reason = "what is counted here is small")]

use std::fmt::Write as _;
use std::path::PathBuf;

/// Providers of the made-up market; every model is at three of them.
const PROVIDERS: usize = 12;
/// Labels that requests carry.
const LABELS: [&str; 6] = ["pii", "phi", "pci", "source", "legal", "public"];

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [guardrails, workloads, endpoints, folder] =
        <[String; 4]>::try_from(arguments).expect("GUARDRAILS WORKLOADS ENDPOINTS FOLDER");
    let [guardrails, workloads, endpoints] =
        [guardrails, workloads, endpoints].map(|n| n.parse::<usize>().expect("a number"));
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder)?;
    let old = policy(guardrails, workloads, endpoints.div_ceil(3), false);
    let new = policy(guardrails, workloads, endpoints.div_ceil(3), true);
    std::fs::write(folder.join("old.fare"), old)?;
    std::fs::write(folder.join("new.fare"), new)?;
    std::fs::write(folder.join("market.yaml"), market(endpoints))
}

/// Models come in families of ten, which workloads name by pattern.
fn model(number: usize) -> String {
    format!("f{}/m{number}", number / 10)
}

fn policy(guardrails: usize, workloads: usize, models: usize, changed: bool) -> String {
    let names: Vec<String> = (0..workloads).map(|n| format!("job-{n}")).collect();
    let mut text = format!(
        "policy grown {{ language 1 }}\n\ndeclare {{\n  request.workload one_of {}\n  request.data set_of {}\n}}\n\n",
        names.join(", "),
        LABELS.join(", "),
    );
    for (n, label) in LABELS.iter().cycle().take(guardrails).enumerate() {
        let provider = format!("\"p{}\"", n % PROVIDERS);
        let rule = match n % 3 {
            0 => format!(
                "when request.data includes {label} require endpoint.zdr or endpoint.provider == {provider}"
            ),
            1 => format!(
                "when request.input_tokens > {} and request.data includes {label} forbid endpoint.provider == {provider}",
                1000 * (n + 1)
            ),
            _ => format!(
                "when request.data includes {label} forbid endpoint.trains and endpoint.provider == {provider}"
            ),
        };
        // One that requires, about a third of the way down, is the one that is changed.
        let rule = if changed && n == guardrails / 3 / 3 * 3 { rule.replace(" or ", " and ") } else { rule };
        writeln!(text, "guardrail g{n} {{ {rule} }}").expect("written");
    }
    let families = models.div_ceil(10).max(1);
    for (n, name) in names.iter().enumerate() {
        let [first, second] = [n * 2 % families, (n * 2 + 1) % families];
        write!(
            text,
            "\nworkload {name} {{\n  when request.workload == {name}\n  route {{\n    models \"f{first}/*\", \"f{second}/*\"\n    \
             order by price\n    credentials own then shared\n  }}\n  \
             ceiling {{ attempt $0.25  run $0.60 }}\n  fallback {{\n    other provider on timeout, provider_error\n    other model on rate_limit\n    at most 2 moves\n  }}\n  \
             retry {{ on rate_limit 2 times wait 1s  at most 6 calls }}\n}}\n"
        )
        .expect("written");
    }
    text + "\nworkload rest { otherwise deny \"not a job of ours\" }\n\n\
        invariant kept { for request.data includes pii always endpoint.zdr or endpoint.provider == \"p0\" }\n\
        invariant dear { always cost <= $0.60 }\n\
        invariant few { always calls <= 6 }\n\
        invariant choice { for workload job-0 always at least 2 providers }\n"
}

fn market(endpoints: usize) -> String {
    let mut text = "catalog: { name: grown, as_of: 2026-11-20 }\nendpoints:\n".to_owned();
    for n in 0..endpoints {
        let (model, provider) = (model(n / 3), (n / 3 * 5 + n % 3 * 4) % PROVIDERS);
        let price = 100 + n * 7 % 1900;
        let zdr = if n % 4 == 0 {
            ""
        } else if n % 3 == 0 {
            " zdr: false,"
        } else {
            " zdr: true,"
        };
        writeln!(
            text,
            "  - {{ id: {model}@p{provider}, model: {model}, provider: p{provider}, context_length: {}, max_output_tokens: 8000, \
             supports: [tools], modalities: [text],{zdr} trains: {}, prices: {{ prompt: \"0.{price:09}\", completion: \"0.{:09}\" }} }}",
            16_000 * (1 + n % 8),
            n % 5 == 0,
            price * 4,
        )
        .expect("written");
    }
    text
}
