//! Circuits: which endpoints cool down, and who may try them afterwards (rule 46).
//!
//! An endpoint is *up* until a rule of `health` lets it cool. Once the cooldown has passed, it is up again; or, where the
//! rules write `probe`, it is *probing*: as many runs as written may use it at once, a success makes it up, and a failure
//! of a class that the rules name lets it cool anew, without counting.

use std::collections::{HashMap, VecDeque};

use crate::ir::HealthRules;
use crate::{EndpointFacts, ErrorClass, Health, Outcome, Timestamp};

/// The circuits of all endpoints that are not simply up.
#[derive(Debug, Default)]
pub(super) struct Circuits {
    by_endpoint: HashMap<String, Circuit>,
}

#[derive(Debug, Default)]
struct Circuit {
    /// When it failed, by class, the latest last: as many as a rule may have to count.
    failures: HashMap<ErrorClass, VecDeque<Timestamp>>,
    cooling_until: Option<Timestamp>,
    /// How many runs may probe at once after the cooldown.
    probe: Option<u64>,
    /// Runs that hold a place to probe.
    probing: u64,
}

impl Circuit {
    fn cools(&self, now: Timestamp) -> bool {
        self.cooling_until.is_some_and(|until| until > now)
    }

    /// Returns how many runs may probe at once, where it is probing.
    fn probes(&self, now: Timestamp) -> Option<u64> {
        self.cooling_until.filter(|until| *until <= now).and(self.probe)
    }

    fn reset(&mut self) {
        self.failures.clear();
        self.cooling_until = None;
        self.probe = None;
    }

    /// Lets it cool; the longest cooldown wins and is never shortened.
    fn cool(&mut self, until: Timestamp, probe: Option<u64>) {
        self.cooling_until = self.cooling_until.max(Some(until));
        // Where workloads differ, the fewest may probe.
        self.probe = probe.map(|n| n.max(1)).into_iter().chain(self.probe).min();
        self.failures.clear();
    }
}

impl Circuits {
    /// Writes what is known of endpoints into those of a context. `mine` says for which endpoints a run has a place to probe.
    pub(super) fn write(
        &self,
        now: Timestamp,
        mine: impl Fn(&str) -> bool,
        mut fact: impl FnMut(&str, &dyn Fn(&mut EndpointFacts)),
    ) {
        for (endpoint, circuit) in &self.by_endpoint {
            if circuit.cools(now) {
                let until = circuit.cooling_until;
                fact(endpoint, &|facts| facts.cooling_until = facts.cooling_until.max(until));
            } else if let Some(places) = circuit.probes(now) {
                let free = mine(endpoint) || circuit.probing < places;
                let health = if free { Health::Degraded } else { Health::Down };
                fact(endpoint, &|facts| facts.health = Some(worse(facts.health, health)));
            }
        }
    }

    /// Takes a place to probe an endpoint. `Ok(true)`: taken; `Ok(false)`: none is needed.
    ///
    /// # Errors
    /// All places are taken.
    pub(super) fn enter(&mut self, endpoint: &str, now: Timestamp) -> Result<bool, ()> {
        let Some(circuit) = self.by_endpoint.get_mut(endpoint) else { return Ok(false) };
        match circuit.probes(now) {
            None => Ok(false),
            Some(places) if circuit.probing < places => {
                circuit.probing = circuit.probing.saturating_add(1);
                Ok(true)
            }
            Some(_) => Err(()),
        }
    }

    /// Gives a place back.
    pub(super) fn leave(&mut self, endpoint: &str) {
        if let Some(circuit) = self.by_endpoint.get_mut(endpoint) {
            circuit.probing = circuit.probing.saturating_sub(1);
        }
    }

    /// Takes in how a call of an endpoint ended. `probed`: it had a place to probe, which it gives back.
    pub(super) fn told(
        &mut self,
        endpoint: &str,
        outcome: &Outcome,
        rules: &HealthRules,
        now: Timestamp,
        probed: bool,
    ) {
        if probed {
            self.leave(endpoint);
        }
        match outcome {
            Outcome::Success(_) => {
                if let Some(circuit) = self.by_endpoint.get_mut(endpoint).filter(|c| !c.cools(now)) {
                    // A success ends probing; without it the failures of a while ago still count.
                    if circuit.cooling_until.is_some() {
                        circuit.reset();
                    }
                }
            }
            Outcome::Failure(failure) => {
                let asked =
                    failure.retry_after_ms.filter(|_| rules.cool_retry_after.contains(&failure.class));
                let named = asked.is_some() || rules.cool.iter().any(|rule| rule.on.contains(&failure.class));
                if named {
                    let circuit = self.by_endpoint.entry(endpoint.to_owned()).or_default();
                    circuit.failed(failure.class, asked, rules, now);
                }
            }
        }
        self.forget(endpoint, now);
    }

    /// Forgets a circuit that has nothing to tell.
    fn forget(&mut self, endpoint: &str, now: Timestamp) {
        let idle = |c: &Circuit| {
            let over = c.cooling_until.is_none() || (!c.cools(now) && c.probe.is_none());
            over && c.probing == 0 && c.failures.values().all(VecDeque::is_empty)
        };
        if self.by_endpoint.get(endpoint).is_some_and(idle) {
            self.by_endpoint.remove(endpoint);
        }
    }
}

impl Circuit {
    fn failed(&mut self, class: ErrorClass, asked_ms: Option<u64>, rules: &HealthRules, now: Timestamp) {
        let probing = self.probes(now).is_some();
        if !probing && !self.cools(now) {
            // What cooled without a probe is up again.
            self.cooling_until = None;
            self.probe = None;
        }
        let counted = rules.cool.iter().filter(|rule| rule.on.contains(&class));
        if let Some(most) = counted.clone().map(|rule| rule.failures).max() {
            let times = self.failures.entry(class).or_default();
            times.push_back(now);
            while u64::try_from(times.len()).is_ok_and(|n| n > most) {
                times.pop_front();
            }
        }
        let due =
            counted.filter(|rule| probing || self.recent(rule.within_ms, &rule.on, now) >= rule.failures);
        let longest = due.map(|rule| rule.cool_ms).chain(asked_ms).max();
        if let Some(ms) = longest {
            self.cool(later(now, ms), rules.probe);
        }
    }

    /// Counts the failures of some classes within the last milliseconds, this instant included.
    fn recent(&self, within_ms: u64, on: &[ErrorClass], now: Timestamp) -> u64 {
        let since = Timestamp(now.0.saturating_sub(i64::try_from(within_ms).unwrap_or(i64::MAX)));
        let times = self.failures.iter().filter(|(class, _)| on.contains(class));
        let recent = times.flat_map(|(_, times)| times).filter(|at| **at >= since && **at <= now);
        u64::try_from(recent.count()).unwrap_or(u64::MAX)
    }
}

fn worse(known: Option<Health>, ours: Health) -> Health {
    let rank = |health: Health| match health {
        Health::Up => 0,
        Health::Degraded => 1,
        Health::Down => 2,
    };
    known.into_iter().chain([ours]).max_by_key(|h| rank(*h)).unwrap_or(ours)
}

fn later(at: Timestamp, ms: u64) -> Timestamp {
    Timestamp(at.0.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX)))
}
