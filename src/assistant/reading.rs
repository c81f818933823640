//! What a model's words say: read as loosely as it can be done without guessing.
//!
//! Some servers ignore the asked format: JSON is looked for inside fences, behind thoughts, within prose.

use serde_json::Value;

/// Whether the sources answer the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answerable {
    /// Wholly.
    Yes,
    /// In part.
    Partly,
    /// Not.
    No,
}

/// A reply in the form that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// What it would say to the customer.
    pub answer: String,
    /// Whether the sources answer.
    pub answerable: Answerable,
    /// Ids of the articles it says it stands on.
    pub sources: Vec<String>,
    /// A person should answer.
    pub needs_human: bool,
    /// How sure it says it is, 0 to 1; `None` when it does not say.
    pub confidence: Option<f64>,
}

/// Objects tried before giving up.
const TRIES: usize = 16;

/// Reads the words of a model; `None` when there is no such object in them.
pub fn read(content: &str) -> Option<Reply> {
    let content = match content.rsplit_once("</think>") {
        Some((_, said)) => said,
        None => content,
    };
    let places = content.match_indices('{').map(|(at, _)| at).take(TRIES);
    places
        .filter_map(|at| {
            let mut values = serde_json::Deserializer::from_str(&content[at..]).into_iter();
            values.next()?.ok()
        })
        .find_map(|value: Value| reply(&value))
}

fn reply(value: &Value) -> Option<Reply> {
    let object = value.as_object()?;
    let answer = object.get("answer")?;
    let answer = match answer {
        Value::String(text) => text.trim().to_owned(),
        Value::Null => String::new(),
        _ => return None,
    };
    let answerable = answerable(object.get("answerable"), &answer);
    Some(Reply {
        answerable,
        sources: sources(object.get("sources")),
        needs_human: flag(object.get("needs_human")),
        confidence: object.get("confidence").and_then(confidence),
        answer,
    })
}

fn answerable(value: Option<&Value>, answer: &str) -> Answerable {
    match value {
        Some(Value::Bool(true)) => Answerable::Yes,
        Some(Value::Bool(false)) => Answerable::No,
        Some(Value::String(word)) => match word.trim().to_lowercase().as_str() {
            "yes" | "true" | "fully" | "full" | "是" | "可以" => Answerable::Yes,
            "partly" | "partial" | "partially" | "部分" => Answerable::Partly,
            _ => Answerable::No,
        },
        _ if answer.is_empty() => Answerable::No,
        // It did not say: it answered, so it thinks it can, perhaps not wholly.
        _ => Answerable::Partly,
    }
}

fn sources(value: Option<&Value>) -> Vec<String> {
    let bare = |id: &str| {
        id.trim_matches(|letter: char| letter.is_whitespace() || "[]()【】\"'".contains(letter))
            .to_owned()
    };
    let mut found: Vec<String> = match value {
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(|item| match item {
                Value::String(id) => Some(bare(id)),
                Value::Number(id) => Some(id.to_string()),
                Value::Object(object) => object.get("id")?.as_str().map(bare),
                _ => None,
            })
            .collect(),
        Some(Value::String(ids)) => ids.split([',', '、', ';', ' ']).map(bare).collect(),
        _ => Vec::new(),
    };
    found.retain(|id| !id.is_empty());
    let mut seen = std::collections::HashSet::new();
    found.retain(|id| seen.insert(id.clone()));
    found
}

/// In doubt a person is wanted.
fn flag(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(word)) => !matches!(
            word.trim().to_lowercase().as_str(),
            "false" | "no" | "否" | ""
        ),
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(_) => true,
    }
}

/// A five-step word, a share, or percent.
fn confidence(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(word) => {
            let word = word.trim().to_lowercase().replace([' ', '-'], "_");
            match word.as_str() {
                "very_high" | "certain" | "非常高" | "很高" => return Some(0.95),
                "high" | "高" => return Some(0.80),
                "medium" | "moderate" | "中" | "中等" => return Some(0.60),
                "low" | "低" => return Some(0.35),
                "very_low" | "none" | "非常低" | "很低" => return Some(0.10),
                word => match word.strip_suffix('%') {
                    Some(percent) => percent.parse::<f64>().ok()? / 100.0,
                    None => word.parse().ok()?,
                },
            }
        }
        _ => return None,
    };
    match number {
        n if (0.0..=1.0).contains(&n) => Some(n),
        n if n > 1.0 && n <= 100.0 => Some(n / 100.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"answer":"好的","answerable":"yes","sources":["fee"],"needs_human":false,"confidence":"high"}"#;

    #[test]
    fn an_object_is_found_wherever_it_stands() {
        let expected = Reply {
            answer: "好的".into(),
            answerable: Answerable::Yes,
            sources: vec!["fee".into()],
            needs_human: false,
            confidence: Some(0.8),
        };
        for content in [
            GOOD.to_owned(),
            format!("```json\n{GOOD}\n```"),
            format!("Here it is {{ok}}: {GOOD} Bye."),
            format!("<think>{{\"answer\":\"no\"}}</think>\n{GOOD}"),
            format!("{{\"note\":1}}{GOOD}"),
        ] {
            assert_eq!(read(&content), Some(expected.clone()), "{content}");
        }
    }

    #[test]
    fn what_is_no_reply_is_none() {
        for content in [
            "",
            "好的",
            "{",
            "{\"answer\":",
            "[1,2]",
            "{\"answer\":[1]}",
            "{\"a\":1}",
        ] {
            assert_eq!(read(content), None, "{content}");
        }
        let deep = "{\"a\":".repeat(100_000);
        assert_eq!(read(&deep), None);
    }

    #[test]
    fn words_and_numbers_of_confidence_are_understood() {
        for (written, expected) in [
            ("\"very_high\"", Some(0.95)),
            ("\"Very High\"", Some(0.95)),
            ("\"medium\"", Some(0.60)),
            ("\"low\"", Some(0.35)),
            ("\"very low\"", Some(0.10)),
            ("0.7", Some(0.7)),
            ("70", Some(0.7)),
            ("\"70%\"", Some(0.7)),
            ("\"0.7\"", Some(0.7)),
            ("1", Some(1.0)),
            ("-1", None),
            ("101", None),
            ("\"nan\"", None),
            ("\"maybe\"", None),
            ("null", None),
        ] {
            let content = format!("{{\"answer\":\"x\",\"confidence\":{written}}}");
            assert_eq!(read(&content).unwrap().confidence, expected, "{written}");
        }
    }

    #[test]
    fn sources_come_in_many_shapes_and_a_doubtful_wish_for_a_person_is_one() {
        let content = r#"{"answer":"x","sources":["[a]",{"id":"b"},7,"a"],"needs_human":"true"}"#;
        let reply = read(content).unwrap();
        assert_eq!(reply.sources, ["a", "b", "7"]);
        assert!(reply.needs_human);
        assert_eq!(reply.answerable, Answerable::Partly);
        assert_eq!(
            read(r#"{"answer":"","sources":"a, b"}"#)
                .unwrap()
                .answerable,
            Answerable::No
        );
    }
}
