//! The pictures of the terminal in `docs/pictures` show what the commands print. `UPDATE=1 cargo test -p faregate-tests --test pictures` draws
//! them anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that panics has failed")]

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::{env, fs};

use anstyle_svg::{Term, WIN10_CONSOLE};
use faregate_cli::Surroundings;
use faregate_tests::repository;
use faregate_tests::shell::Shell;

/// A command that is typed in the folder where `faregate init policies` was.
struct Picture {
    name: &'static str,
    /// What somebody changed in a file before.
    change: Option<(&'static str, &'static str, &'static str)>,
    command: &'static str,
    code: u8,
}

const PICTURES: [Picture; 4] = [
    Picture {
        name: "check",
        change: Some(("policies/support.fare", "endpoint.zdr and", "endpoint.zrd and")),
        command: "faregate check policies",
        code: 1,
    },
    Picture {
        name: "decide",
        change: None,
        command: "faregate decide policies/support.fare --catalog policies/catalogs/models.yaml --request request.yaml",
        code: 0,
    },
    Picture {
        name: "test",
        change: Some(("policies/support.fare", "endpoint.zdr and not", "not")),
        command: "faregate test policies",
        code: 1,
    },
    Picture {
        name: "rehearse",
        change: None,
        command: "faregate rehearse policies/support.fare --catalog policies/catalogs/models.yaml --request request.yaml --outcomes outcomes.yaml",
        code: 0,
    },
];

const REQUEST: &str = "\
request: { id: req-7f3a, workload: chat, input_tokens: 1200, max_output_tokens: 800, data: [pii] }
context: { now: 2026-11-23T10:00:00Z, key: { environment: production, team: support }, budgets: [] }
";

const OUTCOMES: &str = "\
- { error: rate_limit, retry_after: 1s, took: 120ms }
- { error: overloaded, took: 300ms }
- { ok: { input_tokens: 1200, output_tokens: 250 }, took: 2s }
";

/// What a terminal shows: results and everything else, as they come.
#[derive(Clone, Default)]
struct Screen(Rc<RefCell<Vec<u8>>>);

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn draw(picture: &Picture) -> String {
    let shell = Shell::new();
    // Commands are typed where the files are. There is one test here, so nobody else minds.
    env::set_current_dir(shell.desk()).unwrap();
    run("faregate init policies", 0);
    shell.write("request.yaml", REQUEST);
    shell.write("outcomes.yaml", OUTCOMES);
    if let Some((file, from, to)) = picture.change {
        let text = shell.read(file);
        assert!(text.contains(from), "{file} has no `{from}`");
        shell.write(file, &text.replace(from, to));
    }
    let shown = run(picture.command, picture.code);
    env::set_current_dir(repository(".")).unwrap();
    Term::new().palette(WIN10_CONSOLE).render_svg(&format!(
        "\u{1b}[1m$ {}\u{1b}[0m\n{}",
        picture.command,
        shown.trim_end()
    ))
}

fn run(command: &str, code: u8) -> String {
    let screen = Screen::default();
    let (mut out, mut err) = (screen.clone(), screen.clone());
    let mut surroundings = Surroundings {
        stdin: &mut io::empty(),
        out: &mut out,
        err: &mut err,
        colour: true,
        colour_errors: true,
    };
    let ended = faregate_cli::run(command.split(' '), &mut surroundings);
    let shown = String::from_utf8(screen.0.borrow().clone()).unwrap();
    assert_eq!(ended, code, "{command}: {shown}");
    shown
}

#[test]
fn the_pictures_show_what_the_commands_print() {
    let folder = repository("docs/pictures");
    let update = env::var_os("UPDATE").is_some();
    for picture in &PICTURES {
        let drawn = draw(picture);
        let path = folder.join(format!("{}.svg", picture.name));
        if update {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, drawn).unwrap();
            continue;
        }
        let there = fs::read_to_string(&path).unwrap_or_default();
        assert!(there == drawn, "{} is out of date: run the test with UPDATE=1", path.display());
    }
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["check.svg", "decide.svg", "rehearse.svg", "test.svg"]);
}
