//! Small trees of TOML, and the catalog rows that a person wrote down for them.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use faregate_import::{Heading, Imported, ModelNames, Report, models_dev};

/// Imports files, each `(path, text)`, and returns catalog and report.
fn import(names: &str, files: &[(&str, &str)]) -> (Imported, Report) {
    try_import(names, files).unwrap()
}

fn try_import(
    names: &str,
    files: &[(&str, &str)],
) -> Result<(Imported, Report), faregate_import::ImportError> {
    let names = ModelNames::parse(names).unwrap();
    models_dev::import(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())), &names)
}

/// Imports one row of a provider `p` and returns its line without id, names and provider.
fn row(text: &str) -> String {
    let (catalog, _) = import("{}", &[("providers/p/models/m.toml", text)]);
    let line = lines(&catalog).remove(0);
    line.replace("  - { id: p/m@p, model: p/m, native_model: m, provider: p, ", "{ ")
}

fn lines(catalog: &Imported) -> Vec<String> {
    let yaml = catalog.to_yaml(&Heading::default());
    yaml.lines().filter(|line| line.starts_with("  - ")).map(str::to_owned).collect()
}

fn ids(catalog: &Imported) -> Vec<&str> {
    catalog.endpoints.iter().map(|endpoint| endpoint.id.as_str()).collect()
}

const PRICED: &str = "[cost]\ninput = 1\noutput = 2\n";

#[test]
fn a_whole_row() {
    let names = "models: { anthropic/claude-sonnet-4.5: [claude-sonnet-4-5-20250929] }";
    let text = r#"
name = "Claude Sonnet 4.5"
last_updated = "2025-09-29"
reasoning = true
temperature = true
tool_call = true
structured_output = true
[cost]
input = 3.00
output = 15.00
cache_read = 0.30
cache_write = 3.75
[[cost.tiers]]
tier = { type = "context", size = 200_000 }
input = 6
output = 22.5
[limit]
context = 1_000_000
output = 64_000
[modalities]
input = ["pdf", "image", "text"]
output = ["text"]
"#;
    let path = "models.dev/providers/anthropic/models/claude-sonnet-4-5-20250929.toml";
    let (catalog, report) = import(names, &[(path, text)]);
    assert_eq!(catalog.as_of.as_deref(), Some("2025-09-29"));
    assert_eq!(
        lines(&catalog),
        [concat!(
            "  - { id: anthropic/claude-sonnet-4.5@anthropic, model: anthropic/claude-sonnet-4.5, ",
            "native_model: claude-sonnet-4-5-20250929, provider: anthropic, context_length: 1000000, ",
            "max_output_tokens: 64000, supports: [max_tokens, reasoning, response_format, structured_outputs, ",
            "temperature, top_p, tool_choice, tools], modalities: [text, image, pdf], ",
            "prices: { prompt: \"0.000003\", completion: \"0.000015\", cache_read: \"0.0000003\", ",
            "cache_write: \"0.00000375\", overrides: [{ above_input_tokens: 200000, prompt: \"0.000006\", ",
            "completion: \"0.0000225\" }] } }"
        )]
    );
    assert_eq!(report.fields_without_counterpart.into_iter().collect::<Vec<_>>(), [("name".to_owned(), 1)]);
}

#[test]
fn prices_are_the_digits_of_the_source() {
    for (input, prompt) in [
        ("0.1", "0.0000001"),
        ("4.125", "0.000004125"),
        ("1e-3", "0.000000001"),
        ("2.006", "0.000002006"),
        ("0.024999999999999999", "0.000000024999999999999999"),
        ("+1_000", "0.001"),
        ("0.30", "0.0000003"),
    ] {
        let line = row(&format!("[cost]\ninput = {input}\noutput = 1"));
        let wanted = format!(
            "{{ supports: [max_tokens], prices: {{ prompt: \"{prompt}\", completion: \"0.000001\" }} }}"
        );
        assert_eq!(line, wanted, "{input}");
    }
}

#[test]
fn what_is_no_exact_price_is_an_error() {
    for (input, problem) in [
        ("1e-19", "providers/p/models/m.toml: `cost.input`: `1e-19` has too many decimals"),
        ("nan", "providers/p/models/m.toml: `cost.input`: `nan`: not a decimal number"),
        ("0x10", "providers/p/models/m.toml: `cost.input`: `radix-16`: not a decimal number"),
        ("\"3\"", "providers/p/models/m.toml: `cost.input` is no number"),
        ("1e99", "providers/p/models/m.toml: `cost.input`: `1e99`: too large"),
    ] {
        let text = format!("[cost]\ninput = {input}");
        let error = try_import("{}", &[("providers/p/models/m.toml", &text)]).unwrap_err();
        assert_eq!(error.to_string(), problem);
    }
}

