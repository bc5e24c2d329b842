//! Asserts equal answers, measures all rivals at all sizes, prints the table and writes the dated file.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use faregate::Engine;
use faregate_bench::alloc::{self, Counting};
use faregate_bench::job::{Job, Size};
use faregate_bench::measure::{self, Figures, Patience};
use faregate_bench::report::{self, Loading, Section, bytes, duration, rate, time};
use faregate_bench::rivals::{best, expected_answer, faregate as ours, plain};
#[cfg(feature = "engines")]
use faregate_bench::rivals::{cedar, cel, rego};
use faregate_bench::{market, traces};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const SIZES: [Size; 4] = [
    Size { rules: 10, endpoints: 50 },
    Size { rules: 100, endpoints: 250 },
    Size { rules: 1_000, endpoints: 1_000 },
    Size { rules: 10_000, endpoints: 2_500 },
];

const SEED: u64 = 20_261_123;
const REQUESTS: usize = 512;

/// What the command line asks for.
struct Options {
    /// A tenth of the time, to see whether it runs; writes no file.
    quick: bool,
    /// Only sizes of so many rules at most.
    most_rules: usize,
    /// Without the general engines.
    own: bool,
    traces: Option<PathBuf>,
    /// The built command, to time `check` with.
    command: Option<PathBuf>,
}

fn options() -> Options {
    let mut options = Options {
        quick: false,
        most_rules: usize::MAX,
        own: false,
        traces: std::env::var_os("FAREGATE_TRACES").map(PathBuf::from),
        command: std::env::var_os("FAREGATE_COMMAND").map(PathBuf::from),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => options.quick = true,
            "--own" => options.own = true,
            "--rules" => {
                options.most_rules = arguments.next().and_then(|n| n.parse().ok()).expect("--rules NUMBER");
            }
            "--traces" => options.traces = Some(arguments.next().expect("--traces FOLDER").into()),
            "--command" => options.command = Some(arguments.next().expect("--command FILE").into()),
            other => panic!("{other}: --quick, --own, --rules NUMBER, --traces FOLDER, --command FILE"),
        }
    }
    options
}

fn main() {
    let mut options = options();
    options.own |= !cfg!(feature = "engines");
    let unit = if options.quick { Duration::from_millis(100) } else { Duration::from_secs(1) };
    let mut text = head();
    print!("{text}");
    let mut say = |part: String| {
        print!("{part}");
        text.push_str(&part);
    };
    for size in SIZES.into_iter().filter(|s| s.rules <= options.most_rules) {
        say(report::section(&measure_size(size, unit, options.own)));
    }
    say(market_tables(unit));
    say(trace_table(options.traces.as_deref(), unit));
    say(check_line(options.command.as_deref()));
    if !options.quick && !options.own && options.most_rules == usize::MAX {
        let file = report::results_file();
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("the folder of results");
        std::fs::write(&file, &text).expect("the results are written");
        println!("written: {}", file.display());
    }
}

fn head() -> String {
    let versions = locked(&["cedar-policy", "regorus", "cel"]);
    format!(
        "# Benchmark\n\n{}- commit: {}\n- command: `cargo run --release` in `crates/faregate-bench`; FAREGATE_TRACES names the folder of traces, FAREGATE_COMMAND the built command\n- rivals: {versions}\n\n\
         What the numbers are not: they are no promise for other machines, and no verdict on Cedar, Rego and CEL, which \
         were made for other jobs and are asked here to filter and order thousands of endpoints. Preparing a request for \
         an engine is not timed. The machine is shared and virtual, so that times vary by some per cent; counts of \
         instructions do not (`counts.tsv`). The rules are made up; the market and its policies are real.\n\n\
         Mean is the fastest pass over all requests divided by their number; median and p99 are over requests, each with the \
         median of its own times, the clock's time taken off. × best compares means. Memory is what stays allocated after loading.\n\n",
        report::machine(),
        report::commit(),
    )
}

/// Reads the versions of some packages from the lock file.
fn locked(names: &[&str]) -> String {
    let lock = include_str!("../Cargo.lock");
    let version = |name: &&str| {
        let after = lock.split(&format!("name = \"{name}\"\nversion = \"")).nth(1)?;
        Some(format!("{name} {}", after.split('"').next()?))
    };
    names.iter().filter_map(version).collect::<Vec<_>>().join(", ")
}

