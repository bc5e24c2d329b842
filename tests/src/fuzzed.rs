//! What holds of any bytes at all. Each function panics where its promise is broken; the fuzz targets call them, and a
//! test replays what the targets once found.

use std::sync::LazyLock;

use faregate::syntax::{Diagnostic, FileId, Sources, format, parse, parse_literal, render};
use faregate::{
    Catalog, CatalogLayer, Completeness, Context, Decision, Engine, PolicySet, Request, Scratch, check_set,
};
use faregate_wire::golden::read_cases;
use faregate_wire::{
    Node, catalog_layer, catalog_layer_to_node, context_to_node, decision_to_json, decision_to_json_pretty,
    read_contexts, read_many, read_one, read_requests, request_to_node, text_of,
};

use crate::promises::engines::{agree, plain, shaken_runs_agree};
use crate::{Draw, World, comments, generate, same_tree};

/// A line that parts a text into several.
const BORDER: &str = "\n=====\n";

/// Texts that stand behind a number of [`decides`].
const POLICIES: [(&str, &str); 14] = [
    ("ci.fare", include_str!("../../policies/ci.fare")),
    ("coding.fare", include_str!("../../policies/coding.fare")),
    ("emergency.fare", include_str!("../../policies/emergency.fare")),
    ("enterprise.fare", include_str!("../../policies/enterprise.fare")),
    ("extraction.fare", include_str!("../../policies/extraction.fare")),
    ("incident.fare", include_str!("../../policies/incident.fare")),
    ("nightly.fare", include_str!("../../policies/nightly.fare")),
    ("prototype.fare", include_str!("../../policies/prototype.fare")),
    ("regulated.fare", include_str!("../../policies/regulated.fare")),
    ("research.fare", include_str!("../../policies/research.fare")),
    ("sandbox.fare", include_str!("../../policies/sandbox.fare")),
    ("staging.fare", include_str!("../../policies/staging.fare")),
    ("summaries.fare", include_str!("../../policies/summaries.fare")),
    ("support.fare", include_str!("../../policies/support.fare")),
];

const DESK: &str = include_str!("../../policies/catalogs/desk.yaml");

/// Reads a policy: no panic, and every place lies in the text.
pub fn parses(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut sources = Sources::new();
    let id = sources.add("any.fare", text.as_ref());
    let (file, found) = parse(id, &text);
    in_place(&found, &sources);
    for comment in &file.comments {
        assert!(sources.text(comment.span).starts_with("//"), "{comment:?}");
    }
    assert_eq!(render(&found, &sources, false).is_empty(), found.is_empty());
    drop(parse_literal(&text));
}

/// Lays a policy out: the tree and the comments stay, and once is enough.
pub fn formats(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (_, found) = parse(FileId(0), &text);
    match format(FileId(0), &text) {
        Ok(once) => {
            assert!(found.is_empty());
            if let Err(difference) = same_tree(&text, &once) {
                panic!("{difference}\nin {text:?}\nas {once:?}");
            }
            assert_eq!(comments(&text), comments(&once), "in {text:?}");
            assert_eq!(format(FileId(0), &once).as_ref(), Ok(&once), "of {text:?}");
        }
        Err(errors) => assert_eq!(errors.is_empty(), found.is_empty()),
    }
}

/// Checks a set, its files parted by `=====`: no panic, every place lies in its file, and a set loads unless there
/// are errors.
pub fn checks(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let files: Vec<(String, &str)> =
        text.split(BORDER).take(8).enumerate().map(|(n, text)| (format!("{n}.fare"), text)).collect();
    let part = check_set(files.clone(), Completeness::Part);
    in_place_of(&part.diagnostics);
    let whole = check_set(files, Completeness::Whole);
    in_place_of(&whole.diagnostics);
    let errors = whole.diagnostics.iter().any(Diagnostic::is_error);
    assert_eq!(whole.policy.is_none(), errors, "{:?}", whole.diagnostics);
    if let Some(policy) = whole.policy {
        let desk = desk();
        in_place_of(&policy.check_with(Some(&desk), None));
        in_place_of(&policy.check_with(None, desk.as_of()));
    }
}