#[test]
fn every_price_has_its_place_and_misspelt_ones_theirs() {
    let text = "[cost]\ninput = 1\noutput = 2\ncached_input = 0.1\ncached_write = 1.25\nreasoning = 3\nrequest = 5.0";
    assert_eq!(
        row(text),
        concat!(
            "{ supports: [max_tokens], prices: { prompt: \"0.000001\", completion: \"0.000002\", ",
            "cache_read: \"0.0000001\", cache_write: \"0.00000125\", reasoning: \"0.000003\", request: \"0.005\" } }"
        )
    );
    let (_, report) =
        import("{}", &[("providers/p/models/m.toml", &format!("{PRICED}input_audio = 1\ncitation = 2"))]);
    assert_eq!(
        report.fields_without_counterpart.into_iter().collect::<Vec<_>>(),
        [("cost.citation".to_owned(), 1), ("cost.input_audio".to_owned(), 1)]
    );
}

#[test]
fn tiers_ascend_and_other_kinds_of_tier_are_told() {
    let tier =
        |size: &str, input: &str| format!("[[cost.tiers]]\ninput = {input}\ntier = {{ size = {size} }}\n");
    let odd = "[[cost.tiers]]\ninput = 9\ntier = { type = \"weekday\", size = 1 }\n";
    let text = format!("{PRICED}{}{}{odd}", tier("128_000", "3"), tier("32_000", "2"));
    let (catalog, report) = import("{}", &[("providers/p/models/m.toml", &text)]);
    let overrides = &catalog.endpoints[0].prices.overrides;
    assert_eq!(overrides.iter().map(|over| over.above_input_tokens).collect::<Vec<_>>(), [32_000, 128_000]);
    assert_eq!(overrides[1].prompt.unwrap().to_string(), "0.000003");
    assert_eq!(report.fields_without_counterpart["cost.tiers of type weekday"], 1);
}

#[test]
fn a_zero_is_believed_where_something_says_that_it_is_meant() {
    let names = "
        endings: [ { end: ':free', variant: free, free: true, always: true } ]
        free: { p: [p/gratis] }
        providers: { trial: { prices_unknown: a trial } }";
    let zero = "[cost]\ninput = 0\noutput = 0";
    let (catalog, report) = import(
        names,
        &[
            ("providers/p/models/m:free.toml", zero),
            ("providers/p/models/plan.toml", zero),
            ("providers/p/models/gratis.toml", zero),
            ("providers/trial/models/m.toml", PRICED),
        ],
    );
    let prompts: Vec<_> =
        catalog.endpoints.iter().map(|e| (e.id.as_str(), e.prices.prompt.is_some())).collect();
    assert_eq!(
        prompts,
        [("p/gratis@p", true), ("p/m@p/free", true), ("p/plan@p", false), ("trial/m@trial", false)]
    );
    assert_eq!(report.prices_left_out.values().sum::<usize>(), 2);
}

#[test]
fn prices_that_mislead_are_left_out() {
    assert_eq!(row("[cost]\ninput = -1\noutput = 1"), "{ supports: [max_tokens] }");
    let line = row(&format!("{PRICED}cache_write = 0"));
    assert_eq!(
        line,
        "{ supports: [max_tokens], prices: { prompt: \"0.000001\", completion: \"0.000002\" } }"
    );
}

#[test]
fn limits_bound_the_input_and_zero_is_not_known() {
    for (limit, wanted) in [
        (
            "context = 400_000\ninput = 272_000\noutput = 0",
            "{ context_length: 272000, supports: [max_tokens] }",
        ),
        ("context = 0\noutput = 5", "{ max_output_tokens: 5, supports: [max_tokens] }"),
        ("input = 7", "{ context_length: 7, supports: [max_tokens] }"),
    ] {
        assert_eq!(row(&format!("[limit]\n{limit}")), wanted);
    }
    let error = try_import("{}", &[("providers/p/models/m.toml", "[limit]\ncontext = 1.5")]).unwrap_err();
    assert_eq!(error.to_string(), "providers/p/models/m.toml: `limit.context` is no whole number");
}

