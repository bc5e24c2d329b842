//! Times, allocations, memory, throughput.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use crate::alloc;
use crate::job::{Job, JobRequest};
use crate::rivals::{Rival, expected_answer};

/// What was measured of one rival at one size.
#[derive(Clone, Debug)]
pub struct Figures {
    pub name: &'static str,
    /// Of one decision, the clock's own time taken off: the request in the middle.
    pub median_ns: f64,
    /// The request that takes longer than 99 of 100; `None`: too few requests to say so.
    pub p99_ns: Option<f64>,
    /// A whole pass divided by its decisions, without a clock in between.
    pub mean_ns: f64,
    pub allocations: f64,
    pub load: Duration,
    /// Bytes alive after loading.
    pub memory: i64,
    /// Decisions a second by one thread and by two; `None`: not asked.
    pub threads: Option<(f64, f64)>,
    /// How many different requests were decided, and how often in all.
    pub requests: usize,
    pub decisions: usize,
}

/// Durations in nanoseconds, sorted.
pub struct Samples(Vec<f64>);

impl Samples {
    pub fn new(mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        Self(samples)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns what a share of the samples stays at or below.
    pub fn at(&self, share: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        self.0.get((last as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
    }
}

/// Returns what reading the clock twice takes, to be taken off each sample.
pub fn clock_ns() -> f64 {
    let samples = (0..20_000)
        .map(|_| {
            let start = Instant::now();
            black_box(start.elapsed()).as_nanos() as f64
        })
        .collect();
    Samples::new(samples).at(0.5)
}

/// Times one call after the other over all inputs, again and again until the time is up, at least one pass. A sample is
/// the median of one request's times: what differs between requests is kept, what the machine did besides is not.
/// Returns the samples and how many calls were timed.
pub fn each<I>(inputs: &[I], time: Duration, mut decide: impl FnMut(&I)) -> (Samples, usize) {
    let clock = clock_ns();
    let began = Instant::now();
    let mut times: Vec<Vec<f64>> = inputs.iter().map(|_| Vec::with_capacity(64)).collect();
    let mut count = 0;
    'all: loop {
        for (input, times) in inputs.iter().zip(&mut times) {
            let start = Instant::now();
            decide(input);
            times.push((start.elapsed().as_nanos() as f64 - clock).max(0.0));
            count += 1;
            if (count >= inputs.len() && began.elapsed() > time) || count == 1 << 22 {
                break 'all;
            }
        }
    }
    let medians = times.into_iter().filter(|t| !t.is_empty()).map(|t| Samples::new(t).at(0.5));
    (Samples::new(medians.collect()), count)
}

/// Times whole passes without a clock in between; the fastest pass counts, since what else the machine does only adds.
pub fn passes<I>(inputs: &[I], time: Duration, mut decide: impl FnMut(&I)) -> f64 {
    let began = Instant::now();
    let mut least = f64::INFINITY;
    while least.is_infinite() || began.elapsed() < time {
        let start = Instant::now();
        inputs.iter().for_each(&mut decide);
        least = least.min(start.elapsed().as_nanos() as f64 / inputs.len() as f64);
    }
    least
}

/// How long to spend on one rival at one size.
#[derive(Clone, Copy)]
pub struct Patience {
    pub checking: Duration,
    pub timing: Duration,
}

/// Measures a rival: first every answer is compared, then a fresh one is loaded and timed on the requests that were.
pub fn rival<R: Rival>(name: &'static str, job: &Job, patience: Patience) -> (Figures, R, Vec<R::Input>) {
    let checked = check::<R>(name, job, patience.checking);
    let before = alloc::live();
    let start = Instant::now();
    let rival = R::new(job);
    let load = start.elapsed();
    let memory = alloc::live() - before;
    let inputs: Vec<R::Input> = job.requests[..checked].iter().map(|r| rival.input(r)).collect();
    let mut scratch = rival.scratch();
    let slow = checked < job.requests.len();
    if !slow {
        inputs.iter().for_each(|input| rival.decide(input, &mut scratch));
    }
    let calls = alloc::calls();
    inputs.iter().for_each(|input| rival.decide(input, &mut scratch));
    let allocations = (alloc::calls() - calls) as f64 / inputs.len() as f64;
    let (samples, decisions) =
        each(&inputs, patience.timing, |input| rival.decide(black_box(input), &mut scratch));
    let mean_ns = passes(&inputs, patience.timing / 2, |input| rival.decide(black_box(input), &mut scratch));
    let figures = Figures {
        name,
        median_ns: samples.at(0.5),
        p99_ns: (samples.len() >= 100).then(|| samples.at(0.99)),
        mean_ns,
        allocations,
        load,
        memory,
        threads: None,
        requests: inputs.len(),
        decisions,
    };
    drop(scratch);
    (figures, rival, inputs)
}

/// Compares the answers to as many requests as the time allows, at least three, and returns how many.
fn check<R: Rival>(name: &str, job: &Job, time: Duration) -> usize {
    let rival = R::new(job);
    let mut scratch = rival.scratch();
    let start = Instant::now();
    for (at, request) in job.requests.iter().enumerate() {
        if at >= 3 && start.elapsed() > time {
            return at;
        }
        rival.decide(&rival.input(request), &mut scratch);
        let (is, expected) = (rival.answer(&scratch), answer(job, request));
        assert_eq!(is, expected, "{name} answers {} otherwise: {request:?}", request.id);
    }
    job.requests.len()
}

fn answer(job: &Job, request: &JobRequest) -> Vec<u32> {
    expected_answer(job, request)
}

/// Decisions a second by one thread and by two, each with its own scratch; the best of five rounds.
pub fn threads<R>(rival: &R, inputs: &[R::Input], time: Duration) -> (f64, f64)
where
    R: Rival + Sync,
    R::Input: Sync,
{
    let mut best = (0.0_f64, 0.0_f64);
    for _ in 0..5 {
        best.0 = best.0.max(throughput(rival, inputs, 1, time / 10));
        best.1 = best.1.max(throughput(rival, inputs, 2, time / 10));
    }
    best
}

fn throughput<R>(rival: &R, inputs: &[R::Input], threads: usize, time: Duration) -> f64
where
    R: Rival + Sync,
    R::Input: Sync,
{
    let barrier = Barrier::new(threads);
    let work = &|number: usize| {
        let mut scratch = rival.scratch();
        // Each thread begins elsewhere, so that they do not walk in step.
        let mut order = inputs.iter().cycle().skip(number * inputs.len() / 2);
        (0..inputs.len()).for_each(|_| rival.decide(order.next().expect("a cycle"), &mut scratch));
        barrier.wait();
        let start = Instant::now();
        let mut decisions = 0_u64;
        while start.elapsed() < time {
            for _ in 0..16 {
                rival.decide(black_box(order.next().expect("a cycle")), &mut scratch);
            }
            decisions += 16;
        }
        decisions as f64 / start.elapsed().as_secs_f64()
    };
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|number| scope.spawn(move || work(number))).collect();
        handles.into_iter().map(|h| h.join().expect("a thread that only decides")).sum()
    })
}
