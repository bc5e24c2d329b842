//! The file of model names: what is wrong with it, and what in it serves no more.

use faregate_import::{ModelNames, models_dev};

#[test]
fn what_is_wrong_with_a_file_is_said() {
    for (text, problem) in [
        ("models: { a/x: [], b/X: [] }", "`X` is a name of both `a/x` and `b/X`"),
        ("models: { a/x-1: [x.1] }", "`x.1` stands twice at `a/x-1`"),
        ("models: { a/one: [b.two], b/b-two: [] }", "`b-two` is a name of both `a/one` and `b/b-two`"),
        ("models: { a/x: [], a/x: [] }", "`a/x` stands twice in `models`"),
        ("labs: { a: [c], b: [C] }", "`C` is a spelling of both `a` and `b`"),
        ("models: { nobody: [] }", "`nobody` is no model name of the form `lab/model`"),
        ("rows: { p: { x: Lab/X } }", "`Lab/X` is no model name of the form `lab/model`"),
        ("base_models: { x: 'lab/' }", "`lab/` is no model name of the form `lab/model`"),
    ] {
        let error = ModelNames::parse(text).unwrap_err().to_string();
        assert_eq!(error, format!("model names: {problem}"), "{text}");
    }
    let error = ModelNames::parse("modles: {}").unwrap_err().to_string();
    assert!(error.starts_with("model names: unknown field `modles`"), "{error}");
}

#[test]
fn an_entry_that_matches_nothing_is_told() {
    let names = ModelNames::parse(
        "
        providers: { p: {}, gone: {} }
        skip: [ { rows: [z*, nothing*], because: b } ]
        endings: [ { end: -fp8 }, { end: -fp1 } ]
        base_models: { lab/old: lab/new }
        models: { lab/m: [mm, mmm] }
        rows: { p: { n: lab/m, nn: lab/m } }",
    )
    .unwrap();
    let files =
        ["z", "mm-fp8", "n"].map(|native| (format!("providers/p/models/{native}.toml"), String::new()));
    let (_, report) = models_dev::import(files, &names).unwrap();
    assert_eq!(
        report.unused_entries,
        [
            "providers: gone",
            "skip: nothing*",
            "endings: -fp1",
            "base_models: lab/old",
            "models: lab/m: mmm",
            "rows: p: nn"
        ]
    );
}
