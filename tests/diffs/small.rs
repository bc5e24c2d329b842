//! Pairs of policies so small that all their requests can be gone through, one by one: what differs must be found, each direction
//! of it, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use super::shown::{Class, classes, told};
use faregate::model::{exhausted_rows, policy};
use faregate::{Catalog, Context, Counted, EndpointFacts, Engine, OwnCredential, PolicySet, Request};
use faregate_analysis::{DecisionChange, Differences, Direction, diff, mutants};
use faregate_tests::Draw;
use faregate_tests::small::{DECLARED, Dimension, condition, dimensions, downs, facts, requests, rule};
use faregate_wire::{catalog_layer, context_to_node, request_to_node};

/// What the prices of requests depend on, beside the tokens that go in.
const OUTPUT: Dimension = Dimension {
    holder: "request",
    field: "max_output_tokens",
    atoms: &["request.max_output_tokens <= 200", "present(request.max_output_tokens)"],
    values: &["", "200", "201"],
};

const ENDPOINTS: [&str; 4] = ["m/one@north", "m/one@south", "m/two@north", "m/two@south"];

/// A policy as its blocks, and its catalog as its rows.
#[derive(Clone)]
struct Small {
    guardrails: Vec<String>,
    budgets: Vec<String>,
    workloads: Vec<String>,
    rest: String,
    /// By endpoint id.
    rows: BTreeMap<&'static str, BTreeMap<&'static str, String>>,
}

impl Small {
    fn draw(draw: &mut Draw<'_>, used: &[&'static Dimension]) -> Self {
        let guardrails = (0..draw.below(3)).map(|n| guardrail(draw, used, n)).collect();
        let budgets = if draw.percent(25) {
            (0..1 + draw.below(2)).map(|n| budget(draw, used, n)).collect()
        } else {
            vec![]
        };
        let workloads = (0..1 + draw.below(2)).map(|n| workload(draw, used, n)).collect();
        let rest = body(draw, used);
        let count = 2 + draw.below(3);
        let rows = ENDPOINTS.into_iter().take(count).map(|id| (id, row(draw))).collect();
        Self { guardrails, budgets, workloads, rest, rows }
    }

    fn text(&self) -> String {
        let blocks = [&self.guardrails, &self.budgets, &self.workloads];
        let blocks: String = blocks.into_iter().flatten().cloned().collect();
        format!(
            "policy small {{ language 1 }}\n{DECLARED}{blocks}workload rest {{ otherwise {} }}\n",
            self.rest
        )
    }

    fn catalog(&self) -> String {
        let mut text = String::from("endpoints:\n");
        for (id, row) in &self.rows {
            let facts: String = row.values().cloned().collect();
            text += &format!("  - {{ id: {id}, context_length: 9000, modalities: [text]{facts} }}\n");
        }
        text
    }

    /// Returns the policy with another rule, or over another catalog; `None` where nothing came of it.
    fn changed(&self, draw: &mut Draw<'_>, used: &[&'static Dimension]) -> (String, Self) {
        let mut other = self.clone();
        match draw.below(16) {
            0..=4 => {
                let text = self.text();
                let all = mutants(&text);
                let at = usize::try_from(draw.number()).unwrap() % all.len();
                return (all[at].apply(&text), other);
            }
            5 => other.guardrails.push(guardrail(draw, used, 9)),
            6 if !self.guardrails.is_empty() => {
                other.guardrails.remove(draw.below(self.guardrails.len()));
            }
            7 => other.budgets.push(budget(draw, used, 9)),
            8 if !self.budgets.is_empty() => {
                other.budgets.remove(draw.below(self.budgets.len()));
            }
            9 if self.workloads.len() > 1 => other.workloads.swap(0, 1),
            9 => {
                other.workloads.pop();
            }
            10 => other.workloads.insert(0, workload(draw, used, 9)),
            11 => other.rest = body(draw, used),
            12 => {
                let at = draw.below(ENDPOINTS.len());
                if other.rows.remove(ENDPOINTS[at]).is_none() {
                    other.rows.insert(ENDPOINTS[at], row(draw));
                }
            }
            _ => {
                let row = row(draw);
                let ids: Vec<&str> = self.rows.keys().copied().collect();
                let changed = other.rows.get_mut(ids[draw.below(ids.len())]).unwrap();
                let fields: Vec<&str> = row.keys().copied().collect();
                for field in draw.some(&fields, 1, 2) {
                    changed.insert(field, row[field].clone());
                }
            }
        }
        (other.text(), other)
    }
}

