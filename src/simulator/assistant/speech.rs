//! The words of the fake model, and the body around them.

use super::script::{Fault, Script};
use super::{Said, error};
use serde_json::{Value, json};

/// States nothing, so that it needs no source.
const COURTESY: &str = "好的，謝謝您，祝您有愉快的一天！";
/// More than a caller should read.
const HUGE: usize = 8 * 1024 * 1024;
/// Into so many tokens the words are counted.
const TOKENS: usize = 4;

/// What is said to a request.
pub(super) fn say(request: &Value, script: &Script) -> Said {
    let answer = |status, body: Vec<u8>| Said::Answer {
        status,
        retry_after: script.retry_after,
        body,
    };
    match script.fault {
        Some(Fault::Hang) => return Said::Hang,
        Some(Fault::Close) => return Said::Close,
        Some(Fault::Html) => {
            return answer(200, b"<html><body>Bad gateway</body></html>".to_vec());
        }
        Some(Fault::Huge) => return answer(200, vec![b' '; HUGE]),
        _ => {}
    }
    if script.status >= 300 {
        let message = match script.status {
            429 => "Rate limit reached for requests",
            401 => "Incorrect API key provided",
            _ => "The server had an error while processing your request",
        };
        return answer(script.status, error(message));
    }
    if !request["messages"].is_array() {
        return answer(400, error("you must provide a messages parameter"));
    }
    let mut body = body(request, script).to_string().into_bytes();
    if script.fault == Some(Fault::Truncated) {
        body.truncate(body.len() / 2);
    }
    answer(200, body)
}

fn body(request: &Value, script: &Script) -> Value {
    let mut choice = json!({
        "index": 0,
        "message": message(script),
        "finish_reason": script.finish_reason,
        "logprobs": null,
    });
    let logprob = script.logprob.unwrap_or(script.confidence);
    if request["logprobs"] == true && logprob > 0.0 {
        let token =
            json!({"token": "好", "logprob": logprob.ln(), "bytes": null, "top_logprobs": []});
        choice["logprobs"] = json!({"content": vec![token; TOKENS], "refusal": null});
    }
    let choices = match script.fault {
        Some(Fault::NoChoices) => json!([]),
        _ => json!([choice]),
    };
    let mut body = json!({
        "id": "chatcmpl-simulated",
        "object": "chat.completion",
        "created": 0,
        "model": request["model"],
        "choices": choices,
    });
    if let Some((prompt, answer)) = script.usage {
        body["usage"] = json!({"prompt_tokens": prompt, "completion_tokens": answer,
            "total_tokens": prompt + answer});
    }
    body
}

fn message(script: &Script) -> Value {
    let content = match script.fault {
        Some(Fault::Refusal) => {
            return json!({"role": "assistant", "content": null, "refusal": "I cannot help with that."});
        }
        Some(Fault::Prose) => COURTESY.to_owned(),
        Some(Fault::Empty) => String::new(),
        _ => match &script.content {
            Some(content) => content.clone(),
            None => reply(script).to_string(),
        },
    };
    json!({"role": "assistant", "content": content, "refusal": null})
}

fn reply(script: &Script) -> Value {
    json!({
        "answer": script.answer.as_deref().unwrap_or(COURTESY),
        "answerable": script.answerable,
        "sources": script.sources,
        "needs_human": script.needs_human,
        "confidence": script.self_report.clone().unwrap_or_else(|| json!(script.confidence)),
    })
}
