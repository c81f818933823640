//! The assistant stage over real HTTP: a model's server that fails in every way, and what comes out of it.

#[path = "assistant/bench.rs"]
mod bench;
#[path = "assistant/faults.rs"]
mod faults;
#[path = "assistant/places.rs"]
mod places;
#[path = "assistant/privacy.rs"]
mod privacy;

use bench::{Bench, draft, question, said};
use hotline::domain::conversation::From;
use hotline::domain::verdict::{By, Failing, Verdict};
use hotline::simulator::assistant::{Fault, Script, Setup};
use serde_json::json;

#[actix_web::test]
async fn a_sure_article_is_quoted_without_any_server() {
    let bench = Bench::knowledge(&[("運費", 0.9)]);
    let draft = draft(bench.ask(question("運費多少")).await);
    assert_eq!(draft.by, By::Knowledge);
    assert_eq!(draft.confidence, 90);
    assert_eq!(&*draft.sources[0], "kb0");
    assert_eq!(&*draft.text, "運費的說明：本島 100 元。\n\n參考：運費");
    assert_eq!(bench.requests(), 0);
}

#[actix_web::test]
async fn an_unsure_article_is_left_to_a_person() {
    let bench = Bench::knowledge(&[("運費", 0.7), ("運送", 0.6)]);
    let unsure = draft(bench.ask(question("運費運送")).await);
    assert!(unsure.confidence < 50, "{}", unsure.confidence);
    let nothing = draft(bench.ask(question("貓咪")).await);
    assert_eq!((nothing.confidence, nothing.needs_human), (0, false));
    assert!(!nothing.text.is_empty());
}

#[actix_web::test]
async fn a_model_answers_from_the_articles_it_is_given_and_cites_them() {
    let bench = Bench::model(&[("運費", 0.5), ("退貨", 0.3)]);
    bench.script([Script {
        answer: Some("運費的說明：本島 100 元。".into()),
        sources: vec!["kb0".into()],
        self_report: Some(json!("high")),
        logprob: Some(0.9),
        ..Script::default()
    }]);
    let draft = draft(bench.ask(question("運費要多少")).await);
    assert_eq!(draft.by, By::Model);
    assert_eq!(draft.confidence, 88); // 0.5·0.8 + 0.3·1 + 0.2·0.9
    assert_eq!(&*draft.sources[0], "kb0");
    assert_eq!(&*draft.text, "運費的說明：本島 100 元。\n\n參考：運費");
    let asked = &bench.asked()[0].body;
    let user = asked["messages"][1]["content"].as_str().unwrap();
    assert!(
        user.contains("本島 100 元") && user.contains("運費要多少"),
        "{user}"
    );
    assert_eq!(asked["model"], "test-model");
    assert!(bench.asked()[0].authorized);
}

#[actix_web::test]
async fn what_a_script_calls_the_confidence_is_what_comes_out() {
    let bench = Bench::model(&[]);
    for logprobs_refused in [false, true] {
        let refuses = logprobs_refused.then(|| "logprobs".to_owned());
        bench.set_up(Setup {
            refuses: refuses.into_iter().collect(),
            ..Setup::default()
        });
        for percent in [0, 10, 35, 59, 60, 61, 80, 95, 100] {
            bench.script([Script::sure(f64::from(percent) / 100.0)]);
            let draft = draft(bench.ask(question("謝謝你們")).await);
            assert_eq!(draft.confidence, percent);
        }
    }
}

#[actix_web::test]
async fn an_article_that_is_surely_right_saves_the_question_to_the_model() {
    let bench = Bench::model(&[("運費", 0.9)]);
    assert_eq!(
        draft(bench.ask(question("運費多少")).await).by,
        By::Knowledge
    );
    assert_eq!(bench.requests(), 0);
    // Not in the customer's language.
    let english = draft(
        bench
            .ask(question("運費 how much is the shipping fee please"))
            .await,
    );
    assert_eq!(english.by, By::Model);
    let bench = Bench::with(&[("運費", 0.9)], |server| server.direct_answers = false);
    assert_eq!(draft(bench.ask(question("運費多少")).await).by, By::Model);
}

