//! Config values as the JSON LINE gets.

use crate::config::document::{Table, Value};
use serde_json::{Map, Value as Json};

/// A value as JSON.
pub fn json(value: &Value) -> Json {
    match value {
        Value::Text(text) => Json::String(text.text.clone()),
        Value::Integer(number) => Json::from(*number),
        Value::Float(number) => Json::from(*number),
        Value::Bool(value) => Json::Bool(*value),
        Value::Datetime(text) => Json::String(text.clone()),
        Value::List(items) => items.iter().map(|item| json(&item.value)).collect(),
        Value::Table(table) => Json::Object(object(table)),
    }
}

/// A table as a JSON object.
pub fn object(table: &Table) -> Map<String, Json> {
    let entries = table.entries.iter();
    entries
        .map(|entry| (entry.key.clone(), json(&entry.node.value)))
        .collect()
}
