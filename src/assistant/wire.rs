//! The wire of `POST {base_url}/chat/completions` as OpenAI's API reference describes it; the answer is read
//! loosely, since others imitate it.

use super::manner::{Format, Manner};
use super::prompt::Prompt;
use serde::Deserialize;
use serde_json::{Value, json};

/// What a question costs to ask.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub temperature: f64,
    pub max_tokens: u32,
}

/// The body of a request.
pub(super) fn request(model: &str, prompt: &Prompt, limits: Limits, manner: Manner) -> Value {
    let mut body = json!({
        "model": model,
        "messages": [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": prompt.user},
        ],
    });
    let limit = match manner.new_limit {
        true => "max_completion_tokens",
        false => "max_tokens",
    };
    body[limit] = json!(limits.max_tokens);
    if manner.temperature {
        body["temperature"] = json!(limits.temperature);
    }
    if manner.logprobs {
        body["logprobs"] = json!(true);
    }
    match manner.format {
        Format::Schema => body["response_format"] = schema(),
        Format::Object => body["response_format"] = json!({"type": "json_object"}),
        Format::Plain => {}
    }
    body
}

fn schema() -> Value {
    json!({"type": "json_schema", "json_schema": {"name": "reply", "strict": true, "schema": {
        "type": "object",
        "additionalProperties": false,
        "required": ["answer", "answerable", "sources", "needs_human", "confidence"],
        "properties": {
            "answer": {"type": "string"},
            "answerable": {"type": "string", "enum": ["yes", "partly", "no"]},
            "sources": {"type": "array", "items": {"type": "string"}},
            "needs_human": {"type": "boolean"},
            "confidence": {"type": "string",
                "enum": ["very_high", "high", "medium", "low", "very_low"]},
        },
    }}})
}

/// What a model said.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Completion {
    /// Its words; of a refusal, the refusal.
    pub content: String,
    /// It ended by itself and did not refuse.
    pub finished: bool,
    /// Geometric mean of its tokens' probabilities, when the server tells them.
    pub logprob: Option<f64>,
    /// Tokens of prompt and answer, when the server tells them; of a bare total all are the prompt's.
    pub usage: Option<(u64, u64)>,
}

#[derive(Deserialize)]
struct Body {
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Value,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    #[serde(default)]
    finish_reason: Option<String>,
    #[serde(default)]
    logprobs: Value,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Value,
    #[serde(default)]
    refusal: Option<String>,
}

/// Reads the body of a 200; `None` when it is none of these.
pub(super) fn completion(body: &[u8]) -> Option<Completion> {
    let body: Body = serde_json::from_slice(body).ok()?;
    let choice = body.choices.into_iter().next()?;
    let content = match choice.message.content {
        Value::String(text) => text,
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| part["text"].as_str())
            .collect(),
        _ => String::new(),
    };
    let refusal = choice.message.refusal.filter(|refusal| !refusal.is_empty());
    let stopped = choice
        .finish_reason
        .as_deref()
        .is_none_or(|why| why == "stop");
    Some(Completion {
        finished: stopped && refusal.is_none(),
        content: refusal.unwrap_or(content),
        logprob: logprob(&choice.logprobs),
        usage: usage(&body.usage),
    })
}

/// Half a bill is none: both parts, or the total.
fn usage(usage: &Value) -> Option<(u64, u64)> {
    let told = |key: &str| usage[key].as_u64().filter(|tokens| *tokens > 0);
    let (prompt, answer) = (told("prompt_tokens"), told("completion_tokens"));
    let both = prompt.zip(answer);
    both.or_else(|| {
        let total = told("total_tokens")?;
        let answer = answer.or_else(|| total.checked_sub(prompt?));
        let answer = answer.unwrap_or(0).min(total);
        Some((total - answer, answer))
    })
}

fn logprob(logprobs: &Value) -> Option<f64> {
    let tokens = logprobs["content"].as_array()?;
    let values: Vec<f64> = tokens
        .iter()
        .filter_map(|token| token["logprob"].as_f64())
        .collect();
    if values.is_empty() {
        return None;
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    Some(mean.exp().clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_many_servers_are_read() {
        let full =
            br#"{"choices":[{"message":{"role":"assistant","content":"a"},"finish_reason":"stop",
            "logprobs":{"content":[{"logprob":-0.1},{"logprob":-0.3}]}}],
            "usage":{"prompt_tokens":7,"completion_tokens":3}}"#;
        let read = completion(full).unwrap();
        assert_eq!(
            (read.content.as_str(), read.finished, read.usage),
            ("a", true, Some((7, 3)))
        );
        assert!((read.logprob.unwrap() - (-0.2_f64).exp()).abs() < 1e-9);
        let bare =
            completion(br#"{"choices":[{"message":{"content":[{"type":"text","text":"b"}]}}]}"#);
        let bare = bare.unwrap();
        assert_eq!(
            (bare.content.as_str(), bare.finished, bare.logprob),
            ("b", true, None)
        );
        let refused =
            br#"{"choices":[{"message":{"content":null,"refusal":"no"},"finish_reason":"stop"}]}"#;
        let refused = completion(refused).unwrap();
        assert_eq!((refused.content.as_str(), refused.finished), ("no", false));
        for none in [&b"<html>"[..], b"{}", br#"{"choices":[]}"#, b"[]", b""] {
            assert_eq!(completion(none), None);
        }
    }

    #[test]
    fn half_a_bill_is_none_and_spoils_no_answer() {
        for (told, expected) in [
            (
                json!({"prompt_tokens": 7, "completion_tokens": 3}),
                Some((7, 3)),
            ),
            (json!({"total_tokens": 900}), Some((900, 0))),
            (
                json!({"prompt_tokens": 700, "total_tokens": 900}),
                Some((700, 200)),
            ),
            (
                json!({"completion_tokens": 100, "total_tokens": 900}),
                Some((800, 100)),
            ),
            (
                json!({"prompt_tokens": 950, "total_tokens": 900}),
                Some((900, 0)),
            ),
            (json!({"prompt_tokens": 7, "completion_tokens": 0}), None),
            (json!({"prompt_tokens": 7}), None),
            (json!({"prompt_tokens": -7, "completion_tokens": 3}), None),
            (
                json!({"prompt_tokens": 7.5, "completion_tokens": "3"}),
                None,
            ),
            (json!({"prompt_tokens": null, "total_tokens": 1e300}), None),
            (json!({}), None),
            (json!(null), None),
            (json!("free"), None),
            (json!([1]), None),
        ] {
            let body = json!({"choices": [{"message": {"content": "a"}}], "usage": told});
            let read = completion(body.to_string().as_bytes()).expect("an answer");
            assert_eq!(read.usage, expected, "{told}");
        }
    }

    #[test]
    fn only_what_the_manner_says_is_asked_for() {
        let prompt = Prompt {
            system: "s".into(),
            user: "u".into(),
        };
        let limits = Limits {
            temperature: 0.2,
            max_tokens: 9,
        };
        let best = request("m", &prompt, limits, Manner::BEST);
        assert_eq!(best["response_format"]["type"], "json_schema");
        assert_eq!(
            (&best["max_tokens"], &best["logprobs"]),
            (&json!(9), &json!(true))
        );
        let plain = Manner {
            format: Format::Plain,
            logprobs: false,
            new_limit: true,
            temperature: false,
        };
        let plain = request("m", &prompt, limits, plain);
        let keys: Vec<&String> = plain.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["max_completion_tokens", "messages", "model"]);
    }
}