/// Reads data of every shape: no panic, and what was read is written and read again alike.
pub fn reads(bytes: &[u8]) {
    drop(text_of(bytes).map(str::len));
    let text = String::from_utf8_lossy(bytes);
    drop(read_one(&text));
    if let Ok(nodes) = read_many(&text) {
        // A document of nothing is no document.
        for node in nodes.into_iter().filter(|node| *node != Node::Null) {
            // A float too large for JSON's own reader is a text when it is read again, so texts are compared.
            let json = node.to_json();
            assert_eq!(read_one(&json).map(|again| again.to_json()).ok(), Some(json), "of {text:?}");
        }
    }
    for documents in [read_requests(&text), read_contexts(&text)].into_iter().flatten() {
        for document in documents {
            if let Some(request) = document.request {
                requests_survive(&request);
            }
            if let Some(context) = document.context {
                contexts_survive(&context);
            }
        }
    }
    if let Ok(layer) = catalog_layer(&text) {
        layers_survive(&layer);
        let once = Catalog::new(vec![layer.clone()]);
        assert_eq!(once, Catalog::new(vec![layer]));
    }
    if let Ok(cases) = read_cases(&text, &mut |path| Err(format!("{path}: not here"))) {
        for case in cases {
            drop(case.settled());
        }
    }
}

/// Decides: no panic, the same answer twice, and JSON that can be read.
///
/// The text has up to three parts: a policy, a file of requests, catalogs. A policy is its text, or `use N` and lines
/// `LINE TEXT` that replace lines of the N-th policy of `policies/`. Without catalogs there is one with a few models.
pub fn decides(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.split(BORDER);
    let policy = edited(parts.next().unwrap_or_default());
    let Ok(policy) = PolicySet::parse([("any.fare", policy)]) else { return };
    let Ok(documents) = read_requests(parts.next().unwrap_or_default()) else { return };
    let layers: Vec<CatalogLayer> = parts.take(4).filter_map(|text| catalog_layer(text).ok()).collect();
    let catalog = if layers.is_empty() { desk() } else { Catalog::new(layers).unwrap_or_else(|_| desk()) };
    let engine = Engine::new(policy, catalog).expect("a policy and a catalog make an engine");
    for document in documents.into_iter().take(4) {
        let Some(request) = document.request else { continue };
        let context = document.context.unwrap_or_else(|| Context::new(faregate::Timestamp(0)));
        decided(&engine, &request, &context);
    }
}

/// Decides by both engines: the same bytes. The bytes make worlds, several requests for one engine and one scratch.
pub fn engines_agree(bytes: &[u8]) {
    let mut draw = Draw::new(bytes);
    let mut more = draw.part(1600);
    let world = World::draw(&mut draw);
    let Ok(engine) = world.engine() else { return };
    let mut scratch = Scratch::new();
    let mut asked = vec![(world.request.clone(), world.context.clone())];
    for _ in 0..2 {
        let request = generate::request(&mut more.part(160), &world.scope);
        let context = generate::context(&mut more.part(640), &world.scope, &world.catalog, &request);
        asked.push((request, context));
    }
    for (request, context) in &asked {
        let seed = bytes.iter().fold(0_u64, |seed, byte| seed.rotate_left(5) ^ u64::from(*byte));
        let agreed = agree(&engine, &mut scratch, request, context)
            .and_then(|()| shaken_runs_agree(&engine, request, context, 8, seed));
        if let Err(difference) = agreed {
            panic!("{difference}\n{world:?}");
        }
    }
    // The same where costs are numbers of 64 bits.
    let mut world = world;
    plain(&mut world, "0.0000001", "0.001");
    let Some(engine) = world.merged().ok().and_then(|catalog| engine.with_catalog(catalog).ok()) else {
        return;
    };
    for (request, mut context) in asked {
        context.endpoints.clear();
        context.credentials.clear();
        if let Err(difference) = agree(&engine, &mut scratch, &request, &context) {
            panic!("{difference}\n{world:?}\n{request:?}\n{context:?}");
        }
    }
}

