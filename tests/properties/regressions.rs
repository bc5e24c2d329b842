//! What fuzzing once found, replayed: `fuzz/regressions/TARGET/NAME`.

use std::fs;

use faregate_tests::generate::outcomes;
use faregate_tests::{fuzzed, repository};

/// A fuzz target and what it calls.
type Target = (&'static str, fn(&[u8]));

#[test]
fn what_fuzzing_found_stays_found() {
    let targets: [Target; 8] = [
        ("parse_never_panics", fuzzed::parses),
        ("format_keeps_the_tree", fuzzed::formats),
        ("check_never_panics", fuzzed::checks),
        ("wire_never_panics", fuzzed::reads),
        ("decide_never_panics", fuzzed::decides),
        ("run", outcomes::runs),
        ("classify", outcomes::classifies),
        ("engine_equals_reference", fuzzed::engines_agree),
    ];
    for (target, run) in targets {
        for folder in ["regressions", "seeds"] {
            let Ok(files) = fs::read_dir(repository("fuzz").join(folder).join(target)) else { continue };
            for file in files {
                let path = file.expect("a readable entry").path();
                println!("{}", path.display());
                run(&fs::read(&path).expect("a readable file"));
            }
        }
    }
}
