//! What holds for every input.

use proptest::prelude::*;

use crate::{Node, catalog_layer, read_contexts, read_many, read_one, read_requests};

/// Trees whose texts are of this form.
fn nodes(texts: &'static str) -> impl Strategy<Value = Node> {
    let number = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        "(0|-?[1-9][0-9]{0,30})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?",
    ];
    let leaf = prop_oneof![
        Just(Node::Null),
        any::<bool>().prop_map(Node::Bool),
        number.prop_map(Node::Number),
        texts.prop_map(Node::Text),
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Node::Seq),
            prop::collection::btree_map(texts, inner, 0..8)
                .prop_map(|map| Node::Map(map.into_iter().filter(|(name, _)| name != "<<").collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(node in nodes("(?s).{0,12}")) {
        let wrapped = Node::Map(vec![("value".into(), node)]);
        prop_assert_eq!(read_one(&wrapped.to_json()).unwrap(), wrapped.clone());
        prop_assert_eq!(read_one(&wrapped.to_json_pretty()).unwrap(), wrapped.clone());
        prop_assert_eq!(read_many(&format!("{wrapped}\n{wrapped}")).unwrap(), vec![wrapped.clone(), wrapped]);
    }

    // YAML allows no text to hold U+0085 and its like as they are, as JSON does: so ASCII alone.
    #[test]
    fn yaml_reads_json_alike(node in nodes("[ -~]{0,12}")) {
        let json = Node::Map(vec![("value".into(), node)]).to_json();
        // A float that is too large for JSON's own reader is a text in YAML; written, they are alike.
        prop_assert_eq!(read_one(&json).unwrap().to_json(), crate::yaml::read(&json).unwrap()[0].to_json());
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        drop(read_requests(&text));
        drop(catalog_layer(&text));
    }

    #[test]
    fn no_yaml_panics(text in "[-a-c:#{}\\[\\],&*!|>'\"%?@~. \n0-9]{0,120}") {
        drop(read_requests(&text));
        drop(read_contexts(&text));
        drop(catalog_layer(&text));
    }

    #[test]
    fn decimals_survive(whole in "0|[1-9][0-9]{0,13}", fraction in "[0-9]{0,23}[1-9]", quoted: bool, json: bool) {
        let written = format!("{whole}.{fraction}");
        let value = if quoted { format!("\"{written}\"") } else { written.clone() };
        let text = match json {
            true => format!("{{\"now\": \"2026-11-23T10:00:00Z\", \"key\": {{\"credits\": {value}}}}}"),
            false => format!("now: 2026-11-23T10:00:00Z\nkey: {{ credits: {value} }}"),
        };
        let documents = read_contexts(&text).unwrap();
        let credits = documents[0].context.as_ref().unwrap().key.credits.unwrap();
        prop_assert_eq!(credits.to_string(), written);
    }
}
