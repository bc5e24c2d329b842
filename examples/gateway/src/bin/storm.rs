//! Many clients at once, a tenth of upstream calls failing: is every answer right, every record there, every budget exact,
//! and memory flat?
//!
//! Gateway, upstream and clients run in this process and talk over sockets. Prints figures; fails if one of them is off.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use faregate::{Counted, Key, Money};
use faregate_gateway::scripted::{Act, Call, Upstream};
use faregate_gateway::{Config, Running, start};
use serde_json::{Value, json};

/// Many clients at once, and an upstream that fails now and then.
#[derive(Parser)]
struct Arguments {
    /// How long, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// How many clients at once.
    #[arg(long, default_value_t = 200)]
    clients: u64,
    /// One of so many upstream calls fails.
    #[arg(long, default_value_t = 10)]
    fail_one_in: u64,
}

const TEAMS: [&str; 4] = ["blue", "green", "red", "white"];

/// What clients saw.
#[derive(Default)]
struct Seen {
    /// Whole answers.
    answers: u64,
    /// Requests that ended in an error, and said so.
    errors: u64,
    /// Anything else.
    wrong: Vec<String>,
    /// The sum of the decision ids, whatever their order.
    ids: u128,
    /// What whole answers cost, by team, as the client is told.
    told: BTreeMap<&'static str, Money>,
}

