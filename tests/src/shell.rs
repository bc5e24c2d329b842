//! A shell in a folder of its own, in which `faregate` is the command under test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::atomic::{AtomicU64, Ordering};

/// The name under which the test program is the command.
const COMMAND: &str = "faregate";

/// Whether this process was started as `faregate`, by a shell, and has to be it.
#[must_use]
pub fn called_as_faregate() -> bool {
    let name = std::env::args_os().next();
    name.is_some_and(|name| Path::new(&name).file_stem().is_some_and(|stem| stem == COMMAND))
}

/// What a script did.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code.
    pub code: i32,
    /// What it wrote, standard error between standard output as a terminal shows it.
    pub said: String,
}

/// A folder for files and scripts; both go away with the value.
///
/// The running program is put on the scripts' path as `faregate`: its `main` asks [`called_as_faregate`] first.
#[derive(Debug)]
pub struct Shell {
    root: PathBuf,
}

impl Shell {
    /// Makes an empty folder.
    #[must_use]
    pub fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("faregate-shell-{}-{number}", process::id()));
        let bin = root.join("bin");
        fs::create_dir_all(&bin).unwrap();
        fs::create_dir_all(root.join("desk")).unwrap();
        link(&std::env::current_exe().unwrap(), &bin.join(COMMAND));
        Self { root }
    }

    /// Returns the folder in which scripts begin.
    #[must_use]
    pub fn desk(&self) -> PathBuf {
        self.root.join("desk")
    }

    /// Returns the folder that holds nothing but the command.
    #[must_use]
    pub fn bin(&self) -> PathBuf {
        self.root.join("bin")
    }

    /// Writes a file, with the folders that it needs.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.desk().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Reads a file.
    #[must_use]
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.desk().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// Runs a script as CI does: the first command that fails ends it.
    #[must_use]
    pub fn run(&self, script: &str, variables: &[(String, String)]) -> Ran {
        let file = self.root.join("script");
        fs::write(&file, format!("exec 2>&1\n{script}")).unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let output = Command::new("bash")
            .args(["--noprofile", "--norc", "-e", "-o", "pipefail"])
            .arg(&file)
            .current_dir(self.desk())
            .env("PATH", format!("{}:{path}", self.bin().display()))
            .env_remove("CI")
            .env_remove("NO_COLOR")
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .output()
            .expect("bash runs");
        let said = String::from_utf8(output.stdout).expect("a script writes text");
        // Of bash itself nothing is left for standard error but that it could not begin.
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        Ran { code: output.status.code().unwrap_or(-1), said }
    }
}

impl Default for Shell {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.root);
    }
}

/// Lets `to` be the program `from`.
fn link(from: &Path, to: &Path) {
    #[cfg(unix)]
    std::os::unix::fs::symlink(from, to).unwrap();
    #[cfg(not(unix))]
    fs::copy(from, to).map(|_| ()).unwrap();
}
