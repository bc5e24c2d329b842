//! The module, run by an interpreter that is itself in Rust: every golden case and some random worlds give the bytes of the native
//! engine, and what a host can do wrong is an error.
//!
//! `./build.sh` makes the module first; without it there is nothing to compare, and the tests say so.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test that panics has failed"
)]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use faregate_tests::replay::{Binding, Set, random, replay, replays};
use wasmi::{Config, Engine, Instance, Linker, Memory, Module, Store, Val};

/// How many calls of functions lie in one another when a policy is nested to the limit. The README tells hosts.
const DEPTH: usize = 2_000;

/// An instance of the module.
struct Wasm {
    store: RefCell<Store<()>>,
    instance: Instance,
    memory: Memory,
}

fn module() -> (Engine, Module) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("js/faregate.wasm");
    let bytes = std::fs::read(&path).unwrap_or_else(|error| {
        panic!("{}: {error}; build it first: crates/faregate-wasm/build.sh", path.display())
    });
    let mut config = Config::default();
    config.set_max_recursion_depth(DEPTH);
    let engine = Engine::new(&config);
    let module = Module::new(&engine, bytes).expect("a module");
    (engine, module)
}

impl Wasm {
    fn new(engine: &Engine, module: &Module) -> Self {
        assert_eq!(module.imports().count(), 0, "it imports nothing");
        let mut store = Store::new(engine, ());
        let instance = Linker::new(engine).instantiate_and_start(&mut store, module).expect("an instance");
        let memory = instance.get_memory(&store, "memory").expect("its memory");
        Self { store: RefCell::new(store), instance, memory }
    }

    fn function(&self, name: &str, arguments: &[Val]) -> Val {
        let mut store = self.store.borrow_mut();
        let function = self.instance.get_func(&*store, name).unwrap_or_else(|| panic!("no function {name}"));
        let mut results = vec![Val::I32(0); function.ty(&*store).results().len()];
        function.call(&mut *store, arguments, &mut results).unwrap_or_else(|trap| panic!("{name}: {trap}"));
        results.pop().unwrap_or(Val::I32(0))
    }

    /// Calls a function and returns its answer, whole.
    fn answer(&self, name: &str, arguments: &[Val]) -> String {
        let packed = self.function(name, arguments).i64().expect("an answer").cast_unsigned();
        let (at, len) = ((packed >> 32) as usize, (packed & 0xffff_ffff) as usize);
        let text = String::from_utf8(self.memory.data(&*self.store.borrow())[at..at + len].to_vec());
        self.function("faregate_free", &[Val::I32(at as i32)]);
        text.expect("UTF-8")
    }

    /// Calls a function with numbers and then texts, and returns the value of its answer, or the error.
    fn call(&self, name: &str, first: &[u32], texts: &[&str], now: Option<i64>) -> Result<String, String> {
        let mut arguments: Vec<Val> = first.iter().map(|number| Val::I32(number.cast_signed())).collect();
        let mut rooms = Vec::new();
        for text in texts {
            let room = self.room(text.as_bytes());
            arguments.extend([Val::I32(room), Val::I32(i32::try_from(text.len()).expect("a short text"))]);
            rooms.push(room);
        }
        arguments.extend(now.map(Val::I64));
        let answer = self.answer(name, &arguments);
        for room in rooms {
            self.function("faregate_free", &[Val::I32(room)]);
        }
        match answer.strip_prefix("{\"ok\":") {
            Some(value) => Ok(value.strip_suffix('}').expect("the end of the answer").to_owned()),
            None => Err(answer),
        }
    }

    fn room(&self, bytes: &[u8]) -> i32 {
        let len = i32::try_from(bytes.len()).expect("a short text");
        let at = self.function("faregate_alloc", &[Val::I32(len)]).i32().expect("an address");
        assert_ne!(at, 0, "there is memory");
        let mut store = self.store.borrow_mut();
        self.memory.write(&mut *store, at.cast_unsigned() as usize, bytes).expect("room");
        at
    }

    fn handle(&self, name: &str, first: &[u32], texts: &[&str]) -> Result<u32, String> {
        let told = self.call(name, first, texts, None)?;
        let digits = |c: char| !c.is_ascii_digit();
        told.split(digits).find(|digits| !digits.is_empty()).and_then(|n| n.parse().ok()).ok_or(told)
    }

