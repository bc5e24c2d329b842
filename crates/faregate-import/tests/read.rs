//! A tree from a folder and from an archive is the same tree.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs::{self, File};
use std::path::PathBuf;

use faregate_import::read;
use flate2::{Compression, write::GzEncoder};

/// A folder of its own for one test, gone when it ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("faregate-import-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_folder_and_an_archive_with_hard_links_are_the_same_tree() {
    let scratch = Scratch::new("tree");
    let tree = scratch.0.join("tree");
    fs::create_dir_all(tree.join("models/lab")).unwrap();
    fs::write(tree.join("models/lab/b.toml"), "x = 1").unwrap();
    fs::write(tree.join("models/a.toml"), "x = 1").unwrap();
    fs::write(tree.join("README.md"), "no").unwrap();

    let packed = scratch.0.join("tree.tar.gz");
    let mut archive = tar::Builder::new(GzEncoder::new(File::create(&packed).unwrap(), Compression::fast()));
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Link);
    link.set_size(0);
    archive.append_link(&mut link, "models/a.toml", "models/lab/b.toml").unwrap();
    archive.append_path_with_name(tree.join("README.md"), "README.md").unwrap();
    archive.append_path_with_name(tree.join("models/lab/b.toml"), "models/lab/b.toml").unwrap();
    archive.into_inner().unwrap().finish().unwrap();

    let wanted = [("models/a.toml", "x = 1"), ("models/lab/b.toml", "x = 1")];
    let wanted = wanted.map(|(path, text)| (path.to_owned(), text.to_owned()));
    assert_eq!(read::toml_files(&tree).unwrap(), wanted);
    assert_eq!(read::toml_files(&packed).unwrap(), wanted);
}

#[test]
fn what_cannot_be_read_is_named() {
    let error = read::toml_files("no/such/tree.tar.gz".as_ref()).unwrap_err();
    assert_eq!(error.to_string(), "cannot read `no/such/tree.tar.gz`");
}