#[actix_web::test]
async fn the_answer_is_asked_for_in_the_customers_language() {
    let bench = Bench::model(&[]);
    for (text, language) in [
        ("How much is shipping?", "English"),
        ("请问运费多少钱", "简体中文"),
        ("請問運費多少錢", "繁體中文"),
        ("送料はいくらですか", "日本語"),
    ] {
        bench.ask(question(text)).await;
        let asked = bench.asked().pop().unwrap();
        let system = asked.body["messages"][0]["content"].as_str().unwrap();
        assert!(
            system.contains(&format!("使用這個語言：{language}")),
            "{text}"
        );
    }
}

#[actix_web::test]
async fn a_short_question_is_looked_up_with_the_one_before_it() {
    let bench = Bench::model(&[("運費", 0.5)]);
    let mut question = question("那離島呢");
    question.history = vec![said(From::Customer, "運費多少"), said(From::Bot, "100 元")];
    bench.ask(question).await;
    let asked = bench.asked().pop().unwrap();
    let user = asked.body["messages"][1]["content"].as_str().unwrap();
    assert!(user.contains("運費的說明"), "{user}");
}

#[actix_web::test]
async fn an_answer_that_claims_what_it_was_not_given_counts_for_nothing() {
    let bench = Bench::model(&[("運費", 0.5)]);
    let sure = |answer: &str, sources: &[&str]| Script {
        answer: Some(answer.into()),
        sources: sources.iter().map(|id| (*id).to_owned()).collect(),
        ..Script::sure(0.95)
    };
    for script in [
        sure("本島 80 元", &["kb0"]),
        sure("請看 http://evil.example", &["kb0"]),
        sure("本島 100 元", &["kb7"]),
        Script {
            needs_human: true,
            ..sure("本島 100 元", &["kb0"])
        },
        Script {
            answerable: "no".into(),
            ..sure("本島 100 元", &["kb0"])
        },
        Script {
            finish_reason: "length".into(),
            ..sure("本島 100 元", &["kb0"])
        },
        Script::fault(Fault::Refusal),
    ] {
        bench.script([script.clone()]);
        let draft = draft(bench.ask(question("運費要多少")).await);
        assert_eq!(draft.confidence, 0, "{script:?}");
    }
}

#[actix_web::test]
async fn the_manner_a_server_wants_is_found_once_and_remembered() {
    for (refuses, steps, format) in [
        (vec!["json_schema"], 1, "json_object"),
        (vec!["json_schema", "json_object"], 2, "plain"),
        (vec!["logprobs"], 1, "json_schema"),
        (vec!["max_tokens", "temperature"], 2, "json_schema"),
        (
            vec![
                "json_schema",
                "json_object",
                "logprobs",
                "max_tokens",
                "temperature",
            ],
            5,
            "plain",
        ),
    ] {
        let bench = Bench::model(&[]);
        bench.set_up(Setup {
            refuses: refuses.iter().map(|word| (*word).to_owned()).collect(),
            ..Setup::default()
        });
        assert_eq!(draft(bench.ask(question("你好嗎")).await).confidence, 80);
        assert_eq!(bench.requests(), steps + 1, "{refuses:?}");
        assert_eq!(bench.health().format, Some(format));
        draft(bench.ask(question("你好嗎")).await);
        assert_eq!(bench.requests(), steps + 2, "{refuses:?}");
    }
}

#[actix_web::test]
async fn spent_tokens_end_the_day_on_every_node() {
    let frugal = |server: &mut hotline::config::settings::OpenAi| {
        server.daily_tokens = 4_000;
        server.max_tokens = 64;
    };
    let bench = Bench::with(&[], frugal);
    let spending = Script {
        usage: Some((3_800, 100)),
        ..Script::default()
    };
    bench.script([spending]);
    draft(bench.ask(question("你好嗎")).await);
    let refused = Verdict::Failed(Failing::Budget);
    assert_eq!(bench.ask(question("你好嗎")).await, refused);
    assert_eq!(bench.requests(), 1);
    bench.saved(3_900).await;
    let other_node = bench.another_node(frugal);
    assert_eq!(other_node.ask(question("你好嗎")).await, refused);
    assert_eq!(bench.requests(), 1);
}

#[actix_web::test]
async fn an_address_no_request_can_bear_is_refused_at_the_start() {
    assert!(Bench::unusable("key\nwith line end"));
}
