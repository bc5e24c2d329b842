//! What `counts.sh` runs under callgrind: one case a process, warmed up, then done a hundred times inside [`counted`].
//!
//! `counted CASE`; without a case, the names of all.

use std::hint::black_box;

use faregate::{Engine, Run, Scratch};
use faregate_bench::job::{Job, Size};
use faregate_bench::market::{self, Rehearsal};
use faregate_bench::rivals::Rival;
use faregate_bench::rivals::best::Best;
use faregate_bench::rivals::faregate::Faregate;

const CASES: [&str; 9] = [
    "decide-10-50",
    "decide-100-250",
    "decide-1000-1000",
    "decide-10000-2500",
    "best-10-50",
    "best-10000-2500",
    "decide-market-support",
    "run-next",
    "run-step",
];

const TIMES: usize = 100;

fn main() {
    let Some(case) = std::env::args().nth(1) else {
        println!("{}", CASES.join("\n"));
        return;
    };
    match case.as_str() {
        "decide-10-50" => rival::<Faregate>(10, 50),
        "decide-100-250" => rival::<Faregate>(100, 250),
        "decide-1000-1000" => rival::<Faregate>(1_000, 1_000),
        "decide-10000-2500" => rival::<Faregate>(10_000, 2_500),
        "best-10-50" => rival::<Best>(10, 50),
        "best-10000-2500" => rival::<Best>(10_000, 2_500),
        "decide-market-support" => support(),
        "run-next" => run_next(),
        "run-step" => run_step(),
        other => panic!("no case {other}"),
    }
}

/// Callgrind counts while this is on the stack; its name is what `counts.sh` looks for.
#[inline(never)]
fn counted(times: usize, mut work: impl FnMut(usize)) {
    for at in 0..times {
        work(black_box(at));
    }
}

fn rival<R: Rival>(rules: usize, endpoints: usize) {
    let job = Job::new(Size { rules, endpoints }, TIMES, 20_261_123);
    let rival = R::new(&job);
    let inputs: Vec<R::Input> = job.requests.iter().map(|r| rival.input(r)).collect();
    let mut scratch = rival.scratch();
    inputs.iter().for_each(|input| rival.decide(input, &mut scratch));
    counted(TIMES, |at| rival.decide(&inputs[at], &mut scratch));
    black_box(rival.answer(&scratch));
}

fn support() {
    let (_, policy, requests) =
        market::sets().into_iter().find(|(set, ..)| set == "support").expect("support");
    let engine = Engine::new(policy, market::market()).expect("an engine");
    let (request, context) = &requests[0];
    let mut scratch = Scratch::new();
    let mut decide = || black_box(engine.decide_with(&mut scratch, request, context).attempts().count());
    decide();
    counted(TIMES, |_| {
        decide();
    });
}

/// The first `next` of each of a hundred runs: an overloaded provider, after which the run looks for where to go.
fn run_next() {
    let rehearsal = Rehearsal::new();
    let now = rehearsal.start();
    let mut runs: Vec<Run> = (0..TIMES).map(|_| rehearsal.run()).collect();
    for run in &mut runs {
        run.step(now);
    }
    let mut outcomes: Vec<_> = runs.iter().map(|_| Some(Rehearsal::outcome())).collect();
    counted(TIMES, |at| runs[at].next(outcomes[at].take().expect("one a run"), now));
    black_box(&runs);
}

/// The `step` after it: the move to another provider.
fn run_step() {
    let rehearsal = Rehearsal::new();
    let now = rehearsal.start();
    let mut runs: Vec<Run> = (0..TIMES).map(|_| rehearsal.run()).collect();
    for run in &mut runs {
        run.step(now);
        run.next(Rehearsal::outcome(), now);
    }
    counted(TIMES, |at| {
        black_box(runs[at].step(now));
    });
}