    fn free(&self, handle: u32) {
        assert_eq!(self.function("faregate_handle_free", &[Val::I32(handle.cast_signed())]).i32(), Some(1));
    }
}

/// Writes texts as JSON.
fn list(texts: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", texts.into_iter().collect::<Vec<_>>().join(","))
}

fn quoted(text: &str) -> String {
    faregate_embed::Node::text(text).to_json()
}

fn arguments(files: &[(String, String)], layers: &[String]) -> String {
    let files = list(files.iter().map(|(name, text)| list([quoted(name), quoted(text)])));
    format!("\"policies\":{files},\"catalogs\":{}", list(layers.iter().map(|layer| quoted(layer))))
}

impl Binding for Wasm {
    type Engine = u32;
    type Decision = u32;
    type Run = u32;

    fn check(&self, files: &[(String, String)], layers: &[String], today: &str) -> Result<String, String> {
        let today = if today.is_empty() { "null".to_owned() } else { quoted(today) };
        let given = format!("{{{},\"today\":{today}}}", arguments(files, layers));
        self.call("faregate_check", &[], &[&given], None)
    }
    fn load(&self, files: &[(String, String)], layers: &[String]) -> Result<u32, String> {
        self.handle("faregate_engine_load", &[], &[&format!("{{{}}}", arguments(files, layers))])
    }
    fn decide(&self, engine: &u32, request: &str, context: &str) -> Result<u32, String> {
        self.handle("faregate_decide", &[*engine], &[request, context])
    }
    fn json(&self, decision: &u32) -> Result<String, String> {
        self.call("faregate_decision_json", &[*decision], &[], None)
    }
    fn run(&self, decision: &u32) -> Result<u32, String> {
        self.handle("faregate_decision_run", &[*decision], &[])
    }
    fn step(&self, run: &u32, now_ms: i64) -> Result<String, String> {
        self.call("faregate_run_step", &[*run], &[], Some(now_ms))
    }
    fn next(&self, run: &u32, outcome: &str, now_ms: i64) -> Result<(), String> {
        self.call("faregate_run_next", &[*run], &[outcome], Some(now_ms)).map(drop)
    }
    fn observe(&self, run: &u32, context: &str) -> Result<(), String> {
        self.call("faregate_run_observe", &[*run], &[context], None).map(drop)
    }
    fn carried_over(&self, engine: &u32, run: u32) -> Result<u32, String> {
        let saved = self.call("faregate_run_save", &[run], &[], None)?;
        self.free(run);
        self.handle("faregate_run_restore", &[*engine], &[&saved])
    }
}

/// Replays all sets, by two threads, each set in an instance of its own.
fn replayed(sets: &[Set]) {
    let (engine, module) = module();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut failed = Vec::new();
        while let Some(set) = sets.get(next.fetch_add(1, Ordering::Relaxed)) {
            let wasm = Wasm::new(&engine, &module);
            failed.extend(replay(&wasm, set).err().map(|error| format!("{}: {error}", set.name)));
        }
        failed
    };
    let failed = thread::scope(|threads| {
        let other = threads.spawn(work);
        let mut failed = work();
        failed.extend(other.join().unwrap_or_else(|_| vec!["a thread panicked".to_owned()]));
        failed
    });
    assert_eq!(failed, Vec::<String>::new(), "of {} sets", sets.len());
}

#[test]
fn every_golden_case_gives_the_bytes_of_the_native_engine() {
    let sets = replays();
    let cases: usize = sets.iter().map(|set| set.cases.len()).sum();
    let runs = sets.iter().flat_map(|set| &set.cases).filter(|case| !case.run.is_empty()).count();
    // Were the cases not found, nothing would be compared.
    assert!(sets.len() > 300 && cases > 600 && runs > 150, "{} {cases} {runs}", sets.len());
    replayed(&sets);
}

#[test]
fn random_worlds_give_the_bytes_of_the_native_engine() {
    let worlds = random(300);
    let runs = worlds.iter().flat_map(|set| &set.cases).filter(|case| !case.run.is_empty()).count();
    assert!(worlds.len() == 300 && runs > 60, "{} {runs}", worlds.len());
    replayed(&worlds);
}