/// What the records say.
#[derive(Default)]
struct Recorded {
    records: u64,
    ids: u128,
    /// What runs added to the budget of their team, and how many calls.
    spent: BTreeMap<String, (Money, u64)>,
    /// The costs of runs that succeeded.
    succeeded: BTreeMap<String, Money>,
    calls: u64,
    failed_calls: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    match storm(&Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn storm(arguments: &Arguments) -> Result<bool, String> {
    let one_in = arguments.fail_one_in.max(1);
    let chooser = Box::new(move |_: &Call, number: u64| fault(number, one_in));
    let upstream = Upstream::choosing("127.0.0.1:0", chooser).await.map_err(|e| e.to_string())?;
    let records = std::env::temp_dir().join(format!("faregate-storm-{}.jsonl", std::process::id()));
    let gateway = Arc::new(start(config(&upstream, &records)?).await?);
    let began = Instant::now();
    let ends = began.checked_add(Duration::from_secs(arguments.seconds)).ok_or("too long")?;
    let clients: Vec<_> = (0..arguments.clients)
        .map(|number| tokio::spawn(client(format!("http://{}/v1", gateway.address), number, ends)))
        .collect();
    let memory = tokio::spawn(watch_memory(ends));
    let mut seen = Seen::default();
    for client in clients {
        seen.add(client.await.map_err(|e| e.to_string())??);
    }
    let took = began.elapsed();
    let counted = counted(&gateway);
    let memory = memory.await.map_err(|e| e.to_string())?;
    Arc::into_inner(gateway).ok_or("the gateway is in use")?.stop().await;
    let recorded = read(&records)?;
    drop(std::fs::remove_file(&records));
    Ok(report(arguments, &seen, &recorded, &counted, &memory, took, upstream.count()))
}

/// Every so manyth call fails, in each of the ways in turn.
fn fault(number: u64, one_in: u64) -> Act {
    let (turn, rest) = (number.checked_div(one_in).unwrap_or(0), number.checked_rem(one_in).unwrap_or(0));
    let status = |status, retry_after: Option<&str>| Act::Status {
        status,
        retry_after: retry_after.map(str::to_owned),
        code: None,
    };
    match (rest, turn.checked_rem(8).unwrap_or(0)) {
        (1.., _) => Act::Answer,
        (_, 0) => status(429, Some("0.02")),
        (_, 1) => status(500, None),
        (_, 2) => status(503, None),
        (_, 3) => Act::Reset,
        (_, 4) => Act::Cut(3),
        (_, 5) => Act::Malformed(0),
        (_, 6) => Act::ErrorEvent(2, "server_error".to_owned()),
        (_, _) => Act::NoFinish,
    }
}

fn config(upstream: &Upstream, records: &Path) -> Result<Config, String> {
    let base = format!("http://{}", upstream.address);
    let providers =
        ["north", "east", "west"].map(|p| format!("  {p}: {{ base_url: '{base}/{p}/v1' }}\n")).concat();
    let key =
        |team: &str| format!("  - {{ id: '{team}', secret_env: '{team}', team: '{team}', data: [] }}\n");
    let keys = TEAMS.map(key).concat();
    let records = records.display();
    let text = format!(
        "listen: 127.0.0.1:0\npolicies: [storm.fare]\ncatalogs: [catalog.yaml]\nrecords: '{records}'\n\
         providers:\n{providers}keys:\n{keys}"
    );
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("storm");
    Config::parse(&text, &folder, &|name| Some(format!("secret-of-{name}")))
}

/// Asks one question after the other and compares each answer with what it must be.
async fn client(base: String, number: u64, ends: Instant) -> Result<Seen, String> {
    let http = reqwest::Client::builder().no_proxy().build().map_err(|e| e.to_string())?;
    let at = usize::try_from(number.checked_rem(4).unwrap_or(0)).unwrap_or(0);
    let team = TEAMS.get(at).copied().unwrap_or("blue");
    let mut seen = Seen::default();
    let mut question: u64 = 0;
    while Instant::now() < ends {
        question = question.saturating_add(1);
        let text = format!("question {question} of client {number}");
        let streams = question.checked_rem(4) != Some(0);
        let workload = if question.checked_rem(2) == Some(0) { "report" } else { "chat" };
        let body = json!({
            "model": "storm/a", "max_tokens": 50, "stream": streams,
            "messages": [{ "role": "user", "content": text }],
        });
        let request = http.post(format!("{base}/chat/completions")).bearer_auth(format!("secret-of-{team}"));
        let response = request.header("x-faregate-workload", workload).body(body.to_string()).send().await;
        let response = response.map_err(|e| format!("{e:?}"))?;
        let header = |name: &str| {
            let value = response.headers().get(name).and_then(|v| v.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (status, endpoint, cost) =
            (response.status(), header("x-faregate-endpoint"), header("x-faregate-cost"));
        let id = header("x-faregate-decision");
        seen.ids = seen.ids.wrapping_add(number_of(&id));
        let answer = response.text().await.map_err(|e| format!("{id}: {e:?}"))?;
        let provider = endpoint.rsplit('@').next().unwrap_or_default();
        let expected = format!("{provider}/a heard: {text}");
        match judge(status.as_u16(), streams, &answer, &expected, &cost) {
            Ok(Some(cost)) => {
                seen.answers = seen.answers.saturating_add(1);
                add(seen.told.entry(team).or_insert(Money::ZERO), cost);
            }
            Ok(None) => seen.errors = seen.errors.saturating_add(1),
            Err(what) => seen.wrong.push(format!("{id}: {what}: {answer}")),
        }
    }
    Ok(seen)
}

/// What a response is: an answer and its cost, an error that says so, or (`Err`) something that must not be.
fn judge(
    status: u16,
    streams: bool,
    text: &str,
    expected: &str,
    cost: &str,
) -> Result<Option<Money>, String> {
    let parse = |text: &str| serde_json::from_str::<Value>(text).map_err(|e| e.to_string());
    if status != 200 {
        let error = parse(text)?;
        return if error.pointer("/error/message").is_some() { Ok(None) } else { Err("no error".to_owned()) };
    }
    let (mut said, mut failed, mut done, mut cost) = (String::new(), false, !streams, cost.to_owned());
    if streams {
        for event in text.split("\n\n").filter(|event| !event.is_empty()) {
            if done || failed {
                return Err("more after the end".to_owned());
            }
            match event.strip_prefix("data: ") {
                Some("[DONE]") => done = true,
                Some(data) => {
                    let chunk = parse(data)?;
                    failed = chunk.get("error").is_some();
                    let delta = chunk.pointer("/choices/0/delta/content").and_then(Value::as_str);
                    said.push_str(delta.unwrap_or_default());
                }
                None => {
                    event.strip_prefix(": faregate cost=").ok_or("what is that")?.clone_into(&mut cost);
                }
            }
        }
    } else {
        let answer = parse(text)?;
        said = answer
            .pointer("/choices/0/message/content")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
    }
    match (done, failed) {
        (true, false) if said == expected => {
            Ok(Some(cost.parse().map_err(|_| format!("the cost is {cost}"))?))
        }
        (false, true) if expected.starts_with(&said) => Ok(None),
        _ => Err(format!("expected {expected}")),
    }
}

/// What the tracker has counted for each team: money and calls; `None` where something is still held.
fn counted(gateway: &Running) -> BTreeMap<String, (Money, u64)> {
    let mut counted = BTreeMap::new();
    for team in TEAMS {
        let mut key = Key::default();
        key.team = Some(team.to_owned());
        let (mut money, mut calls) = (Money::ZERO, 0);
        for row in gateway.known(&key).budgets.unwrap_or_default() {
            match (row.counted, row.reserved) {
                (Counted::Spend(spent), None) => money = spent,
                (Counted::Requests(made), None) => calls = made,
                // What is held after the last run has ended is a fault, and shows as one.
                _ => return BTreeMap::new(),
            }
        }
        counted.insert(team.to_owned(), (money, calls));
    }
    counted
}

fn read(path: &Path) -> Result<Recorded, String> {
    let mut read = Recorded::default();
    let file = std::fs::File::open(path).map_err(|e| e.to_string())?;
    for line in BufReader::new(file).lines() {
        let record: Value =
            serde_json::from_str(&line.map_err(|e| e.to_string())?).map_err(|e| e.to_string())?;
        let text = |path: &str| record.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let count = |path: &str| record.pointer(path).and_then(Value::as_u64).unwrap_or(0);
        read.records = read.records.saturating_add(1);
        read.ids = read.ids.wrapping_add(number_of(text("/record")));
        read.calls = read.calls.saturating_add(count("/calls"));
        let failed = record.get("errors").and_then(Value::as_array).map_or(0, Vec::len);
        read.failed_calls = read.failed_calls.saturating_add(u64::try_from(failed).unwrap_or(u64::MAX));
        let team = text("/input/context/key/team").to_owned();
        let spent = read.spent.entry(team.clone()).or_insert((Money::ZERO, 0));
        add(&mut spent.0, text("/cost").parse().map_err(|_| "a cost")?);
        spent.1 = spent.1.saturating_add(count("/calls"));
        if text("/outcome") == "success" {
            let sum = read.succeeded.entry(team).or_insert(Money::ZERO);
            add(sum, text("/cost").parse().map_err(|_| "a cost")?);
        }
    }
    Ok(read)
}

fn report(
    arguments: &Arguments,
    seen: &Seen,
    recorded: &Recorded,
    counted: &BTreeMap<String, (Money, u64)>,
    memory: &[u64],
    took: Duration,
    upstream_calls: u64,
) -> bool {
    let wrong = u64::try_from(seen.wrong.len()).unwrap_or(u64::MAX);
    let requests = seen.answers.saturating_add(seen.errors).saturating_add(wrong);
    let each_once = recorded.records == requests && recorded.ids == seen.ids;
    let told: BTreeMap<String, Money> = seen.told.iter().map(|(team, m)| ((*team).to_owned(), *m)).collect();
    let exact = *counted == recorded.spent && told == recorded.succeeded;
    let calls = recorded.calls == upstream_calls;
    // After the first quarter, in which pools and buffers fill, the most may be a tenth above the least.
    let settled = memory.get(memory.len() / 4..).unwrap_or_default();
    let (least, most) = (settled.iter().min().copied(), settled.iter().max().copied());
    let flat = least.zip(most).is_some_and(|(l, m)| m <= l.saturating_add(l / 10).saturating_add(4));
    let per_second = u128::from(requests).saturating_mul(1000).checked_div(took.as_millis()).unwrap_or(0);
    let verdict = |good: bool| if good { "yes" } else { "NO" };
    println!(
        "{} clients, {} s: {requests} requests, {per_second} a second",
        arguments.clients,
        took.as_secs()
    );
    println!("  {} whole answers, {} errors that say so, {wrong} wrong", seen.answers, seen.errors);
    println!("  {upstream_calls} upstream calls, {} of them failed", recorded.failed_calls);
    println!("each request recorded once: {} ({} records)", verdict(each_once), recorded.records);
    println!("each upstream call recorded: {}", verdict(calls));
    println!("budgets exact, by clients, records and tracker: {}", verdict(exact));
    for (team, (money, calls)) in counted {
        println!("  {team}: ${money} for {calls} calls");
    }
    println!("memory flat: {} (MB, over the time: {memory:?})", verdict(flat));
    for wrong in seen.wrong.iter().take(3) {
        println!("wrong: {wrong}");
    }
    wrong == 0 && each_once && calls && exact && flat
}

/// Reads the memory of the process twenty times, in MB. Clients and upstream are in it too.
async fn watch_memory(ends: Instant) -> Vec<u64> {
    let mut read = Vec::new();
    let every = ends.saturating_duration_since(Instant::now()).checked_div(20).unwrap_or_default();
    while Instant::now() < ends {
        tokio::time::sleep(every).await;
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let resident =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
        read.extend(resident.and_then(|kb| kb.trim().parse::<u64>().ok()).map(|kb| kb / 1024));
    }
    read
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.answers = self.answers.saturating_add(other.answers);
        self.errors = self.errors.saturating_add(other.errors);
        self.wrong.extend(other.wrong);
        self.ids = self.ids.wrapping_add(other.ids);
        for (team, cost) in other.told {
            add(self.told.entry(team).or_insert(Money::ZERO), cost);
        }
    }
}

fn add(sum: &mut Money, cost: Money) {
    // Past 10^14 dollars the sum stays, and the comparison fails.
    *sum = sum.plus(cost).unwrap_or(*sum);
}

/// The number in `req-0123…`; a text that is none counts as one.
fn number_of(id: &str) -> u128 {
    id.strip_prefix("req-").and_then(|hex| u128::from_str_radix(hex, 16).ok()).unwrap_or(1)
}