#[cfg_attr(not(feature = "engines"), expect(unused_variables, reason = "there are only our own rivals"))]
fn measure_size(size: Size, unit: Duration, own: bool) -> Section {
    eprintln!("{} rules, {} endpoints …", size.rules, size.endpoints);
    let job = Job::new(size, REQUESTS, SEED);
    let admitted: usize = job.requests.iter().map(|r| expected_answer(&job, r).len()).sum();
    let patience = Patience { checking: 4 * unit, timing: 2 * unit };
    let mut figures: Vec<Figures> = Vec::new();
    {
        let (mut f, rival, inputs) = measure::rival::<ours::Faregate>("Faregate", &job, patience);
        f.threads = Some(measure::threads(&rival, &inputs, 2 * unit));
        figures.push(f);
    }
    {
        let (mut f, rival, inputs) = measure::rival::<best::Best>("Rust by hand, best", &job, patience);
        f.threads = Some(measure::threads(&rival, &inputs, 2 * unit));
        figures.push(f);
    }
    {
        let (mut f, rival, inputs) = measure::rival::<plain::Plain>("Rust by hand, plain", &job, patience);
        f.threads = Some(measure::threads(&rival, &inputs, 2 * unit));
        figures.push(f);
    }
    #[cfg(feature = "engines")]
    if !own {
        figures.push(measure::rival::<cedar::PerEndpoint>("Cedar, asked per endpoint", &job, patience).0);
        figures.push(measure::rival::<cedar::Partial>("Cedar, partially evaluated", &job, patience).0);
        figures.push(measure::rival::<rego::Rego>("Rego (regorus)", &job, patience).0);
        figures.push(measure::rival::<cel::Cel>("CEL (cel)", &job, patience).0);
    }
    Section {
        size,
        applying: job.rules_applying(),
        admitted: admitted as f64 / job.requests.len() as f64,
        figures,
        loading: loading(&job),
    }
}

fn loading(job: &Job) -> Loading {
    let texts = ours::policy_texts(job);
    let bytes = texts.iter().map(|(_, text)| text.len()).sum();
    let before = alloc::live();
    let start = Instant::now();
    let policy = ours::policy_of(texts);
    let parse = start.elapsed();
    let start = Instant::now();
    let catalog = ours::catalog(job);
    let catalog_time = start.elapsed();
    let start = Instant::now();
    let engine = Engine::new(policy, catalog).expect("an engine");
    let compile = start.elapsed();
    let memory = alloc::live() - before;
    let other = ours::catalog(job);
    let start = Instant::now();
    let rebound = engine.with_catalog(other).expect("an engine");
    let rebind = start.elapsed();
    drop(rebound);
    Loading { bytes, parse, catalog: catalog_time, compile, rebind, memory }
}

fn market_tables(unit: Duration) -> String {
    eprintln!("the market …");
    let (figures, loading) = market::measure(unit / 2);
    let mut text = format!(
        "## The market, {} endpoints, with the policies of `policies/`\n\nFaregate alone. Every decision was compared with the \
         reference, explanation included. `decide` writes the whole explanation out.\n\n",
        loading.endpoints
    );
    text.push_str("| policy | in the plan | excluded | median | mean | allocations | `decide`, median | its allocations |\n");
    text.push_str("| --- | --: | --: | --: | --: | --: | --: | --: |\n");
    for f in &figures {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {:.1} | {} | {:.0} |",
            f.set,
            f.attempts,
            f.excluded,
            time(f.median_ns),
            time(f.mean_ns),
            f.allocations,
            time(f.explained_ns),
            f.explained_allocations,
        );
    }
    let _ = writeln!(
        text,
        "\nCatalog: read {}, layers joined {}. Of all policies the longest: compiled {}, a new catalog under the same policy {}, \
         memory {} with its catalog.\n",
        duration(loading.read),
        duration(loading.catalog),
        duration(loading.compile),
        duration(loading.rebind),
        bytes(loading.memory),
    );
    let runs = market::runs(unit);
    let _ = writeln!(
        text,
        "A run of the support desk against overloaded providers, until none is left: `next` {} (median, {:.1} allocations), \
         `step` {} (median, {:.1} allocations).\n",
        time(runs.next.0),
        runs.next.1,
        time(runs.step.0),
        runs.step.1,
    );
    text
}

fn trace_table(folder: Option<&std::path::Path>, unit: Duration) -> String {
    eprintln!("the traces …");
    let (figures, missing) = traces::measure(folder, 2 * unit);
    let mut text = "## Recorded traffic through `policies/support.fare` on the market\n\n".to_owned();
    if !figures.is_empty() {
        text.push_str("| trace | requests | routed | a second, one core | median | p90 | p99 | p99.9 | longest | allocations |\n");
        text.push_str("| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n");
    }
    for f in &figures {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {:.2} |",
            f.trace,
            f.requests,
            f.routed,
            rate(f.rate),
            time(f.samples.at(0.5)),
            time(f.samples.at(0.9)),
            time(f.samples.at(0.99)),
            time(f.samples.at(0.999)),
            time(f.samples.at(1.0)),
            f.allocations,
        );
    }
    for message in &missing {
        let _ = writeln!(text, "{message}");
    }
    text.push('\n');
    text
}

/// Times `faregate check` on a policy of a thousand lines, the start of the process included.
fn check_line(command: Option<&std::path::Path>) -> String {
    let Some(command) = command else {
        return "`check`: skipped; FAREGATE_COMMAND or --command names no built command\n".to_owned();
    };
    let policy = ours::policy_text(&Job::new(Size { rules: 192, endpoints: 50 }, 1, SEED));
    let lines = policy.lines().count();
    let file = std::env::temp_dir().join(format!("faregate-bench-{}.fare", std::process::id()));
    std::fs::write(&file, policy).expect("a temporary file");
    let run = |_: &()| {
        let output =
            std::process::Command::new(command).arg("check").arg(&file).output().expect("the command runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run(&());
    let (samples, runs) = measure::each(&[()], Duration::from_secs(2), run);
    let _ = std::fs::remove_file(&file);
    format!(
        "`faregate check` of a policy of {lines} lines, process start included: {} (median of {runs}).\n",
        time(samples.at(0.5))
    )
}
