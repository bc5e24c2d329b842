//! The table, and the dated file that keeps it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::job::Size;
use crate::measure::Figures;

/// Figures of all rivals at one size.
pub struct Section {
    pub size: Size,
    /// How many rules apply to a request, how many endpoints remain, on average.
    pub applying: f64,
    pub admitted: f64,
    pub figures: Vec<Figures>,
    pub loading: Loading,
}

/// What Faregate needs to get ready, step by step.
pub struct Loading {
    pub bytes: usize,
    pub parse: Duration,
    pub catalog: Duration,
    pub compile: Duration,
    pub rebind: Duration,
    pub memory: i64,
}

/// Says a time in the unit in which it has one to three digits before the point.
pub fn time(ns: f64) -> String {
    match ns {
        n if n < 1e3 => format!("{n:.0} ns"),
        n if n < 1e4 => format!("{:.2} µs", n / 1e3),
        n if n < 1e6 => format!("{:.1} µs", n / 1e3),
        n if n < 1e7 => format!("{:.2} ms", n / 1e6),
        n if n < 1e9 => format!("{:.1} ms", n / 1e6),
        n => format!("{:.2} s", n / 1e9),
    }
}

pub fn duration(duration: Duration) -> String {
    time(duration.as_nanos() as f64)
}

pub fn bytes(bytes: i64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

pub fn rate(rate: f64) -> String {
    if rate < 1e4 {
        format!("{rate:.0}")
    } else if rate < 1e6 {
        format!("{:.0} k", rate / 1e3)
    } else {
        format!("{:.2} M", rate / 1e6)
    }
}

/// Returns the first line of what a command prints; `unknown` where it does not run.
pub fn first_line(command: &str, arguments: &[&str]) -> String {
    let output = Command::new(command).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let text =
        output.ok().filter(|o| o.status.success()).map(|o| String::from_utf8_lossy(&o.stdout).into_owned());
    let line = text.and_then(|t| t.lines().next().map(str::to_owned));
    line.unwrap_or_else(|| "unknown".to_owned())
}

/// Says what the figures come from: processor, system, compiler, commit.
pub fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|l| l.starts_with(name));
        line.and_then(|l| l.split(['=', ':']).nth(1)).map(|v| v.trim().trim_matches('"').to_owned())
    };
    let cpu = read("/proc/cpuinfo");
    let threads = cpu.lines().filter(|l| l.starts_with("processor")).count();
    let model = field(&cpu, "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let mhz = field(&cpu, "cpu MHz").unwrap_or_else(|| "?".to_owned());
    let kind = match (field(&cpu, "cpu family"), field(&cpu, "model\t")) {
        (Some(family), Some(model)) => format!(" (family {family}, model {model})"),
        _ => String::new(),
    };
    let system =
        field(&read("/etc/os-release"), "PRETTY_NAME").unwrap_or_else(|| std::env::consts::OS.to_owned());
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or("?");
    format!(
        "- machine: {model}{kind}, {threads} cores, {mhz} MHz, {system}; load average when begun {load}\n\
         - compiler: {}\n",
        first_line("rustc", &["--version"]),
    )
}

pub fn commit() -> String {
    let commit = first_line("git", &["rev-parse", "--short=10", "HEAD"]);
    let status = Command::new("git")
        .args(["status", "--porcelain", "--untracked-files=no"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    let clean = status.is_ok_and(|o| o.status.success() && o.stdout.is_empty());
    if clean { commit } else { format!("{commit}-changed") }
}

/// Returns where the results of this day and commit belong.
pub fn results_file() -> PathBuf {
    let today = first_line("date", &["+%Y-%m-%d"]);
    Path::new(env!("CARGO_MANIFEST_DIR")).join("results").join(format!("{today}-{}.md", commit()))
}

/// Writes the tables of one size.
pub fn section(section: &Section) -> String {
    let Size { rules, endpoints } = section.size;
    let mut text = format!(
        "## {rules} rules, {endpoints} endpoints\n\n{:.1} rules apply to a request and {:.0} endpoints remain, on average.\n\n",
        section.applying, section.admitted
    );
    let best = section.figures.iter().find(|f| f.name.contains("best")).map_or(f64::NAN, |f| f.mean_ns);
    text.push_str("| | median | p99 | mean | × best | allocations | load | memory | 1 thread | 2 threads | requests, decisions |\n");
    text.push_str("| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n");
    for f in &section.figures {
        let p99 = f.p99_ns.map_or("–".to_owned(), time);
        let (one, two) = f.threads.map_or(("–".to_owned(), "–".to_owned()), |(one, two)| {
            (format!("{}/s", rate(one)), format!("{}/s (× {:.2})", rate(two), two / one))
        });
        let _ = writeln!(
            text,
            "| {} | {} | {p99} | {} | {} | {:.1} | {} | {} | {one} | {two} | {}, {} |",
            f.name,
            time(f.median_ns),
            time(f.mean_ns),
            times(f.mean_ns / best),
            f.allocations,
            duration(f.load),
            bytes(f.memory),
            f.requests,
            f.decisions,
        );
    }
    let l = &section.loading;
    let _ = writeln!(
        text,
        "\nFaregate loads in steps: {} of policy parsed and checked {}, catalog {}, compiled {}; a new catalog under the \
         same policy {}. Memory of policy, catalog and engine: {}.\n",
        bytes(l.bytes as i64),
        duration(l.parse),
        duration(l.catalog),
        duration(l.compile),
        duration(l.rebind),
        bytes(l.memory),
    );
    text
}

/// Says how often one goes into the other.
pub fn times(factor: f64) -> String {
    match factor {
        f if f < 10.0 => format!("{f:.2}"),
        f if f < 100.0 => format!("{f:.1}"),
        f => format!("{f:.0}"),
    }
}
