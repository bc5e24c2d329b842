//! Work shared out to as many threads as the machine has.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Calls `work` for each number below `count`, and returns what it returned in their order. Threads take the next number when
/// they are done with one, so that long and short work evens out.
pub(crate) fn each<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(count);
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return done;
            }
            done.push((number, work(number)));
        }
    };
    let mut results: Vec<Option<T>> = Vec::new();
    results.resize_with(count, || None);
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(take)).collect();
        for (number, result) in running.into_iter().flat_map(|thread| thread.join().unwrap_or_default()) {
            if let Some(slot) = results.get_mut(number) {
                *slot = Some(result);
            }
        }
    });
    // What a thread had taken that did not end is done here, where its panic is seen.
    results.into_iter().enumerate().map(|(number, result)| result.unwrap_or_else(|| work(number))).collect()
}
