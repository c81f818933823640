//! The first automation: what the sample shop answers, and the laws of matching and reload.

use hotline::automation::{Current, Engine};
use hotline::config::{self, Fault};
use hotline::domain::playbook::{Answer, Playbook, Tap};
use hotline::domain::time::Millis;
use hotline::ports::understand::{CurrentAutomation, Understand};
use proptest::prelude::*;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// A Wednesday at 14:20 in Taipei.
const NOON: Millis = Millis(1_778_048_400_000);

static SAMPLE: LazyLock<Engine> = LazyLock::new(|| build(&sample_dir()).unwrap().0);

fn sample_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config")
}

fn build(dir: &Path) -> Result<(Engine, Vec<Fault>), Vec<Fault>> {
    let env = |name: &str| (!name.starts_with("ORDER_API")).then(|| "set".to_owned());
    let loaded = config::load(dir, &env)?;
    Engine::build(&loaded.automation)
}

fn answer_of<'e>(engine: &'e Engine, data: &str) -> &'e Answer {
    match engine.tap(data) {
        Some(Tap::Answer(answer)) => answer,
        other => panic!("{data} gets {other:?}"),
    }
}

fn rule_of(engine: &Engine, text: &str) -> Option<String> {
    let understood = engine.understand(text, NOON);
    assert_eq!(understood.digest, engine.digest());
    let answer = engine
        .rule(understood.rule?)
        .expect("a rule that was understood answers");
    Some(answer.rule.to_string())
}

/// A shop with one channel and the given keyword file.
fn shop(keywords: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let hotline = "[[channels]]\nid = \"main\"\nsecret = \"s\"\naccess_token = \"t\"\n";
    std::fs::write(dir.path().join("hotline.toml"), hotline).unwrap();
    std::fs::create_dir(dir.path().join("automation")).unwrap();
    std::fs::write(dir.path().join("automation/keywords.toml"), keywords).unwrap();
    let fallback = "[fallback]\nreply = [{ type = \"text\", text = \"sorry\" }]\n";
    std::fs::write(dir.path().join("automation/fallback.toml"), fallback).unwrap();
    dir
}

fn rule(id: &str, terms: &str, more: &str) -> String {
    format!(
        "[[keyword]]\nid = \"{id}\"\nterms = [{terms}]\n{more}\n\
         reply = [{{ type = \"text\", text = \"{id}\" }}]\n"
    )
}

#[test]
fn every_seed_keyword_answers_in_every_form_people_type() {
    let cases = [
        (
            "price",
            ["價格", "请问多少钱", "怎麼賣", "ＰＲＩＣＥ?", "How much"],
        ),
        (
            "promotion",
            [
                "優惠",
                "有优惠吗",
                "有沒有折扣",
                "ＣＯＵＰＯＮ",
                "any discount?",
            ],
        ),
        (
            "shipping_fee",
            [
                "運費",
                "运费多少",
                "要付郵費嗎",
                "Ｓｈｉｐｐｉｎｇ　Ｆｅｅ",
                "SHIPPING FEE",
            ],
        ),
        (
            "returns",
            [
                "退換",
                "我想退货",
                "怎麼換貨",
                "ＲＥＴＵＲＮ",
                "refund please",
            ],
        ),
        (
            "address",
            [
                "地址",
                "你们店面在哪里",
                "門 市",
                "ＡＤＤＲＥＳＳ",
                "what is your address",
            ],
        ),
        (
            "phone",
            ["電話", "客服电话", "聯絡電話", "ＰＨＯＮＥ", "phone number"],
        ),
        (
            "hours",
            [
                "營業時間",
                "营业时间",
                "幾點關門",
                "ＨＯＵＲＳ",
                "opening hours?",
            ],
        ),
    ];
    for (id, texts) in cases {
        for text in texts {
            assert_eq!(rule_of(&SAMPLE, text).as_deref(), Some(id), "{text}");
        }
    }
}