#[test]
fn a_policy_that_is_nested_to_the_limit_is_read() {
    let (engine, module) = module();
    let wasm = Wasm::new(&engine, &module);
    let (open, close) = ("(request.idempotent and ".repeat(64), ")".repeat(64));
    let text = format!(
        "policy p {{ language 1 }}\nworkload w {{\n  when {open}request.stream{close}\n  deny \"no\"\n}}\nworkload x {{ otherwise deny \"no\" }}\n"
    );
    let files = [("p.fare".to_owned(), text)];
    let found = Binding::check(&wasm, &files, &[], "").expect("no trap");
    assert!(found.contains("\"errors\":0"), "{found}");
}

#[test]
fn the_abi_is_written_down() {
    let (_, module) = module();
    let exported: BTreeSet<&str> =
        module.exports().map(|export| export.name()).filter(|name| name.starts_with("faregate_")).collect();
    let page = include_str!("../src/lib.rs");
    let rows = page.lines().filter_map(|line| line.strip_prefix("//! | "));
    let named = rows.flat_map(|row| row.split('`')).filter(|word| word.starts_with("faregate_"));
    // A row may refer to another function; every one has a row of its own.
    assert_eq!(named.collect::<BTreeSet<_>>(), exported);
    assert!(exported.len() > 25, "{exported:?}");
}

#[test]
fn what_a_host_does_wrong_is_an_error() {
    let (engine, module) = module();
    let wasm = Wasm::new(&engine, &module);
    let wrong = |name: &str, arguments: &[Val], starts: &str| {
        let answer = wasm.answer(name, arguments);
        assert!(
            answer
                .starts_with(&format!("{{\"error\":{{\"code\":\"invalid_argument\",\"message\":\"{starts}")),
            "{answer}"
        );
    };
    let here = Val::I32;
    // Pointers that nobody gave, of all kinds.
    for at in [0, 1, 4, 65_536, -1, i32::MAX, i32::MIN] {
        for len in [0, 1, -1] {
            wrong("faregate_check", &[here(at), here(len)], "the pointer is none that faregate_alloc gave");
        }
        wasm.function("faregate_free", &[here(at)]);
    }
    let room = wasm.room(b"{}");
    wrong("faregate_check", &[here(room), here(-1)], "is longer than the room for it");
    wrong("faregate_check", &[here(room + 1), here(1)], "the pointer is none");
    wasm.function("faregate_free", &[here(room)]);
    wrong("faregate_check", &[here(room), here(2)], "the pointer is none");
    let latin = wasm.room(b"{\xe9}");
    wrong("faregate_check", &[here(latin), here(3)], "not UTF-8 after 1 bytes");
    // Handles that stand for nothing, or for something else.
    for handle in [0, 1, -1] {
        wrong(
            "faregate_engine_warnings",
            &[here(handle)],
            &format!("the handle {} stands for nothing", handle.cast_unsigned()),
        );
        assert_eq!(wasm.function("faregate_handle_free", &[here(handle)]).i32(), Some(0));
    }
    let tracker = wasm.handle("faregate_tracker_new", &[], &[]).expect("a tracker");
    wrong(
        "faregate_engine_warnings",
        &[here(tracker.cast_signed())],
        "the handle 1 stands for something else",
    );
    wasm.free(tracker);
    wrong("faregate_live_new", &[here(tracker.cast_signed())], "the handle 1 stands for nothing");
    // Arguments of another shape.
    for (given, starts) in [
        ("[]", "expected an object with policies, catalogs, today"),
        ("{\"policy\":[]}", "unknown; expected policies, catalogs, today"),
        ("{\"policies\":[[\"p.fare\"]]}", "expected a list of pairs of texts"),
        ("{\"policies\":3}", "expected a list of pairs of texts"),
        ("{\"catalogs\":{}}", "expected a list of catalogs"),
        ("{\"policies\":[],\"today\":3}", "expected a text"),
    ] {
        let error = wasm.call("faregate_check", &[], &[given], None).expect_err(given);
        assert!(
            error.starts_with(&format!("{{\"error\":{{\"code\":\"invalid_argument\",\"message\":\"{starts}")),
            "{error}"
        );
    }
    let error = wasm.call("faregate_check", &[], &["{"], None).expect_err("no JSON");
    assert!(error.starts_with("{\"error\":{\"code\":\"invalid_data\""), "{error}");
    assert_eq!(wasm.function("faregate_handles", &[]).i32(), Some(0), "nothing is left");
}