#[test]
fn a_row_inherits_field_by_field_what_it_does_not_omit() {
    let base = "tool_call = true\nstructured_output = true\n[limit]\ncontext = 10\noutput = 5\ninput = 8\n[modalities]\ninput = [\"text\", \"image\"]";
    let own = "base_model = \"lab/m\"\nbase_model_omit = [\"limit.input\", \"structured_output\"]\n[limit]\noutput = 4";
    let (catalog, report) = import("{}", &[("providers/p/models/k.toml", own), ("models/lab/m.toml", base)]);
    assert_eq!(
        lines(&catalog),
        [concat!(
            "  - { id: lab/m@p, model: lab/m, native_model: k, provider: p, context_length: 10, ",
            "max_output_tokens: 4, supports: [max_tokens, tool_choice, tools], modalities: [text, image] }"
        )]
    );
    assert_eq!(report.mapped.into_iter().collect::<Vec<_>>(), [("base model", 1)]);
    let error = try_import("{}", &[("providers/p/models/n.toml", own)]).unwrap_err();
    assert_eq!(error.to_string(), "providers/p/models/n.toml: there is no base model `lab/m`");
}

#[test]
fn a_model_has_one_name_at_all_providers() {
    let names = "
        providers:
          cloud: { name: c, regions: [eu, us], lab_ends_at: '.' }
          shop: { strip: [our-], begin: { fast/: fast } }
        labs: { qwen: [alibaba] }
        families: { qwen: [qwen] }
        repackagers: [packer]
        endings:
          - { end: '-v1:0', at: [cloud], always: true }
          - { end: -fp8, variant: fp8, quantization: fp8 }
        models: { qwen/qwen3-32b: [qwen-3-32b] }
        rows: { odd: { x: { model: qwen/qwen3-32b, variant: x } } }";
    let natives = [
        ("cloud", "eu.qwen.qwen3-32b-v1:0", "qwen/qwen3-32b@c/eu"),
        ("cloud", "qwen.Qwen3-32B-v1:0", "qwen/qwen3-32b@c"),
        ("odd", "x", "qwen/qwen3-32b@odd/x"),
        ("packs", "packer/Qwen3_32B-FP8", "qwen/qwen3-32b@packs/fp8"),
        ("shop", "fast/alibaba/qwen3-32b", "qwen/qwen3-32b@shop/fast"),
        ("shop", "our-qwen-3.32b", "qwen/qwen3-32b@shop"),
        // Another laboratory's model of the same name is another model.
        ("packs", "tuner/qwen3-32b", "tuner/qwen3-32b@packs"),
        // Not listed: one model all the same, under the spelling that most use.
        ("a", "alibaba/qwen9-1.5b", "qwen/qwen9-1.5b@a"),
        ("b", "Qwen/Qwen9-1.5B", "qwen/qwen9-1.5b@b"),
        ("c2", "qwen9-1-5b-fp8", "qwen/qwen9-1.5b@c2/fp8"),
        // Nobody's.
        ("a", "marvel", "a/marvel@a"),
    ];
    for (provider, native, id) in natives {
        let all: Vec<(String, &str)> =
            natives.iter().map(|(p, n, _)| (format!("providers/{p}/models/{n}.toml"), "")).collect();
        let all: Vec<(&str, &str)> = all.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let (catalog, report) = import(names, &all);
        let found = catalog.endpoints.iter().find(|endpoint| endpoint.id == id);
        assert_eq!(found.map(|e| e.native_model.as_str()), Some(native), "{provider}: {:?}", ids(&catalog));
        assert_eq!(report.unmapped, ["a: marvel"]);
        assert_eq!(report.models_at_two_providers, 2);
    }
}

#[test]
fn a_row_is_what_it_is_called_not_what_it_inherits_from() {
    let names = "models: { lab/two-4: [], lab/two-4.5: [] }";
    let files =
        [("models/lab/two-4.5.toml", ""), ("providers/p/models/two-4.toml", "base_model = \"lab/two-4.5\"")];
    let (catalog, report) = import(names, &files);
    assert_eq!(ids(&catalog), ["lab/two-4@p"]);
    assert_eq!(report.disagreements, ["p: two-4: lab/two-4, not lab/two-4.5"]);
}

