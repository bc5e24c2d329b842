//! A folder of files to try the command line on, and the command line, in process.

#![allow(dead_code, reason = "not every test that takes this module needs all of it")]

use std::fs;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use faregate_cli::Surroundings;

/// A folder of files that goes away with the value.
pub(crate) struct Desk(pub(crate) PathBuf);

impl Desk {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("faregate-desk-{}-{number}", process::id()));
        for (name, text) in files {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

/// What a command said: exit code, standard output, standard error.
pub(crate) fn run_with(stdin: &str, arguments: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut stdin = stdin.as_bytes();
    let mut surroundings =
        Surroundings { stdin: &mut stdin, out: &mut out, err: &mut err, colour: false, colour_errors: false };
    let arguments = std::iter::once("faregate").chain(arguments.iter().copied());
    let code = faregate_cli::run(arguments, &mut surroundings);
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

/// As [`run_with`], with nothing on standard input.
pub(crate) fn run(arguments: &[&str]) -> (u8, String, String) {
    run_with("", arguments)
}