fn row(draw: &mut Draw<'_>) -> BTreeMap<&'static str, String> {
    let prompt = draw.text(&["0.000001", "0.000002", "0.000003"]);
    let completion = draw.text(&["0.000001", "0.000002", "0.000004"]);
    BTreeMap::from([
        ("facts", facts(draw)),
        ("prices", format!(", prices: {{ prompt: \"{prompt}\", completion: \"{completion}\" }}")),
        ("output", draw.text(&[", max_output_tokens: 1000", ", max_output_tokens: 500"])),
    ])
}

fn guardrail(draw: &mut Draw<'_>, used: &[&'static Dimension], number: usize) -> String {
    let (when, verb, what) = (condition(draw, used, 2), draw.text(&["require", "forbid"]), rule(draw, 1));
    format!("guardrail g{number} {{ when {when}  {verb} {what} }}\n")
}

fn budget(draw: &mut Draw<'_>, used: &[&'static Dimension], number: usize) -> String {
    let when = if draw.percent(50) { format!("when {} ", condition(draw, used, 1)) } else { String::new() };
    let covers = if draw.percent(30) { format!("covers {} ", rule(draw, 1)) } else { String::new() };
    let limit = draw.text(&[
        "requests 5 per day",
        "requests 6 per day",
        "spend $5 per day byok included",
        "spend $5 per day byok excluded",
    ]);
    let kept = if draw.percent(25) {
        format!("reserve 50% for {} ", condition(draw, used, 1))
    } else {
        String::new()
    };
    let exhausted = draw.text(&["", "", "on exhausted use workload rest", "on exhausted use workload w0"]);
    format!("budget b{number} {{ {when}{covers}{limit} {kept}{exhausted} }}\n")
}

fn workload(draw: &mut Draw<'_>, used: &[&'static Dimension], number: usize) -> String {
    let when = condition(draw, used, 2);
    format!("workload w{number} {{ when {when}  {} }}\n", body(draw, used))
}