#[test]
fn the_menu_keyword_shows_the_four_buttons() {
    for text in ["選單", "菜单", "MENU", "客服選單"] {
        assert_eq!(rule_of(&SAMPLE, text).as_deref(), Some("menu"), "{text}");
    }
    let index = SAMPLE.understand("選單", NOON).rule.unwrap();
    let bubble = &SAMPLE.rule(index).unwrap().bubbles[0];
    let json: Value = serde_json::from_str(bubble.json()).unwrap();
    assert_eq!(json["altText"], "客服選單");
    assert_eq!(json["template"]["type"], "buttons");
    assert_eq!(json["template"]["text"], "請選擇服務類型");
    let labels: Vec<&str> = json["template"]["actions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|action| action["label"].as_str().unwrap())
        .collect();
    assert_eq!(labels, ["產品諮詢", "訂單查詢", "售後服務", "訪問網站"]);
    assert_eq!(json["template"]["actions"][3]["type"], "uri");
}

/// Whatever a customer can tap leads to an answer of its own, never to the fallback.
#[test]
fn no_tap_is_a_dead_end() {
    let mut replies = vec![
        SAMPLE.fallback(),
        SAMPLE.greeting(false),
        SAMPLE.greeting(true),
    ];
    replies.extend((0..SAMPLE.rules()).map(|i| SAMPLE.rule(u32::try_from(i).unwrap())));
    let mut taps = 0;
    for answer in replies {
        let answer = answer.expect("the sample shop has all answers");
        for bubble in answer.bubbles.iter() {
            for json in [Some(bubble.json()), bubble.quick_reply()]
                .into_iter()
                .flatten()
            {
                let json: Value = serde_json::from_str(json).unwrap();
                for text in tapped_texts(&json) {
                    assert!(rule_of(&SAMPLE, &text).is_some(), "{}: {text}", answer.rule);
                    taps += 1;
                }
            }
        }
    }
    assert!(taps > 40, "{taps}");
}

fn tapped_texts(json: &Value) -> Vec<String> {
    match json {
        Value::Object(map) if map.get("type") == Some(&Value::from("message")) => {
            vec![map["text"].as_str().unwrap().to_owned()]
        }
        Value::Object(map) => map.values().flat_map(tapped_texts).collect(),
        Value::Array(items) => items.iter().flat_map(tapped_texts).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_rich_menu_has_twelve_areas_that_tile_the_picture_and_all_answer() {
    let menu = SAMPLE.rich_menu().unwrap();
    let areas = menu.object["areas"].as_array().unwrap();
    assert_eq!(areas.len(), 12);
    let covered: u64 = areas
        .iter()
        .map(|area| {
            area["bounds"]["width"].as_u64().unwrap() * area["bounds"]["height"].as_u64().unwrap()
        })
        .sum();
    assert_eq!(covered, 2500 * 1686);
    for area in areas {
        let action = &area["action"];
        assert_eq!(action["displayText"], action["label"]);
        let data = action["data"].as_str().unwrap();
        assert!(SAMPLE.tap(data).is_some(), "{data}");
    }
    assert_eq!(areas[0]["action"]["data"], "menu:main:1:1");
    assert_eq!(&*answer_of(&SAMPLE, "menu:main:1:1").rule, "price");
    let Some(Tap::Flow(flow)) = SAMPLE.tap("menu:main:2:1") else {
        panic!("the entry begins a flow");
    };
    assert_eq!(&*SAMPLE.flow(*flow).unwrap().id, "order_tracking");
    assert!(SAMPLE.tap("menu:main:5:1").is_none());
    assert!(SAMPLE.tap("somebody else's").is_none());
}

#[test]
fn the_longest_term_wins_and_priority_beats_length() {
    let files = [rule("a", "\"優惠\"", ""), rule("b", "\"運費優惠\"", "")].concat();
    let dir = shop(&files);
    let engine = build(dir.path()).unwrap().0;
    assert_eq!(rule_of(&engine, "有运费优惠吗").as_deref(), Some("b"));
    assert_eq!(rule_of(&engine, "有優惠嗎").as_deref(), Some("a"));

    let files = [
        rule("a", "\"優惠\"", "priority = 1"),
        rule("b", "\"運費優惠\"", ""),
    ]
    .concat();
    let dir = shop(&files);
    let (engine, warnings) = build(dir.path()).unwrap();
    assert_eq!(rule_of(&engine, "有運費優惠嗎").as_deref(), Some("a"));
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0]
            .to_string()
            .contains(":6: warning: keyword \"b\""),
        "{}",
        warnings[0]
    );
}

#[test]
fn synonyms_answer_but_never_take_a_written_term() {
    let dir = shop(&format!(
        "{}{}[[synonyms]]\nwords = [\"運費\", \"郵費\", \"寄費\"]\n",
        rule("fee", "\"運費多少\"", ""),
        rule("stamp", "\"寄費多少\"", ""),
    ));
    let (engine, _) = build(dir.path()).unwrap();
    assert_eq!(rule_of(&engine, "邮费多少").as_deref(), Some("fee"));
    assert_eq!(rule_of(&engine, "寄費多少").as_deref(), Some("stamp"));
    assert_eq!(rule_of(&engine, "郵費"), None);
}

#[test]
fn the_winner_names_what_was_typed() {
    let text = "哈囉！請問【運　費】?";
    let winner = SAMPLE.explain(text, NOON).winner.unwrap();
    assert_eq!(&*winner.of, "shipping_fee");
    assert_eq!(&text[winner.span.clone()], "運　費");
}

#[test]
fn a_button_that_sends_data_is_answered_or_warned_of() {
    let button = |data: &str| {
        format!(
            "[[keyword]]\nid = \"a\"\nterms = [\"運費\"]\nreply = [{{ type = \"text\", text = \"x\", \
             quick_replies = [{{ label = \"l\", data = \"{data}\" }}] }}]\n[[postback]]\n\
             data = \"known\"\nreply = [{{ type = \"text\", text = \"y\" }}]\n"
        )
    };
    let (engine, warnings) = build(shop(&button("known")).path()).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(&*answer_of(&engine, "known").gist, "y");
    let quick_reply = engine.rule(0).unwrap().bubbles[0].quick_reply().unwrap();
    assert!(
        quick_reply.contains("\"displayText\":\"l\""),
        "{quick_reply}"
    );

    let (_, warnings) = build(shop(&button("other")).path()).unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0]
            .to_string()
            .contains("\"other\", which nothing answers")
    );
}

