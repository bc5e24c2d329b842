//! The README shows what the example answers.

use std::path::Path;

use faregate_gateway::scripted::Upstream;
use faregate_gateway::{Config, start};

const README: &str = include_str!("../../README.md");

/// Differ from run to run.
const FRESH: [&str; 3] = ["x-request-id", "x-faregate-decision", "date"];

#[tokio::test]
async fn the_readme_shows_what_the_example_answers() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
    let read = |file: &str| std::fs::read_to_string(demo.join(file)).unwrap();
    let upstream = Upstream::start("127.0.0.1:0").await.unwrap();
    upstream.read_scripts(&read("script.yaml")).unwrap();
    let settings = read("gateway.yaml")
        .replace("127.0.0.1:8081", &upstream.address.to_string())
        .replace("127.0.0.1:8080", "127.0.0.1:0")
        .replace("# records: records.jsonl", "records: /dev/null");
    let gateway = start(Config::parse(&settings, &demo, &|_| None).unwrap()).await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let blocks: Vec<&str> =
        README.split("```console\n").skip(1).map(|b| b.split("\n```").next().unwrap()).collect();
    assert_eq!(blocks.len(), 6);
    for block in blocks {
        let (command, shown) = block.split_once('\n').unwrap();
        let url = format!("http://{}/v1/chat/completions", gateway.address);
        let mut request = http.post(url).bearer_auth("demo-key");
        let words: Vec<&str> = command.strip_prefix("$ ask ").unwrap().split('\'').collect();
        for option in words.chunks_exact(2) {
            request = match option[0].trim() {
                "-H" => {
                    let (name, value) = option[1].split_once(": ").unwrap();
                    request.header(name, value)
                }
                "-d" => request.body(option[1].to_owned()),
                other => panic!("{other}"),
            };
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let headers = response.headers().clone();
        let text = response.text().await.unwrap();
        let (head, body) = shown.split_once("\n\n").unwrap();
        let mut lines = head.lines();
        assert_eq!(lines.next(), Some(format!("HTTP/1.1 {status}").as_str()), "{command}");
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            let got = headers.get(name).map(|v| v.to_str().unwrap());
            assert!(got == Some(value) || (got.is_some() && FRESH.contains(&name)), "{line}: {got:?}");
        }
        for name in headers.keys().filter(|name| name.as_str().starts_with("x-")) {
            assert!(head.contains(&format!("\n{name}: ")), "{command}: {name} is not shown");
        }
        assert_eq!(body.trim_end(), text.trim_end(), "{command}");
    }
}
