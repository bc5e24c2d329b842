//! The command line.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::{Exit, Failure, Surroundings};

/// Policies for gateways that send requests to large language models.
///
/// A policy says which workload may go to which model and provider, at what price, and what may replace it. `faregate`
/// decides requests by it, checks it and tests it.
#[derive(Debug, Parser)]
#[command(name = "faregate", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a first policy with its tests, its catalog, a manifest and a job for CI.
    Init(Init),
    /// Decide requests: where each may go, or why it may not.
    Decide(Decide),
    /// Play a whole run against scripted outcomes, step by step.
    Rehearse(Rehearse),
    /// Check policies without deciding anything.
    Check(Check),
    /// Format policies; there is one layout.
    Fmt(Fmt),
    /// Run golden cases: `*.test.yaml` files.
    Test(Test),
    /// Decide each invariant over all requests: proved, or a smallest request that breaks it.
    Prove(Prove),
    /// Tell every way in which decisions of two policies, or over two catalogs, differ; nothing means proved equal.
    Diff(Diff),
    /// Tell what a code means: of a diagnostic, of a reason or a denial in a decision, or a class of error.
    Explain(Explain),
    /// Import catalogs of endpoints and prices.
    Catalog(Catalog),
    /// Print the JSON Schema of a shape.
    Schema(Schema),
    /// Print a script that completes this command's words in a shell.
    Completions(Completions),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  faregate decide policies/support.fare --catalog policies/catalogs/market.yaml \\\n      \
                        --catalog policies/catalogs/data-terms.yaml --request policies/requests/chat.yaml"
)]
pub(crate) struct Decide {
    /// Files of the policy set, in order.
    #[arg(required = true, value_name = "POLICY")]
    pub(crate) policies: Vec<PathBuf>,
    /// A catalog; several are laid over one another in order.
    #[arg(long = "catalog", required = true, value_name = "FILE")]
    pub(crate) catalogs: Vec<PathBuf>,
    /// Requests, with their contexts or without; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) request: PathBuf,
    /// The context of requests that bring none; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) context: Option<PathBuf>,
    /// Tell of one endpoint, rule by rule, why it is where it is.
    #[arg(long, value_name = "ENDPOINT")]
    pub(crate) why: Option<String>,
    /// How to write the decision.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// Exit with 1 where a request is denied.
    #[arg(long)]
    pub(crate) fail_on_deny: bool,
    /// Decide by the reference, the plain interpreter of the language: slow, and the same answer.
    #[arg(long)]
    pub(crate) reference: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example of outcomes:\n  - { error: rate_limit, retry_after: 3s, took: 120ms }\n  \
                        - { ok: { input_tokens: 1200, output_tokens: 250 }, took: 2s }")]
pub(crate) struct Rehearse {
    /// Files of the policy set, in order.
    #[arg(required = true, value_name = "POLICY")]
    pub(crate) policies: Vec<PathBuf>,
    /// A catalog; several are laid over one another in order.
    #[arg(long = "catalog", required = true, value_name = "FILE")]
    pub(crate) catalogs: Vec<PathBuf>,
    /// One request, with its context or without; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) request: PathBuf,
    /// The context of a request that brings none.
    #[arg(long, value_name = "FILE")]
    pub(crate) context: Option<PathBuf>,
    /// How each call ends, in order.
    #[arg(long, value_name = "FILE")]
    pub(crate) outcomes: PathBuf,
    /// Append the run's record to this file, as one line of JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    /// How to write what happened.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// Decide by the reference, the plain interpreter of the language: slow, and the same answer.
    #[arg(long)]
    pub(crate) reference: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Where to; else here. Nothing is overwritten.
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  faregate explain many-calls\n  faregate explain rate_limit")]
pub(crate) struct Explain {
    /// The code; without one, all codes are listed.
    #[arg(value_name = "CODE")]
    pub(crate) code: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// SARIF 2.1.0, for code hosts.
    Sarif,
    /// Workflow commands of GitHub Actions.
    Github,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TestFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// JUnit's XML, for CI.
    Junit,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Exit: 0 where nothing is wrong, 1 where there are errors, and with `--diff` also where something would \
                        change.\n\nExamples:\n  faregate check policies --deny warnings\n  faregate check policies --diff            \
                        what `--fix` would change\n  faregate check policies --fix             change it\n  \
                        faregate check policies --diff --unsafe   what a person should look at first"
)]
pub(crate) struct Check {
    /// Policies, or folders: a folder means the sets of its `faregate.yaml`, else each policy in it by itself.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// A catalog to check against; several are laid over one another in order.
    #[arg(long = "catalog", value_name = "FILE")]
    pub(crate) catalogs: Vec<PathBuf>,
    /// Take all policies named as one set, in order.
    #[arg(long)]
    pub(crate) set: bool,
    /// The day by which waivers and sunsets are dated, as 2026-11-23; else that of the catalog.
    #[arg(long, value_name = "DATE")]
    pub(crate) now: Option<String>,
    /// Take `warnings`, or one code, as errors. May be given several times.
    #[arg(long, value_name = "CODE")]
    pub(crate) deny: Vec<String>,
    /// Follow clocks, weekdays and zones too where conditions are held to one another, which takes longer.
    #[arg(long)]
    pub(crate) thorough: bool,
    /// Mend what can be mended without changing what a policy means, and report what is left.
    #[arg(long)]
    pub(crate) fix: bool,
    /// With --fix or --diff: mend also where the meaning may change, such as a misspelt name. Look at it before.
    #[arg(long = "unsafe")]
    pub(crate) also_unsafe: bool,
    /// Print what --fix would change as a unified diff, and change nothing; exit with 1 where there is something.
    #[arg(long, conflicts_with = "format")]
    pub(crate) diff: bool,
    /// How to write the findings.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: CheckFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Fmt {
    /// Policies or folders; `-` formats standard input to standard output.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Change nothing; exit with 1 where a file is not formatted.
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Exit: 0 where every case passes and every threshold is met, 1 otherwise.\n\nExamples:\n  \
                        faregate test policies\n  faregate test policies --watch\n  \
                        faregate test policies --coverage --coverage-threshold 100\n  \
                        faregate test policies --mutate              which changes no case notices"
)]
pub(crate) struct Test {
    /// Files of cases, or folders that are searched for `*.test.yaml`.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Run only cases whose name holds this text; may be given several times.
    #[arg(long = "name", value_name = "TEXT")]
    pub(crate) names: Vec<String>,
    /// Run the cases again whenever a policy, a case, a catalog or a manifest changes, until Ctrl-C.
    #[arg(long, conflicts_with_all = ["format", "mutate"])]
    pub(crate) watch: bool,
    /// Say which rules, which outcomes of conditions and which codes the cases reach.
    #[arg(long)]
    pub(crate) coverage: bool,
    /// Exit with 1 where fewer than this many percent of the rules are reached.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(..=100))]
    pub(crate) coverage_threshold: Option<u8>,
    /// Write the coverage to this file in the form of lcov.
    #[arg(long, value_name = "FILE")]
    pub(crate) lcov: Option<PathBuf>,
    /// Change each condition, bound, list and rule of the policies, one at a time, and say which change no case notices. Exit with 1
    /// where there is one.
    #[arg(long)]
    pub(crate) mutate: bool,
    /// With --mutate: exit with 1 only where fewer than this many percent of the changes are noticed.
    #[arg(long, value_name = "PERCENT", requires = "mutate", value_parser = clap::value_parser!(u8).range(..=100))]
    pub(crate) mutate_threshold: Option<u8>,
    /// With --mutate: begin no change later than this after the start, such as 2m. Those left out are counted.
    #[arg(long, value_name = "DURATION", requires = "mutate")]
    pub(crate) within: Option<String>,
    /// How to write the results.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: TestFormat,
    /// Decide by the reference, the plain interpreter of the language: slow, and the same answer.
    #[arg(long)]
    pub(crate) reference: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Exit: 0 where every invariant is proved, 1 where one is broken or undecided.\n\nExamples:\n  \
                        faregate prove policies                    the sets of policies/faregate.yaml\n  \
                        faregate prove policies/ci.fare --catalog policies/catalogs/market.yaml"
)]
pub(crate) struct Prove {
    /// Files of one policy set, in order; or folders, which mean the sets of their `faregate.yaml`.
    #[arg(required = true, value_name = "POLICY")]
    pub(crate) policies: Vec<PathBuf>,
    /// A catalog; several are laid over one another in order, over those of a manifest.
    #[arg(long = "catalog", value_name = "FILE")]
    pub(crate) catalogs: Vec<PathBuf>,
    /// Look only at invariants whose name holds this text; may be given several times.
    #[arg(long = "name", value_name = "TEXT")]
    pub(crate) names: Vec<String>,
    /// How to write the answers.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Exit: 0 where nothing differs but words, or nothing in the directions of --fail-on; 1 where something does, or is \
                        undecided.\n\nExamples:\n  \
                        faregate diff old.fare new.fare --catalog market.yaml\n  \
                        faregate diff chat.fare chat.fare --catalog market.yaml --catalog-new market-of-today.yaml\n  \
                        faregate diff base/policies policies --fail-on looser,dearer --format markdown"
)]
pub(crate) struct Diff {
    /// The policy as it was: a file, or a folder, which means the sets of its `faregate.yaml`.
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,
    /// The policy as it is to be; may be the same where catalogs are compared.
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
    /// A catalog of both; several are laid over one another in order, over those of a manifest.
    #[arg(long = "catalog", value_name = "FILE")]
    pub(crate) catalogs: Vec<PathBuf>,
    /// A catalog of the new side alone, in place of those of `--catalog`; several are laid over one another.
    #[arg(long = "catalog-new", value_name = "FILE")]
    pub(crate) catalogs_new: Vec<PathBuf>,
    /// Exit with 1 only where something differs in one of these directions, or is undecided.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "DIRECTIONS")]
    pub(crate) fail_on: Vec<DiffDirection>,
    /// How to write the differences.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: DiffFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For pull requests.
    Markdown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffDirection {
    /// A request may go where it might not.
    Looser,
    /// A request may not go where it might.
    Tighter,
    /// The same costs more.
    Dearer,
    /// The same costs less.
    Cheaper,
    /// The same is tried in another order.
    Order,
    /// Other retries, moves or limits of time.
    Retries,
    /// Denied with another code.
    Denial,
    /// Only what is said of a decision.
    Words,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  faregate completions bash > ~/.local/share/bash-completion/completions/faregate"
)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Catalog {
    #[command(subcommand)]
    pub(crate) command: CatalogCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    /// Make a catalog from somebody's price list.
    Import(Import),
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Whose list it is.
    #[arg(long, value_enum)]
    pub(crate) from: Source,
    /// The list: a folder or an archive (.tar.gz).
    #[arg(value_name = "PATH")]
    pub(crate) source: PathBuf,
    /// Which names mean which model, and other choices: a file like policies/catalogs/model-names.yaml.
    #[arg(long, value_name = "FILE")]
    pub(crate) names: PathBuf,
    /// Where to write the catalog; else to standard output.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The version of the list, for the heading: `commit f3fc692`.
    #[arg(long, value_name = "TEXT")]
    pub(crate) origin: Option<String>,
    /// The day of the list, as 2026-11-23; else the newest day in it.
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Source {
    /// The TOML tree of models.dev.
    ModelsDev,
}

#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Which shape: request, context, catalog, decision, case, record, outcomes.
    #[arg(value_name = "SHAPE")]
    pub(crate) shape: String,
}

/// `faregate completions`
pub(crate) fn completions(args: &Completions, surroundings: &mut Surroundings<'_>) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Arguments::command(), "faregate", &mut script);
    surroundings.out.write_all(&script)?;
    Ok(Exit::Done)
}
