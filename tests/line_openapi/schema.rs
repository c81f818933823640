//! LINE's OpenAPI file as JSON Schema: discriminators become conditions, unknown properties are
//! refused. The file is not part of this repository; without it the tests say so and pass.

use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::path::PathBuf;

const SCHEMAS: &str = "#/components/schemas/";

/// The schemas of the Messaging API, or `None` with a printed line.
pub fn messaging_api() -> Option<Schemas> {
    let shared = std::env::var_os("HOTLINE_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let path = shared.join("line-openapi/messaging-api.yml");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("not run: {} is not there", path.display());
        return None;
    };
    let document: Value = serde_yaml_ng::from_str(&text).unwrap();
    Some(Schemas::new(document["components"]["schemas"].clone()))
}

/// All schemas, rewritten.
pub struct Schemas(Value);

impl Schemas {
    fn new(schemas: Value) -> Schemas {
        let Value::Object(mut all) = schemas else {
            panic!("no schemas")
        };
        let mut bases = Map::new();
        let mut parts = HashSet::new();
        for (name, schema) in &all {
            if let Some(discriminator) = schema.get("discriminator") {
                bases.insert(name.clone(), discriminator.clone());
                for target in discriminator["mapping"].as_object().unwrap().values() {
                    parts.insert(target.as_str().unwrap().replace(SCHEMAS, ""));
                }
            }
        }
        for (name, schema) in &mut all {
            let is_whole = !parts.contains(name) && !bases.contains_key(name);
            if is_whole && schema.get("properties").is_some() {
                schema["additionalProperties"] = json!(false);
            }
            rewrite(schema, &bases, true);
        }
        for (name, discriminator) in bases {
            let property = discriminator["propertyName"].as_str().unwrap();
            let mapping = discriminator["mapping"].as_object().unwrap();
            let kinds: Vec<&String> = mapping.keys().collect();
            let mut rules = vec![
                json!({"$ref": format!("{SCHEMAS}{name}")}),
                json!({"required": [property], "properties": {property: {"enum": kinds}}}),
            ];
            for (kind, target) in mapping {
                rules.push(json!({
                    "if": {"required": [property], "properties": {property: {"const": kind}}},
                    "then": {"$ref": target},
                }));
            }
            let any = json!({"allOf": rules, "unevaluatedProperties": false});
            all.insert(format!("{name}.any"), any);
        }
        Schemas(Value::Object(all))
    }

    /// A validator of one schema; formats are checked.
    pub fn validator(&self, name: &str) -> Validator {
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$ref": format!("{SCHEMAS}{name}"),
            "components": {"schemas": self.0},
        });
        jsonschema::options()
            .should_validate_formats(true)
            .build(&schema)
            .unwrap()
    }
}

/// Sends every reference to a base to its variants, except where a variant names its base.
fn rewrite(schema: &mut Value, bases: &Map<String, Value>, is_top: bool) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::String(target)) = map.get_mut("$ref")
                && bases.contains_key(&target.replace(SCHEMAS, ""))
            {
                target.push_str(".any");
            }
            for (key, value) in map {
                match value {
                    Value::Array(list) if key == "allOf" && is_top => {
                        for item in list {
                            if item.get("$ref").is_none() {
                                rewrite(item, bases, false);
                            }
                        }
                    }
                    other => rewrite(other, bases, false),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|item| rewrite(item, bases, false)),
        _ => {}
    }
}
