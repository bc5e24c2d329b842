//! Which guardrails a request can meet: an index by the texts and marks that it carries.
//!
//! A condition that is false unless a text of the request is one of a few (or a set has one of a few marks) stands under
//! those; the others are looked at for every request. Where the text is absent, the condition may be unknown and the
//! guardrail apply, so all that stand under that attribute are looked at.

use super::code::GuardCode;
use super::expr::{Arena, NO_SYMBOL, Node, NodeId, UNKNOWN, at, id};
use super::leaf::Leaf;

/// A text slot or a set slot, and a value of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Key {
    Text(usize, u32),
    Mark(usize, u32),
}

/// Guardrails by what a request must carry for them to apply.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// For each text slot, for each symbol.
    texts: Vec<Vec<Vec<u32>>>,
    /// For each set slot, for each bit.
    marks: Vec<Vec<Vec<u32>>>,
    /// All that stand under a slot, for where it is unknown.
    of_text: Vec<Vec<u32>>,
    of_set: Vec<Vec<u32>>,
    /// Those that stand under nothing.
    rest: Vec<u32>,
    /// Whether one stands in several places, so that it may be met twice.
    pub(super) repeats: bool,
}

impl Index {
    pub(super) fn new(arena: &Arena, guards: &[GuardCode]) -> Self {
        let keys: Vec<Option<Vec<Vec<Key>>>> =
            guards.iter().map(|g| g.request_when.map(|w| needs(arena, w))).collect();
        // A rule is looked for under what the fewest rules need.
        let mut sizes: super::expr::Table<Key, usize> = super::expr::Table::default();
        for key in keys.iter().flatten().flatten().flatten() {
            let size = sizes.entry(*key).or_insert(0);
            *size = size.saturating_add(1);
        }
        let mut index = Self {
            texts: arena.texts.iter().map(|s| vec![Vec::new(); s.symbols.len()]).collect(),
            marks: arena.sets.iter().map(|s| vec![Vec::new(); s.bits.len()]).collect(),
            of_text: vec![Vec::new(); arena.texts.len()],
            of_set: vec![Vec::new(); arena.sets.len()],
            ..Self::default()
        };
        for (place, choices) in keys.into_iter().enumerate() {
            let cost = |keys: &Vec<Key>| {
                keys.iter().fold(0_usize, |sum, k| sum.saturating_add(sizes.get(k).copied().unwrap_or(0)))
            };
            match choices.into_iter().flatten().min_by_key(cost) {
                Some(keys) => index.enter(id(place), &keys),
                None => index.rest.push(id(place)),
            }
        }
        index
    }

    fn enter(&mut self, guard: u32, keys: &[Key]) {
        // A request has one value of a text, so that keys of one text are never met together.
        self.repeats |= keys.windows(2).any(|pair| match pair {
            [Key::Text(a, _), Key::Text(b, _)] => a != b,
            _ => true,
        });
        for key in keys {
            let (lists, all, slot, value) = match *key {
                Key::Text(slot, symbol) => (&mut self.texts, &mut self.of_text, slot, symbol),
                Key::Mark(slot, bit) => (&mut self.marks, &mut self.of_set, slot, bit),
            };
            if let Some(list) = lists.get_mut(slot).and_then(|l| l.get_mut(at(value))) {
                list.push(guard);
            }
            if let Some(all) = all.get_mut(slot)
                && all.last() != Some(&guard)
            {
                all.push(guard);
            }
        }
    }

    /// Calls `meet` for every guardrail that may apply to a request; for some of them twice where `repeats`.
    pub(super) fn meet(&self, symbols: &[u32], masks: &[Option<u64>], mut meet: impl FnMut(u32)) {
        let mut all = |list: Option<&Vec<u32>>| {
            if let Some(list) = list {
                for guard in list {
                    meet(*guard);
                }
            }
        };
        for ((symbol, texts), any) in symbols.iter().zip(&self.texts).zip(&self.of_text) {
            match *symbol {
                NO_SYMBOL => {}
                UNKNOWN => all(Some(any)),
                symbol => all(texts.get(at(symbol))),
            }
        }
        for ((mask, marks), any) in masks.iter().zip(&self.marks).zip(&self.of_set) {
            match mask {
                None => all(Some(any)),
                Some(mask) => {
                    let mut left = *mask;
                    while left != 0 {
                        all(marks.get(at(left.trailing_zeros())));
                        left &= left.wrapping_sub(1);
                    }
                }
            }
        }
        all(Some(&self.rest));
    }
}

/// Returns lists of keys, for each of which holds: where the request's slots are known, the condition is false unless one
/// key of the list is there.
fn needs(arena: &Arena, node: NodeId) -> Vec<Vec<Key>> {
    match arena.nodes.get(at(node)) {
        Some(Node::All(parts)) => parts.iter().flat_map(|p| needs(arena, *p)).collect(),
        Some(Node::Any(parts)) => {
            // One of the parts must hold, so one need of each, together.
            let mut all = Vec::new();
            for part in parts {
                match needs(arena, *part).into_iter().min_by_key(Vec::len) {
                    Some(need) => all.extend(need),
                    None => return Vec::new(),
                }
            }
            all.sort_unstable();
            all.dedup();
            if all.is_empty() { Vec::new() } else { vec![all] }
        }
        Some(Node::Leaf(leaf)) => match arena.leaves.get(at(*leaf)) {
            Some(Leaf::Is { slot, symbol, negated: false }) => vec![vec![Key::Text(*slot, *symbol)]],
            Some(Leaf::OneOf { slot, symbols }) => {
                let mut keys: Vec<Key> = symbols.iter().map(|s| Key::Text(*slot, *s)).collect();
                keys.sort_unstable();
                keys.dedup();
                if keys.is_empty() { Vec::new() } else { vec![keys] }
            }
            Some(Leaf::Overlaps { slot, mask }) => {
                let keys: Vec<Key> = bits(*mask).map(|b| Key::Mark(*slot, b)).collect();
                if keys.is_empty() { Vec::new() } else { vec![keys] }
            }
            Some(Leaf::Holds { slot, mask }) => bits(*mask).map(|b| vec![Key::Mark(*slot, b)]).collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn bits(mask: u64) -> impl Iterator<Item = u32> {
    (0..u64::BITS).filter(move |b| mask.checked_shr(*b).is_some_and(|m| m & 1 == 1))
}
