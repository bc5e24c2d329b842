//! `faregate test --watch`: again whenever a file changes.
//!
//! Files are looked at, a few times a second, rather than followed by the system: policies are few, it works on every
//! file system, and an editor that writes a new file in place of the old one needs no special care.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::files;

/// How long between two looks.
const PAUSE: Duration = Duration::from_millis(250);

/// What of a file tells that it changed.
type State = Option<(SystemTime, u64)>;

/// The files that matter, as they were when last looked at.
#[derive(PartialEq, Eq)]
pub(super) struct Look(BTreeMap<PathBuf, State>);

impl Look {
    /// Looks at the policies, cases, catalogs and manifests below `paths`, and at `others`.
    pub(super) fn at<'a>(paths: &[PathBuf], others: impl Iterator<Item = &'a PathBuf>) -> Self {
        let mut states = BTreeMap::new();
        for path in paths {
            for ending in [".fare", ".yaml", ".yml", ".json"] {
                // A folder that went away has no files.
                for file in files::find(path, ending).unwrap_or_default() {
                    states.entry(file).or_insert_with_key(|file| state(file));
                }
            }
        }
        for file in others {
            states.entry(file.clone()).or_insert_with_key(|file| state(file));
        }
        Self(states)
    }

    /// Returns a file that is not as it was, or is new or gone.
    pub(super) fn changed(&self, now: &Self) -> Option<PathBuf> {
        let differs = |(path, state): &(&PathBuf, &State)| now.0.get(*path) != Some(*state);
        let changed = self.0.iter().find(differs).map(|(path, _)| path.clone());
        changed.or_else(|| now.0.keys().find(|path| !self.0.contains_key(*path)).cloned())
    }
}

fn state(path: &Path) -> State {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

impl Look {
    /// As [`Look::changed`], of files that both looks know: the later one may know more for having read more.
    pub(super) fn changed_of(&self, now: &Self) -> Option<PathBuf> {
        let differs = |(path, state): &(&PathBuf, &State)| now.0.get(*path).is_some_and(|now| now != *state);
        self.0.iter().find(differs).map(|(path, _)| path.clone())
    }
}

/// Waits for a change and says of which file. `look` looks anew.
pub(super) fn wait(before: &Look, look: impl Fn() -> Look) -> PathBuf {
    loop {
        thread::sleep(PAUSE);
        let now = look();
        if let Some(path) = before.changed(&now) {
            // An editor may still be writing: until nothing changes any more.
            let mut last = now;
            loop {
                thread::sleep(PAUSE);
                let now = look();
                if now == last {
                    return path;
                }
                last = now;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

    use std::fs;
    use std::thread;
    use std::time::Duration;

    use super::{Look, wait};

    #[test]
    fn a_file_that_is_written_is_new_or_goes_away_is_seen() {
        let folder = std::env::temp_dir().join(format!("faregate-watch-{}", std::process::id()));
        fs::create_dir_all(folder.join("catalogs")).unwrap();
        let policy = folder.join("a.fare");
        let beside = folder.join("catalogs/market.yaml");
        fs::write(&policy, "one").unwrap();
        let look = || Look::at(std::slice::from_ref(&folder), std::iter::empty());

        let before = look();
        assert_eq!(before.changed(&look()), None);
        fs::write(&policy, "three").unwrap();
        assert_eq!(before.changed(&look()), Some(policy.clone()));
        let before = look();
        fs::write(&beside, "endpoints: []").unwrap();
        assert_eq!(before.changed(&look()), Some(beside.clone()));
        let before = look();
        fs::remove_file(&beside).unwrap();
        assert_eq!(before.changed(&look()), Some(beside));

        let before = look();
        let writes = policy.clone();
        let writer = thread::spawn(move || {
            thread::sleep(Duration::from_millis(100));
            fs::write(writes, "three more").unwrap();
        });
        assert_eq!(wait(&before, look), policy);
        writer.join().unwrap();
        fs::remove_dir_all(&folder).unwrap();
    }
}
