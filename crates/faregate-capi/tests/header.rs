//! The header and the C program: the header names every function, and the program, compiled by this machine's C compiler, does
//! what its comments say.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test that panics has failed"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// `.ci/full` lets cbindgen make the header anew and expects no difference; this sees at once what was forgotten.
#[test]
fn the_header_declares_every_function_and_no_other() {
    let mut defined = BTreeSet::new();
    for entry in fs::read_dir(here("src")).expect("the sources") {
        let text = read(&entry.expect("an entry").path());
        let names = text.split("extern \"C\" fn ").skip(1).filter_map(|rest| rest.split('(').next());
        defined.extend(names.map(str::to_owned));
    }
    let header = read(&here("include/faregate.h"));
    let declared: BTreeSet<String> = header
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '(')
        .filter_map(|word| word.split_once('(').map(|(name, _)| name))
        .filter(|name| name.starts_with("faregate_"))
        .map(str::to_owned)
        .collect();
    assert!(defined.len() > 25, "{defined:?}");
    assert_eq!(defined, declared);
}

/// Where there is no C compiler, there is nothing to try; `.ci/full` has one.
#[test]
fn the_c_program_does_what_it_says() {
    if Command::new("cc").arg("--version").output().is_err() {
        return;
    }
    // Beside this test lies the library that cargo built with it.
    let deps = std::env::current_exe().expect("this test").parent().expect("its folder").to_owned();
    let library = deps.join("libfaregate_c.so");
    let Some(library) = [library, deps.join("libfaregate_c.dylib")].into_iter().find(|path| path.exists())
    else {
        panic!("no library in {}", deps.display());
    };
    let program = deps.join("faregate-capi-decide");
    let compiled = Command::new("cc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"])
        .arg(format!("-I{}", here("include").display()))
        .arg(here("examples/decide.c"))
        .arg(&library)
        .arg(format!("-Wl,-rpath,{}", deps.display()))
        .arg("-o")
        .arg(&program)
        .output()
        .expect("cc runs");
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let ran = Command::new(&program).output().expect("the program runs");
    assert_eq!(String::from_utf8_lossy(&ran.stderr), "");
    let out = String::from_utf8_lossy(&ran.stdout).into_owned();
    let lines: Vec<&str> = out.lines().collect();
    let starts = [
        r#"200 {"outcome":"route","request":"r1","workload":"chat","#,
        r#"{"step":"try","attempt":{"endpoint":"m/a@north"#,
        r#"{"step":"wait","until":"2026-11-23T10:00:01Z""#,
        r#"{"step":"try","attempt":{"endpoint":"m/a@north"#,
        r#"{"step":"done","record":{"record":"r1","#,
        r#"1 {"code":"invalid_policy""#,
    ];
    assert_eq!(lines.len(), starts.len(), "{out}");
    for (n, start) in starts.iter().enumerate() {
        assert!(lines[n].starts_with(start), "{}\nis not\n{start}", lines[n]);
    }
}
