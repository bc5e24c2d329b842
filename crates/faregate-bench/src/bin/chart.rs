//! Draws a results file as a chart: `cargo run --release --bin chart -- results/FILE.md > chart.svg`.
//!
//! The time of a decision by size, both axes in powers of ten. Plain SVG by hand: some lines, dots and words are less than
//! a plotting crate would bring, and they are the same bytes on every machine.

use std::fmt::Write as _;

const WIDTH: f64 = 820.0;
const HEIGHT: f64 = 440.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 210.0;
const TOP: f64 = 56.0;
const BOTTOM: f64 = 52.0;

/// Colours that are told apart in print and by colour-blind eyes (Okabe and Ito), Faregate's the strongest.
const COLOURS: [&str; 7] = ["#d55e00", "#000000", "#777777", "#0072b2", "#56b4e9", "#009e73", "#cc79a7"];

struct Line {
    name: String,
    /// Index of the size, nanoseconds.
    points: Vec<(usize, f64)>,
}

fn main() {
    let file = std::env::args().nth(1).expect("a results file");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{file}: {e}"));
    let (sizes, lines) = read(&text);
    print!("{}", draw(&sizes, &lines));
}

/// Reads the sections `## R rules, E endpoints` and the column `median` of their tables.
fn read(text: &str) -> (Vec<String>, Vec<Line>) {
    let mut sizes = Vec::new();
    let mut lines: Vec<Line> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            inside = title.contains(" rules, ");
            if inside {
                sizes.push(title.to_owned());
            }
            continue;
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if !inside || cells.len() < 4 {
            continue;
        }
        let Some(ns) = nanoseconds(cells[2]) else { continue };
        let point = (sizes.len() - 1, ns);
        match lines.iter_mut().find(|l| l.name == cells[1]) {
            Some(line) => line.points.push(point),
            None => lines.push(Line { name: cells[1].to_owned(), points: vec![point] }),
        }
    }
    (sizes, lines)
}

fn nanoseconds(cell: &str) -> Option<f64> {
    let (number, unit) = cell.split_once(' ')?;
    let factor = match unit {
        "ns" => 1.0,
        "µs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * factor)
}

fn draw(sizes: &[String], lines: &[Line]) -> String {
    let all = || lines.iter().flat_map(|l| l.points.iter().map(|p| p.1.log10()));
    let least = all().fold(f64::INFINITY, f64::min).floor();
    let most = all().fold(f64::NEG_INFINITY, f64::max).ceil();
    let x = |at: usize| LEFT + (WIDTH - LEFT - RIGHT) * at as f64 / (sizes.len() - 1).max(1) as f64;
    let y = |log: f64| HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (log - least) / (most - least);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n\
         <text x=\"{LEFT}\" y=\"22\" font-size=\"15\" font-weight=\"bold\">Time of one routing decision</text>\n\
         <text x=\"{LEFT}\" y=\"40\" fill=\"#555555\">median, powers of ten; the same rules, endpoints, requests and answers</text>\n"
    );
    for power in least as i32..=most as i32 {
        let at = y(f64::from(power));
        let label = match power {
            ..3 => format!("{} ns", 10_u64.pow(power.max(0) as u32)),
            3..6 => format!("{} µs", 10_u64.pow(power as u32 - 3)),
            6..9 => format!("{} ms", 10_u64.pow(power as u32 - 6)),
            _ => format!("{} s", 10_u64.pow(power as u32 - 9)),
        };
        let end = WIDTH - RIGHT;
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{end}\" y2=\"{at:.1}\" stroke=\"#dddddd\"/>"
        );
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#555555\">{label}</text>",
            LEFT - 8.0,
            at + 4.0
        );
    }
    for (at, size) in sizes.iter().enumerate() {
        let (rules, endpoints) = size.split_once(", ").unwrap_or((size, ""));
        for (row, words) in [rules, endpoints].into_iter().enumerate() {
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#555555\">{words}</text>",
                x(at),
                HEIGHT - BOTTOM + 20.0 + 15.0 * row as f64
            );
        }
    }
    let mut names: Vec<(f64, usize)> = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let colour = COLOURS[number % COLOURS.len()];
        let width = if number == 0 { 3 } else { 2 };
        let points: Vec<String> =
            line.points.iter().map(|(at, ns)| format!("{:.1},{:.1}", x(*at), y(ns.log10()))).collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"/>",
            points.join(" ")
        );
        for (at, ns) in &line.points {
            let _ = writeln!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\" fill=\"{colour}\"/>",
                x(*at),
                y(ns.log10())
            );
        }
        if let Some((_, ns)) = line.points.last() {
            names.push((y(ns.log10()), number));
        }
    }
    // Names stand at the ends of their lines, pushed apart where they would overlap.
    names.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free = TOP - 16.0;
    for (at, number) in names {
        let at = at.max(free + 16.0);
        free = at;
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{}\"{}>{}</text>",
            WIDTH - RIGHT + 12.0,
            at + 4.0,
            COLOURS[number % COLOURS.len()],
            if number == 0 { " font-weight=\"bold\"" } else { "" },
            lines[number].name
        );
    }
    svg.push_str("</svg>\n");
    svg
}