/// Checks what holds of any decision, whatever it is about.
pub fn decided(engine: &Engine, request: &Request, context: &Context) -> Decision {
    let decision = engine.decide(request, context);
    assert_eq!(decision, engine.decide(request, context));
    let json = decision_to_json(&decision);
    let node = read_one(&json).expect("a decision is JSON");
    assert_eq!(node.to_json(), json);
    assert_eq!(read_one(&decision_to_json_pretty(&decision)).as_ref(), Ok(&node));
    if let Some(endpoint) = engine.catalog().endpoints().first() {
        drop(engine.why(request, context, &endpoint.id));
    }
    decision
}

/// Checks that a request is the same after it was written and read.
pub fn requests_survive(request: &Request) {
    let json = request_to_node(request).to_json();
    let again = read_requests(&json).map(|mut d| d.pop().and_then(|d| d.request));
    assert_eq!(again.as_ref(), Ok(&Some(request.clone())), "of {json}");
}

/// Checks that a context is the same after it was written and read.
pub fn contexts_survive(context: &Context) {
    let json = context_to_node(context).to_json();
    let again = read_contexts(&json).map(|mut d| d.pop().and_then(|d| d.context));
    assert_eq!(again.as_ref(), Ok(&Some(context.clone())), "of {json}");
}

/// Checks that a layer of a catalog is the same after it was written and read.
pub fn layers_survive(layer: &CatalogLayer) {
    let json = catalog_layer_to_node(layer).to_json();
    assert_eq!(catalog_layer(&json).as_ref(), Ok(layer), "of {json}");
}

/// Checks that every place of every finding lies in its file, on borders of characters.
pub fn in_place(found: &[Diagnostic], sources: &Sources) {
    for diagnostic in found {
        let places = diagnostic.related.iter().map(|l| l.span).chain(diagnostic.fix.iter().map(|f| f.span));
        for span in places.chain([diagnostic.primary.span]) {
            let inside = sources.get(span.file).map(|f| f.text().get(span.start as usize..span.end as usize));
            assert!(inside.flatten().is_some(), "{span:?} of {diagnostic:?}");
        }
        assert!(!diagnostic.message.contains('\n') && !diagnostic.message.is_empty(), "{diagnostic:?}");
    }
}

/// As [`in_place`], of findings that carry their texts.
pub fn in_place_of(found: &faregate::syntax::Diagnostics) {
    let all: Vec<Diagnostic> = found.iter().cloned().collect();
    in_place(&all, found.sources());
}

/// Returns the desk's catalog, read once: it takes longer to read than most policies.
fn desk() -> Catalog {
    static DESK_CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
        let layer = catalog_layer(DESK).expect("the desk's catalog can be read");
        Catalog::new(vec![layer]).expect("the desk's catalog makes sense")
    });
    DESK_CATALOG.clone()
}

fn edited(text: &str) -> String {
    let mut lines = text.lines();
    let number =
        lines.next().and_then(|first| first.strip_prefix("use ")).and_then(|n| n.parse::<usize>().ok());
    let Some((_, policy)) = number.and_then(|n| POLICIES.get(n)) else { return text.to_owned() };
    let mut policy: Vec<&str> = policy.lines().collect();
    for edit in lines {
        if let Some((at, put)) = edit.split_once(' ')
            && let Some(line) = at.parse::<usize>().ok().and_then(|at| policy.get_mut(at.wrapping_sub(1)))
        {
            *line = put;
        }
    }
    policy.join("\n")
}