#[test]
fn explain_says_what_would_be_answered() {
    let explain = |text: &str| {
        let mut out = Vec::new();
        let code = hotline::cli::explain::run(&sample_dir(), text, NOON, &mut out).unwrap();
        assert_eq!(code, 0);
        String::from_utf8(out).unwrap()
    };
    let told = explain("請問運　費");
    assert!(told.contains("folded   请问运费\n"), "{told}");
    assert!(
        told.contains("matched  shipping_fee by \"運　費\" at bytes 6..15"),
        "{told}"
    );
    assert!(told.contains("outcome  answered\n"), "{told}");
    assert!(told.contains("運費標準"), "{told}");
    let told = explain("今天天氣真好");
    assert!(told.contains("matched  no keyword rule"), "{told}");
    assert!(told.contains("outcome  the assistant is asked"), "{told}");
}

#[test]
fn the_same_files_give_the_same_playbook() {
    let again = build(&sample_dir()).unwrap().0;
    assert_eq!(again.digest(), SAMPLE.digest());
    let dir = shop(&rule("a", "\"運費\"", ""));
    let other = build(dir.path()).unwrap().0;
    assert_ne!(other.digest(), SAMPLE.digest());
    let before = other.digest();
    let change = rule("a", "\"運費\"", "").replace("text = \"a\"", "text = \"b\"");
    std::fs::write(dir.path().join("automation/keywords.toml"), change).unwrap();
    assert_ne!(build(dir.path()).unwrap().0.digest(), before);
}

#[test]
fn a_reload_is_all_or_nothing() {
    let dir = shop(&rule("a", "\"運費\"", ""));
    let engine = build(dir.path()).unwrap().0;
    let current = Current::new(engine, dir.path().to_owned());
    let old = current.current();
    let file = dir.path().join("automation/keywords.toml");

    let broken = [
        rule("b", "\"地址\"", ""),
        "[[keyword]]\nid = \"c\"\n".to_owned(),
    ]
    .concat();
    for bad in [
        broken.as_str(),
        "not toml",
        "[fallback]\nreply = [{ type = \"text\", text = \"${UNSET}\" }]\n",
    ] {
        std::fs::write(&file, bad).unwrap();
        let faults = current.reload(&|_| None).unwrap_err();
        assert!(faults.iter().any(Fault::is_fault), "{bad}");
        assert_eq!(current.current().digest(), old.digest(), "{bad}");
        assert!(current.current().understand("地址", NOON).rule.is_none());
    }
    std::fs::write(&file, rule("b", "\"地址\"", "")).unwrap();
    current.reload(&|_| None).unwrap();
    assert_ne!(current.current().digest(), old.digest());
    assert!(current.current().understand("地址", NOON).rule.is_some());
    assert!(
        old.understand("運費", NOON).rule.is_some(),
        "who holds the old keeps the old"
    );

    std::fs::remove_dir_all(dir.path().join("automation")).unwrap();
    current.reload(&|_| None).unwrap_err();
    assert!(current.current().understand("地址", NOON).rule.is_some());
}

proptest! {
    #[test]
    fn no_text_makes_understanding_panic(text in any::<String>()) {
        let understood = SAMPLE.understand(&text, NOON);
        let explanation = SAMPLE.explain(&text, NOON);
        prop_assert_eq!(&understood, &explanation.understanding);
        if let Some(winner) = &explanation.winner {
            prop_assert_eq!(understood.rule, winner.rule);
        }
        for hit in explanation.hits.into_iter().chain(explanation.winner) {
            prop_assert!(text.get(hit.span).is_some_and(|found| !found.is_empty()));
        }
    }

    #[test]
    fn noise_around_a_term_does_not_hide_it(
        before in "[ 　!?。，～👍]{0,9}",
        after in "[ 　!?。，～👍]{0,9}",
    ) {
        let text = format!("{before}運{before}費{after}");
        prop_assert_eq!(rule_of(&SAMPLE, &text), Some("shipping_fee".to_owned()));
    }
}