#[test]
fn one_offer_under_two_names_is_one_endpoint() {
    let names = "models: { lab/m-4.5: [m-4-5-20250929], lab/n: [m-4-5-latest] }";
    let (catalog, report) = import(
        names,
        &[
            ("providers/p/models/m-4-5.toml", PRICED),
            ("providers/p/models/m-4-5-20250929.toml", PRICED),
            ("providers/q/models/m-4-5.toml", PRICED),
            ("providers/q/models/m-4-5-20250929.toml", "[cost]\ninput = 9\noutput = 9"),
        ],
    );
    assert_eq!(ids(&catalog), ["lab/m-4.5@p", "lab/m-4.5@q", "lab/m-4.5@q/20250929"]);
    assert_eq!(catalog.endpoints[0].native_model, "m-4-5-20250929");
    assert_eq!(catalog.endpoints[0].aliases, ["m-4-5"]);
    assert_eq!(report.merged, ["lab/m-4.5@p: m-4-5-20250929 = m-4-5"]);
}

#[test]
fn an_alias_is_never_a_model_nor_the_name_of_two() {
    // `lab/a` is a model; `z` is merged into two models.
    let names = "
        models: { lab/a: [], lab/b: [], lab/c: [] }
        rows:
          p: { lab/a: lab/b, b-2025: lab/b }
          q: { z: lab/b, b-2025: lab/b }
          r: { z: lab/c, c-2025: lab/c, a: lab/a }";
    let natives = [
        "p/models/lab/a",
        "p/models/b-2025",
        "q/models/z",
        "q/models/b-2025",
        "r/models/z",
        "r/models/c-2025",
        "r/models/a",
    ];
    let paths = natives.map(|native| format!("providers/{native}.toml"));
    let files: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), "")).collect();
    let (catalog, report) = import(names, &files);
    assert!(catalog.endpoints.iter().all(|endpoint| endpoint.aliases.is_empty()));
    assert_eq!(report.aliases_dropped.into_iter().collect::<Vec<_>>(), ["lab/a", "z"]);
}

#[test]
fn the_names_of_a_well_known_router_are_aliases() {
    let names = "
        providers: { router: { aliases: true } }
        endings: [ { end: ':free', variant: free, always: true } ]
        models: { lab/m-0324: [chat-0324], lab/n: [] }";
    let natives = ["lab/chat-0324", "lab/chat-0324:free", "lab/n"];
    let paths = natives.map(|native| format!("providers/router/models/{native}.toml"));
    let files: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), "")).collect();
    let (catalog, _) = import(names, &files);
    let aliases: Vec<_> = catalog.endpoints.iter().map(|e| (e.id.as_str(), e.aliases.join(" "))).collect();
    let wanted =
        [("lab/m-0324@router", "lab/chat-0324"), ("lab/m-0324@router/free", ""), ("lab/n@router", "")];
    assert_eq!(aliases, wanted.map(|(id, aliases)| (id, aliases.to_owned())));
}

#[test]
fn rows_that_are_no_endpoints_are_counted() {
    let names = "
        providers: { plan: { omit: a subscription } }
        skip: [ { rows: ['*embed*'], because: embeddings }, { rows: [x], at: [q], because: not here } ]";
    let (catalog, report) = import(
        names,
        &[
            ("providers/p/provider.toml", "name = \"P\""),
            ("providers/plan/models/m.toml", PRICED),
            ("providers/p/models/lab/Text-Embedding-3.toml", PRICED),
            ("providers/p/models/draw.toml", "[modalities]\noutput = [\"image\"]"),
            ("providers/p/models/hear.toml", "[modalities]\ninput = [\"audio\"]"),
            ("providers/p/models/x.toml", PRICED),
            ("providers/q/models/x.toml", PRICED),
        ],
    );
    assert_eq!(ids(&catalog), ["p/x@p"]);
    assert_eq!((report.rows, report.kept), (6, 1));
    assert_eq!(
        report.omitted.keys().map(String::as_str).collect::<Vec<_>>(),
        [
            "a subscription",
            "embeddings",
            "makes no text (images, sound, video)",
            "not here",
            "takes no text (speech recognition, vision tools)"
        ]
    );
}

#[test]
fn status_is_a_mark() {
    assert_eq!(row("status = \"beta\""), "{ supports: [max_tokens], tags: [beta] }");
    assert_eq!(row("status = \"deprecated\""), "{ supports: [max_tokens], deprecated: true }");
}

#[test]
fn the_order_of_files_does_not_matter() {
    let mut files = [
        ("providers/p/models/m.toml", "base_model = \"lab/m\""),
        ("models/lab/m.toml", "tool_call = true"),
        ("providers/p/models/lab/M.toml", PRICED),
        ("providers/q/models/m:free.toml", PRICED),
    ];
    let (there, _) = import("{}", &files);
    files.reverse();
    let (back, _) = import("{}", &files);
    assert_eq!(there, back);
}
