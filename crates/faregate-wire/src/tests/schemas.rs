//! Schemas: that they are there, say what is required, and know the fields that reading knows.

use crate::{Shape, schema};

#[test]
fn every_shape_has_a_schema() {
    for shape in Shape::ALL {
        let schema = schema(shape);
        assert!(schema.is_object(), "{}", shape.name());
        assert_eq!(Shape::named(shape.name()), Some(shape));
        // Other definitions are named after the shapes, not after our types.
        assert!(!schema.to_string().contains("Dto"), "{schema:#}");
    }
}

#[test]
fn fields_of_the_tables_are_fields_of_the_schema() {
    let properties =
        schema(Shape::Request)["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    macro_rules! names {
        ($($name:ident: $ty:ident $absence:ident $doc:literal,)*) => { vec![$(stringify!($name)),*] };
    }
    let mut names = faregate::request_fields!(names);
    names.extend(["max_price", "attributes"]);
    assert_eq!(properties, names);
    let context = schema(Shape::Context);
    assert_eq!(context["required"], serde_json::json!(["now"]));
    let mut names = faregate::key_fields!(names);
    names.push("attributes");
    let properties =
        context["$defs"]["Key"]["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(properties, names);
}

#[test]
fn a_decision_requires_all_of_its_fields() {
    let decision = schema(Shape::Decision).to_string();
    for field in ["iterations", "opens_at", "native_model", "this_run_at_most", "ignored_budget_rows"] {
        assert!(decision.contains(&format!("\"{field}\"")), "{field}");
    }
}

#[test]
fn a_record_requires_its_fields_and_a_script_is_a_list_or_a_map() {
    let record = schema(Shape::Record);
    let required: Vec<_> = record["required"].as_array().unwrap().iter().filter_map(|n| n.as_str()).collect();
    for field in ["record", "served", "fallback", "opens_at", "advice", "partial", "digests", "input"] {
        assert!(required.contains(&field), "{field}");
    }
    let script = schema(Shape::Outcomes);
    assert_eq!(script["anyOf"].as_array().map(Vec::len), Some(2));
    let fields = script["$defs"]["Scripted"]["properties"].as_object().unwrap();
    assert!(["error", "ok", "took", "observe"].iter().all(|field| fields.contains_key(*field)));
    assert!(schema(Shape::Case)["$defs"]["Scripted"].is_object());
}