fn body(draw: &mut Draw<'_>, used: &[&'static Dimension]) -> String {
    if draw.percent(15) {
        return draw.text(&[r#"deny "no""#, r#"deny "never""#]);
    }
    let mut route = vec![format!(
        "models {}",
        draw.text(&[r#""m/one""#, r#""m/one" then "m/two""#, r#""m/one", "m/two""#, r#""m/two""#, r#""*""#])
    )];
    if draw.percent(30) {
        route.push(format!("require {}", rule(draw, 1)));
    }
    if draw.percent(25) {
        let what = if draw.percent(70) { rule(draw, 1) } else { condition(draw, used, 1) };
        route.push(format!("prefer {what}"));
    }
    if draw.percent(30) {
        route.push(draw.text(&["order by price", "order by latency", "order by latency, price"]));
    }
    if draw.percent(30) {
        route.push(draw.text(&[
            "credentials shared only",
            "credentials shared then own",
            "credentials own only",
        ]));
    }
    let mut sections = vec![format!("route {{ {} }}", route.join(" "))];
    if draw.percent(25) {
        let amount = draw.text(&[
            "attempt $0.003",
            "attempt $0.005",
            "run $0.004",
            "run $0.006",
            "prompt $1 per Mtok",
            "prompt $2 per Mtok",
            "output 400",
            "output 200",
        ]);
        let when =
            if draw.percent(40) { format!(" when {}", condition(draw, used, 1)) } else { String::new() };
        sections.push(format!("ceiling {{ {amount}{when} }}"));
    }
    if draw.percent(65) {
        sections.push(fallback(draw, used));
    }
    if draw.percent(35) {
        sections.push(retry(draw, used));
    }
    sections.join(" ")
}

/// When a move or a retry is made, sometimes only.
fn when(draw: &mut Draw<'_>, used: &[&'static Dimension]) -> String {
    match draw.below(8) {
        0 => format!(" when {}", condition(draw, used, 1)),
        1 => format!(" when {}", rule(draw, 1)),
        2 => " when attempt.number <= 2".to_owned(),
        _ => String::new(),
    }
}

fn fallback(draw: &mut Draw<'_>, used: &[&'static Dimension]) -> String {
    let mut lines = Vec::new();
    let moves = [
        "other provider on overloaded",
        "other model on unavailable",
        "other provider on overloaded, timeout",
        "other model on context_length",
        "other credential on rate_limit",
    ];
    for line in draw.some(&moves, 1, 3) {
        lines.push(format!("{line}{}", when(draw, used)));
    }
    if draw.percent(15) {
        lines.push(format!("require {}", rule(draw, 1)));
    }
    if draw.percent(15) {
        lines.push(draw.text(&["at most 1 move", "at most 2 moves", "at most 0 moves"]));
    }
    if draw.percent(10) {
        lines.push(draw.text(&["price at most 100% of first", "price at most 150% of first"]));
    }
    format!("fallback {{ {} }}", lines.join(" "))
}

fn retry(draw: &mut Draw<'_>, used: &[&'static Dimension]) -> String {
    let mut lines = Vec::new();
    let rules = ["on timeout 1 time wait 1s", "on overloaded 2 times", "on network 1 time wait retry_after"];
    for line in draw.some(&rules, 1, 2) {
        lines.push(format!("{line}{}", when(draw, used)));
    }
    if draw.percent(40) {
        lines.push(draw.text(&["at most 2 calls", "at most 4 calls", "timeout 30s", "deadline 45s"]));
    }
    format!("retry {{ {} }}", lines.join(" "))
}

/// Calls `with` with all requests and contexts that one of two policies can tell from another.
fn all(
    used: &[&'static Dimension],
    engines: [&Engine; 2],
    endpoints: &[&str],
    with: &mut dyn FnMut(&Request, &Context),
) {
    let texts =
        engines.map(|e| e.policy().sources().iter().map(|(_, s)| s.text().to_owned()).collect::<String>());
    let says = |word: &str| texts.iter().any(|text| text.contains(word));
    let names: BTreeSet<&String> =
        engines.iter().flat_map(|e| policy(e.policy()).budgets.iter().map(|b| &b.name)).collect();
    requests(used, &mut |request, context| {
        let mut contexts = vec![context.clone()];
        let mut own = context.clone();
        own.credentials.push(OwnCredential::new("k1", "north"));
        contexts.push(own);
        if says("latency") {
            for context in contexts.clone() {
                let mut other = context.clone();
                for (id, latency) in endpoints.iter().zip([300, 200, 400, 100]) {
                    let mut facts = EndpointFacts::default();
                    facts.latency_ms = [Some(latency); 4];
                    other.endpoints.insert((*id).to_owned(), facts);
                }
                contexts.push(other);
            }
        }
        for context in contexts.clone() {
            let mut whole: Vec<Vec<_>> = Vec::new();
            for name in &names {
                for engine in engines {
                    let rows = exhausted_rows(engine, request, &context, name).unwrap_or_default();
                    if !rows.is_empty() && !whole.contains(&rows) {
                        whole.push(rows);
                    }
                }
            }
            // Up to what is kept for some.
            if says("reserve") {
                for mut rows in whole.clone() {
                    for row in &mut rows {
                        row.counted = match row.counted {
                            Counted::Spend(_) => Counted::Spend(faregate::Money("3".parse().unwrap())),
                            _ => Counted::Requests(3),
                        };
                    }
                    whole.push(rows);
                }
            }
            // One budget used up, or each.
            if names.len() > 1 {
                let mut rows: Vec<_> = whole.iter().flatten().cloned().collect();
                rows.dedup_by(|a, b| a.budget == b.budget);
                whole.push(rows);
            }
            for rows in whole {
                let mut used = context.clone();
                used.budgets.get_or_insert_default().extend(rows);
                contexts.push(used);
            }
            if !names.is_empty() {
                let mut unknown = context.clone();
                unknown.budgets = None;
                contexts.push(unknown);
            }
        }
        for context in &contexts {
            downs(context, endpoints, &mut |context| with(request, context));
        }
    });
}

/// How many pairs a run goes through; `FAREGATE_CASES` multiplies it.
const PAIRS: u64 = 24;

/// What is not wrong, and not all that there is to say.
#[derive(Debug, Default)]
struct Short {
    /// Nothing differs, and what is said is that something may.
    alarms: u64,
    /// Something differs, and what is said is that nobody knows whether anything does.
    open: u64,
    /// Something differs in one direction, and what is said is that it may.
    may: u64,
    /// Something is said to differ perhaps in one direction, and no request shows it.
    idle: u64,
}

/// Holds what is said of a pair to what all its requests show: each direction of each pair of workloads.
fn hold(found: &Differences, differ: &BTreeMap<Class, String>, short: &mut Short) -> Result<(), String> {
    let unsure: Vec<&String> = found.undecided.iter().map(|u| &u.why).collect();
    // Conditions on attempts show in runs alone.
    let may =
        |c: &&DecisionChange| !c.certain && !matches!(c.direction, Direction::Words | Direction::Retries);
    if differ.is_empty() {
        short.alarms += u64::from(!unsure.is_empty() || found.changes.iter().any(|c| may(&c)));
        return Ok(());
    }
    let open = found.changes.iter().filter(may).map(|c| c.direction);
    for open in open.chain(found.not_ruled_out.iter().map(|c| c.direction)) {
        short.idle += u64::from(!differ.keys().any(|(direction, _)| *direction == open));
    }
    for (class, example) in differ {
        match told(found, class) {
            Some(certain) => short.may += u64::from(!certain),
            None if !unsure.is_empty() => short.open += 1,
            None => return Err(format!("{class:?} is missing\n{example}")),
        }
    }
    Ok(())
}

#[test]
fn differences_and_enumeration_agree() {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let (times, first) =
        (number("FAREGATE_CASES").unwrap_or(1), number("FAREGATE_SEED").unwrap_or(0) * 10_000_000);
    let (mut pairs, mut equal, mut differ, mut beyond, mut undecided, mut asked) = (0, 0, 0, 0, 0, 0_u64);
    let (mut wrong, mut short) = (Vec::new(), Short::default());
    let only = number("FAREGATE_CASE");
    for seed in (first..first + PAIRS * times).filter(|seed| only.is_none_or(|only| only == *seed)) {
        let bytes = faregate_tests::bytes(seed, 700);
        let mut draw = Draw::new(&bytes);
        let mut used = dimensions(&mut draw.part(8));
        used.truncate(2);
        if draw.percent(40) {
            used.push(&OUTPUT);
        }
        let small = Small::draw(&mut draw.part(500), &used);
        let (text, other) = small.changed(&mut draw, &used);
        let drawn = small.text();
        let engine = |text: &str, small: &Small| {
            let set = match PolicySet::parse([("small.fare", text)]) {
                Ok(set) => set,
                // An error of the checker, or a mutant that is no policy any more.
                Err(found) if text != drawn || found.iter().all(|d| d.code != "syntax") => return None,
                Err(found) => panic!("{found}\n{text}"),
            };
            let catalog = Catalog::new(vec![catalog_layer(&small.catalog()).unwrap()]).unwrap();
            Some(Engine::new(set, catalog).unwrap())
        };
        let (Some(old), Some(new)) = (engine(&drawn, &small), engine(&text, &other)) else { continue };
        pairs += 1;
        let before = std::time::Instant::now();
        let found = diff(&old, &new);
        if std::env::var_os("FAREGATE_SHOW").is_some() && before.elapsed().as_millis() > 100 {
            println!("---- {seed} {:?}", before.elapsed());
        }
        let about = format!("seed {seed}\n{drawn}{}---\n{text}{}", small.catalog(), other.catalog());
        super::hold_witnesses(&old, &new, &found, &about);
        let mut differs: BTreeMap<Class, String> = BTreeMap::new();
        let ids: BTreeSet<&str> = small.rows.keys().chain(other.rows.keys()).copied().collect();
        let ids: Vec<&str> = ids.into_iter().collect();
        all(&used, [&old, &new], &ids, &mut |request, context| {
            asked += 1;
            let (a, b) = (old.decide(request, context), new.decide(request, context));
            let shown = classes(&a, &b);
            if shown.is_empty() {
                assert_eq!(super::deed(&a), super::deed(&b), "{about}");
            }
            for class in shown {
                differs.entry(class).or_insert_with(|| {
                    format!("{}\n{}", request_to_node(request).to_json(), context_to_node(context).to_json())
                });
            }
        });
        if differs.is_empty() {
            let more = found.changes.iter().any(|c| c.direction != Direction::Words);
            *if more { &mut beyond } else { &mut equal } += 1;
        } else {
            differ += 1;
        }
        undecided += u64::from(!found.undecided.is_empty());
        if std::env::var_os("FAREGATE_SHOW").is_some() {
            for unsettled in &found.undecided {
                println!("---- {seed} undecided: {}", unsettled.why);
            }
            for change in found.changes.iter().filter(|c| !c.certain) {
                println!(
                    "---- {seed} may: {:?} {:?} {:?} {}",
                    change.direction, change.old_workload, change.new_workload, change.what
                );
            }
            for open in &found.not_ruled_out {
                println!("---- {seed} open: {:?}", open.direction);
            }
        }
        if let Err(why) = hold(&found, &differs, &mut short) {
            wrong.push(format!("{why}\n{about}"));
        }
    }
    println!(
        "{pairs} pairs, {asked} requests: {equal} equal, {differ} differ, {beyond} by what is not gone through; {undecided} not wholly settled; {short:?}"
    );
    for (n, one) in wrong.iter().enumerate() {
        println!("==== {n} {one}");
    }
    assert!(wrong.is_empty(), "{} of {pairs} are wrong", wrong.len());
    // One in fifty at most.
    assert!(short.alarms * 50 <= pairs.max(100), "{short:?} of {pairs}");
    assert!(short.open * 50 <= pairs.max(100), "{short:?} of {pairs}");
    // Few policies have faults, and both answers are met, else the pairs say nothing.
    assert!(only.is_some() || pairs * 10 > PAIRS * times * 8, "{pairs} of {}", PAIRS * times);
    assert!(
        only.is_some() || (equal * 10 > pairs && differ * 3 > pairs),
        "{equal} equal, {differ} differ of {pairs}"
    );
}
