//! One tree laid over another.

use crate::Node;

/// Returns `over` laid over `base`: maps merge, all else replaces, `null` removes a key.
///
/// ```
/// use faregate_wire::{golden::merge, read_one};
/// let merged = merge(&read_one("{ a: { x: 1, y: 2.50 }, b: [1, 2] }").unwrap(), &read_one("{ a: { x: null }, b: [3] }").unwrap());
/// assert_eq!(merged.to_json(), r#"{"a":{"y":2.50},"b":[3]}"#);
/// ```
#[must_use]
pub fn merge(base: &Node, over: &Node) -> Node {
    let Node::Map(changes) = over else {
        return over.clone();
    };
    let mut entries = base.as_map().unwrap_or_default().to_vec();
    for (name, change) in changes {
        let at = entries.iter().position(|(known, _)| known == name);
        let slot = at.and_then(|at| entries.get_mut(at));
        match (change, slot) {
            (Node::Null, _) => entries.retain(|(known, _)| known != name),
            (_, Some((_, value))) => *value = merge(value, change),
            (_, None) => entries.push((name.clone(), merge(&Node::Null, change))),
        }
    }
    Node::Map(entries)
}
