//! The fake OpenAI server over HTTP: scripts, refusals, and the record of what it was asked.

use hotline::simulator::{Options, Simulator, SimulatorThread};
use serde_json::{Value, json};
use std::net::TcpListener;

fn simulator() -> SimulatorThread {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    Simulator::spawn(Options::default(), listener).unwrap()
}

async fn call(simulator: &SimulatorThread, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let url = format!("{}{path}", simulator.url());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client
        .request(method.parse().unwrap(), url)
        .body(body.to_string());
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let body = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

const ASK: &str = "/openai/v1/chat/completions";

#[actix_web::test]
async fn scripts_are_used_one_after_the_other_then_the_set_up() {
    let simulator = simulator();
    let question = json!({"model": "m", "messages": [], "logprobs": true});
    let scripts = json!([{"answer": "一", "confidence": 0.25}, {"status": 429, "retryAfter": 7}]);
    let (status, state) = call(&simulator, "POST", "/sim/assistant/next", &scripts).await;
    assert_eq!((status, &state["scriptsLeft"]), (200, &json!(2)));
    let (_, first) = call(&simulator, "POST", ASK, &question).await;
    let words = first["choices"][0]["message"]["content"].as_str().unwrap();
    let words: Value = serde_json::from_str(words).unwrap();
    assert_eq!(
        (&words["answer"], &words["confidence"]),
        (&json!("一"), &json!(0.25))
    );
    let logprob = first["choices"][0]["logprobs"]["content"][0]["logprob"].as_f64();
    assert!((logprob.unwrap() - 0.25_f64.ln()).abs() < 1e-9);
    assert_eq!(call(&simulator, "POST", ASK, &question).await.0, 429);
    assert_eq!(call(&simulator, "POST", ASK, &question).await.0, 200);
    let (_, asked) = call(
        &simulator,
        "GET",
        "/sim/assistant/asked?after=1",
        &json!(null),
    )
    .await;
    let asked = asked["asked"].as_array().unwrap();
    assert_eq!(asked.len(), 2);
    assert_eq!(
        (&asked[0]["seq"], &asked[0]["status"]),
        (&json!(2), &json!(429))
    );
    assert_eq!(asked[0]["body"], question);
}

#[actix_web::test]
async fn what_a_server_does_not_know_it_refuses_without_using_a_script_up() {
    let simulator = simulator();
    let setup = json!({"refuses": ["max_tokens"]});
    call(&simulator, "PUT", "/sim/assistant", &setup).await;
    call(
        &simulator,
        "POST",
        "/sim/assistant/next",
        &json!({"answer": "一"}),
    )
    .await;
    let question = json!({"model": "m", "messages": [], "max_tokens": 5});
    let (status, error) = call(&simulator, "POST", ASK, &question).await;
    let words = error["error"]["message"].as_str().unwrap();
    assert!(
        status == 400 && words.contains("max_completion_tokens"),
        "{words}"
    );
    let (_, state) = call(&simulator, "GET", "/sim/assistant", &json!(null)).await;
    assert_eq!(state["scriptsLeft"], 1);
}

#[actix_web::test]
async fn a_mistake_in_a_script_is_named() {
    let simulator = simulator();
    for (path, body, words) in [
        (
            "/sim/assistant/next",
            json!({"confidense": 1}),
            "confidense",
        ),
        (
            "/sim/assistant/next",
            json!([{"confidence": 1.5}]),
            "confidence: 1.5, allowed: 0 to 1",
        ),
        ("/sim/assistant/next", json!({"status": 99}), "status: 99"),
        (
            "/sim/assistant/next",
            json!({"fault": "explode"}),
            "explode",
        ),
        (
            "/sim/assistant",
            json!({"refuses": ["tools"]}),
            "\"tools\", allowed: json_schema",
        ),
        (
            "/sim/assistant",
            json!({"default": {"answerable": "maybe"}}),
            "default.answerable",
        ),
    ] {
        let method = if path.ends_with("next") {
            "POST"
        } else {
            "PUT"
        };
        let (status, answer) = call(&simulator, method, path, &body).await;
        let message = answer["message"].as_str().unwrap_or_default();
        assert!(
            status == 400 && message.contains(words),
            "{body}: {status} {message}"
        );
    }
}
