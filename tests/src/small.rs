//! Conditions, rules and requests of worlds so small that all their requests can be gone through, one by one.

use faregate::{Context, Request};
use faregate_wire::{context_from, read_one, request_from};

use crate::Draw;

/// What a policy may look at: the atoms of conditions, and all values that tell requests apart for them, as lines of data.
#[derive(Debug)]
pub struct Dimension {
    /// `request`, `attributes` or `key`.
    pub holder: &'static str,
    /// The name of the attribute.
    pub field: &'static str,
    /// Conditions on it.
    pub atoms: &'static [&'static str],
    /// The empty one leaves the field out.
    pub values: &'static [&'static str],
}

/// All that the policies look at.
pub const DIMENSIONS: [Dimension; 6] = [
    Dimension {
        holder: "request",
        field: "workload",
        atoms: &["request.workload == a", "request.workload != b", "present(request.workload)"],
        values: &["", "a", "b"],
    },
    Dimension {
        holder: "request",
        field: "data",
        atoms: &[
            "request.data includes pii",
            "request.data includes any of pii, phi",
            "request.data includes all of pii, phi",
            "present(request.data)",
        ],
        values: &["", "[]", "[pii]", "[phi]", "[pii, phi]"],
    },
    Dimension {
        holder: "attributes",
        field: "tier",
        atoms: &["request.tier == x", "request.tier in x, y"],
        values: &["", "x", "y", "z"],
    },
    Dimension { holder: "request", field: "stream", atoms: &["request.stream"], values: &["false", "true"] },
    Dimension {
        holder: "key",
        field: "environment",
        atoms: &["key.environment == prod", "key.environment != prod", "present(key.environment)"],
        values: &["", "prod", "dev"],
    },
    Dimension {
        holder: "request",
        field: "input_tokens",
        atoms: &[
            "request.input_tokens > 1000",
            "request.input_tokens <= 300",
            "request.input_tokens between 300 and 2k",
        ],
        values: &["0", "299", "300", "301", "1000", "1001", "2000", "2001"],
    },
];

/// Declares what the atoms speak of.
pub const DECLARED: &str = "declare { request.workload one_of a, b\n request.data set_of pii, phi\n request.tier one_of x, y, z\n key.environment one_of prod, dev }\n";

/// The endpoints of a catalog.
pub const ENDPOINTS: [&str; 3] = ["m/one@north", "m/one@south", "m/two@north"];

const ENDPOINT_ATOMS: [&str; 5] = [
    "endpoint.zdr",
    "endpoint.trains",
    "endpoint.free",
    r#"endpoint.provider == "north""#,
    r#"endpoint.model == "m/two""#,
];

/// Draws up to three things to look at, none twice.
pub fn dimensions(draw: &mut Draw<'_>) -> Vec<&'static Dimension> {
    let count = 1 + draw.below(3);
    let mut used: Vec<&'static Dimension> = Vec::new();
    for _ in 0..count {
        let dimension = &DIMENSIONS[draw.below(DIMENSIONS.len())];
        if used.iter().all(|d| d.field != dimension.field) {
            used.push(dimension);
        }
    }
    used
}

/// Writes a condition on the request and the key.
pub fn condition(draw: &mut Draw<'_>, used: &[&'static Dimension], depth: usize) -> String {
    if depth > 0 && draw.percent(50) {
        let (left, right) = (condition(draw, used, depth - 1), condition(draw, used, depth - 1));
        return joined(draw, &left, &right);
    }
    let dimension = used[draw.below(used.len())];
    draw.text(dimension.atoms)
}

/// Writes a condition on the endpoint.
pub fn rule(draw: &mut Draw<'_>, depth: usize) -> String {
    if depth > 0 && draw.percent(40) {
        let (left, right) = (rule(draw, depth - 1), rule(draw, depth - 1));
        return joined(draw, &left, &right);
    }
    draw.text(&ENDPOINT_ATOMS)
}

fn joined(draw: &mut Draw<'_>, left: &str, right: &str) -> String {
    match draw.below(3) {
        0 => format!("({left} and {right})"),
        1 => format!("({left} or {right})"),
        _ => format!("not ({left})"),
    }
}

/// Draws what a catalog says of the data terms of an endpoint, each fact known or not.
pub fn facts(draw: &mut Draw<'_>) -> String {
    let mut row = String::new();
    for fact in ["zdr", "trains", "free"] {
        row += match draw.below(3) {
            0 => format!(", {fact}: true"),
            1 => format!(", {fact}: false"),
            _ => String::new(),
        }
        .as_str();
    }
    row
}

/// Calls `with` with every request that a policy can tell from another by these, and its key in a context.
pub fn requests(used: &[&'static Dimension], with: &mut dyn FnMut(&Request, &Context)) {
    let combinations: usize = used.iter().map(|d| d.values.len()).product();
    for number in 0..combinations {
        let (mut rest, mut request, mut attributes, mut key) =
            (number, String::new(), String::new(), String::new());
        for dimension in used {
            let value = dimension.values[rest % dimension.values.len()];
            rest /= dimension.values.len();
            let line =
                if value.is_empty() { String::new() } else { format!("{}: {value}, ", dimension.field) };
            match dimension.holder {
                "key" => key += &line,
                "attributes" => attributes += &line,
                _ => request += &line,
            }
        }
        if !used.iter().any(|d| d.field == "input_tokens") {
            request += "input_tokens: 10, ";
        }
        // What the policy does not look at is such that nothing else stands in the way.
        if !used.iter().any(|d| d.field == "data") {
            request += "data: [], ";
        }
        let request = format!("{{ id: r, {request} attributes: {{ {attributes} }} }}");
        let context = format!("{{ now: 2026-11-23T10:00:00Z, budgets: [], key: {{ {key} }} }}");
        with(
            &request_from(&read_one(&request).unwrap()).unwrap(),
            &context_from(&read_one(&context).unwrap()).unwrap(),
        );
    }
}

/// Calls `with` with every context in which some of these endpoints are down.
pub fn downs(context: &Context, endpoints: &[&str], with: &mut dyn FnMut(&Context)) {
    let mut context = context.clone();
    let before = context.endpoints.clone();
    for down in 0..1_u32 << endpoints.len() {
        context.endpoints.clone_from(&before);
        for (_, id) in endpoints.iter().enumerate().filter(|(n, _)| down & 1 << n != 0) {
            context.endpoints.entry((*id).to_owned()).or_default().health = Some(faregate::Health::Down);
        }
        with(&context);
    }
}
