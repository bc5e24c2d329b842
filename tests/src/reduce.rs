//! Making a world that breaks a promise as small as it can be.

use faregate_wire::{
    Node, catalog_layer_from, catalog_layer_to_node, context_from, context_to_node, request_from,
    request_to_node,
};

use crate::World;

/// The most worlds that are tried.
const MOST_TRIES: usize = 6000;

/// Returns a smaller world that still breaks the promise: lines of policies, and parts of data, taken away as long as it
/// does. A world that cannot be loaded any more breaks nothing, so `breaks` is to be false of it.
pub fn reduce(world: &World, breaks: &dyn Fn(&World) -> bool) -> World {
    let mut best = world.clone();
    let mut tries = 0;
    let mut attempt = |best: &mut World, candidate: World| {
        tries += 1;
        let smaller = tries <= MOST_TRIES && breaks(&candidate);
        if smaller {
            *best = candidate;
        }
        smaller
    };
    loop {
        let mut progress = false;
        for file in 0..best.policies.len() {
            for chunk in [16, 8, 4, 3, 2, 1] {
                let mut at = 0;
                while at < best.policies[file].1.lines().count() {
                    let mut candidate = best.clone();
                    let lines = best.policies[file].1.lines().enumerate();
                    let left: Vec<&str> =
                        lines.filter(|(n, _)| *n < at || *n >= at + chunk).map(|(_, line)| line).collect();
                    candidate.policies[file].1 = left.join("\n") + "\n";
                    if attempt(&mut best, candidate) { progress = true } else { at += 1 }
                }
            }
        }
        for layer in (0..best.catalog.len()).rev() {
            let mut candidate = best.clone();
            candidate.catalog.remove(layer);
            if attempt(&mut best, candidate) {
                progress = true;
                continue;
            }
            let node = catalog_layer_to_node(&best.catalog[layer]);
            progress |= smaller_node(&node, &mut |node| {
                let Ok(smaller) = catalog_layer_from(node) else { return false };
                let mut candidate = best.clone();
                candidate.catalog[layer] = smaller;
                attempt(&mut best, candidate)
            });
        }
        let node = request_to_node(&best.request);
        progress |= smaller_node(&node, &mut |node| {
            let Ok(request) = request_from(node) else { return false };
            let mut candidate = best.clone();
            candidate.request = request;
            attempt(&mut best, candidate)
        });
        let node = context_to_node(&best.context);
        progress |= smaller_node(&node, &mut |node| {
            let Ok(context) = context_from(node) else { return false };
            let mut candidate = best.clone();
            candidate.context = context;
            attempt(&mut best, candidate)
        });
        if !progress {
            return best;
        }
    }
}

/// Takes one part after the other away; `try_it` says whether it stays away.
fn smaller_node(node: &Node, try_it: &mut dyn FnMut(&Node) -> bool) -> bool {
    let mut current = node.clone();
    let mut progress = false;
    let mut at = 0;
    loop {
        let mut left = at;
        let mut candidate = current.clone();
        if !remove(&mut candidate, &mut left) {
            return progress;
        }
        if try_it(&candidate) {
            current = candidate;
            progress = true;
        } else {
            at += 1;
        }
    }
}

/// Removes the n-th entry or element of a tree, counted from the top; whether there was one.
fn remove(node: &mut Node, left: &mut usize) -> bool {
    match node {
        Node::Seq(items) => {
            if *left < items.len() {
                items.remove(*left);
                return true;
            }
            *left -= items.len();
            items.iter_mut().any(|item| remove(item, left))
        }
        Node::Map(entries) => {
            if *left < entries.len() {
                entries.remove(*left);
                return true;
            }
            *left -= entries.len();
            entries.iter_mut().any(|(_, value)| remove(value, left))
        }
        _ => false,
    }
}
