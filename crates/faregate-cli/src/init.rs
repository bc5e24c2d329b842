//! `faregate init`

use std::fs;
use std::path::Path;

use crate::args::Init;
use crate::{Exit, Failure, Surroundings, files};

/// What a first policy consists of: where each file goes, and its text. All of it passes as it is.
const FILES: [(&str, &str); 5] = [
    ("support.fare", include_str!("../templates/support.fare")),
    ("support.test.yaml", include_str!("../templates/support.test.yaml")),
    ("catalogs/models.yaml", include_str!("../templates/catalogs/models.yaml")),
    ("faregate.yaml", include_str!("../templates/faregate.yaml")),
    (".github/workflows/policies.yml", include_str!("../templates/workflow.yml")),
];

pub(crate) fn run(args: &Init, surroundings: &mut Surroundings<'_>) -> Result<Exit, Failure> {
    let folder = args.folder.as_deref().unwrap_or(Path::new("."));
    let there: Vec<&str> =
        FILES.iter().map(|(name, _)| *name).filter(|name| folder.join(name).exists()).collect();
    if !there.is_empty() {
        let what = if there.len() == 1 { "is" } else { "are" };
        return Err(Failure(format!(
            "{} {what} there already in {}, and nothing is overwritten; name another folder",
            there.join(", "),
            files::shown(folder)
        )));
    }
    for (name, text) in FILES {
        let path = folder.join(name);
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
        written.map_err(|error| files::unwritten(&path, &error))?;
        writeln!(surroundings.out, "wrote {}", path.display())?;
    }
    let at = folder.display();
    writeln!(
        surroundings.out,
        "\nnext:\n  faregate check {at}\n  faregate test {at}\nthen change support.fare, and see what they say; `faregate test {at} --coverage` shows what no case reaches"
    )?;
    Ok(Exit::Done)
}
