//! The laws of understanding: what is read out of a text, and what a config may teach.

use hotline::automation::Engine;
use hotline::cli::classify;
use hotline::config::{self, Fault};
use hotline::domain::playbook::{Cues, Playbook, Understanding};
use hotline::domain::time::Millis;
use hotline::ports::understand::Understand;
use proptest::prelude::*;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// A Wednesday at 14:20 in Taipei; 2026-05-06.
const NOON: Millis = Millis(1_778_048_400_000);
const DAY: u64 = 86_400_000;

static SAMPLE: LazyLock<Engine> = LazyLock::new(|| build(&sample_dir()).unwrap().0);

fn sample_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config")
}

fn build(dir: &Path) -> Result<(Engine, Vec<Fault>), Vec<Fault>> {
    let loaded = config::load(dir, &|_| None)?;
    Engine::build(&loaded.automation)
}

/// A shop with the given automation file.
fn shop(words: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let hotline = "[[channels]]\nid = \"main\"\nsecret = \"s\"\naccess_token = \"t\"\n";
    std::fs::write(dir.path().join("hotline.toml"), hotline).unwrap();
    std::fs::create_dir(dir.path().join("automation")).unwrap();
    let fallback = "[fallback]\nreply = [{ type = \"text\", text = \"sorry\" }]\n";
    let words = format!("{words}{fallback}");
    std::fs::write(dir.path().join("automation/words.toml"), words).unwrap();
    dir
}

fn taught(words: &str) -> Engine {
    build(shop(words).path()).unwrap().0
}

/// What `check` says of a file.
fn told(words: &str) -> String {
    let found = match build(shop(words).path()) {
        Ok((_, warnings)) => warnings,
        Err(faults) => faults,
    };
    found.iter().map(|fault| format!("{fault}\n")).collect()
}

fn rule(id: &str, more: &str) -> String {
    format!(
        "[[keyword]]\nid = \"{id}\"\n{more}\nreply = [{{ type = \"text\", text = \"{id}\" }}]\n"
    )
}

fn list(words: &[&str]) -> String {
    format!(
        "[{}]",
        words
            .iter()
            .map(|word| format!("\"{word}\", "))
            .collect::<String>()
    )
}

fn rule_of(engine: &Engine, text: &str, at: Millis) -> Option<String> {
    let understood = engine.understand(text, at);
    let rule = engine.rule(understood.rule?).expect("of this playbook");
    Some(rule.rule.to_string())
}

/// Two intents, an unknown class, signs for a person, a negation.
fn lessons(order: &[&str]) -> String {
    format!(
        "[[intent]]\nid = \"order\"\nexamples = {}\n\
         [[intent]]\nid = \"refund\"\nexamples = {}\n\
         [unknown]\nexamples = {}\n\
         [human]\nterms = [\"真人\"]\nexamples = {}\n\
         [negation]\nwords = [\"不\", \"不是\", \"不要\", \"不用\"]\nexcept = [\"要不要\"]\nafter = [\"不用了\"]\n",
        list(order),
        list(&[
            "我要退貨",
            "想退錢",
            "可以退嗎",
            "退款要多久",
            "怎麼申請退貨",
            "尺寸不合想退"
        ]),
        list(&[
            "今天天氣真好",
            "謝謝",
            "你們有缺人嗎",
            "哈哈哈",
            "不用真人",
            "機器人很聰明"
        ]),
        list(&[
            "轉真人",
            "我要找人講話",
            "請專人打給我",
            "叫店長來",
            "可以跟人說話嗎"
        ]),
    )
}

const ORDER: [&str; 6] = [
    "我的包裹到哪了",
    "訂單出貨了嗎",
    "什麼時候會寄到",
    "查詢訂單進度",
    "東西還沒收到",
    "包裹寄出了沒",
];

#[test]
fn an_intent_is_understood_from_its_examples() {
    let engine = taught(&lessons(&ORDER));
    let intent = |text: &str| {
        let understood = engine.understand(text, NOON);
        assert!(understood.confidence <= 100);
        engine.intent_id(understood.intent).to_owned()
    };
    assert_eq!(intent("請問我的訂單什麼時候出貨"), "order");
    assert_eq!(intent("這件可以退錢嗎"), "refund");
    assert_eq!(intent("天氣好好"), "unknown");
    assert_eq!(intent(""), "unknown");
    assert_eq!(engine.understand("", NOON).confidence, 0);
}

#[test]
fn the_order_of_examples_changes_nothing() {
    let mut turned = ORDER;
    turned.reverse();
    turned.swap(0, 2);
    let (one, other) = (taught(&lessons(&ORDER)), taught(&lessons(&turned)));
    for text in [
        "包裹呢",
        "我要退",
        "訂單退款",
        "hello",
        "轉真人",
        "會寄到嗎？？",
    ] {
        let read = |engine: &Engine| Understanding {
            digest: 0,
            ..engine.understand(text, NOON)
        };
        assert_eq!(read(&one), read(&other), "{text}");
    }
}

#[test]
fn a_person_is_wanted_only_by_who_asks_for_one() {
    let engine = taught(&lessons(&ORDER));
    assert!(engine.understand("幫我轉真人", NOON).wants_human);
    assert!(!engine.understand("不用轉真人", NOON).wants_human);
    assert!(!engine.understand("訂單出貨了嗎", NOON).wants_human);
}

#[test]
fn a_negated_term_does_not_answer() {
    let negation =
        "[negation]\nwords = [\"不是\", \"不要\"]\nafter = [\"就不用了\"]\nexcept = [\"要不要\"]\n";
    let rules = rule("fee", "terms = [\"運費\"]") + &rule("returns", "terms = [\"退貨\"]");
    let engine = taught(&(rules + negation));
    let answer = |text: &str| rule_of(&engine, text, NOON);
    assert_eq!(answer("不是要退貨，想問運費").as_deref(), Some("fee"));
    assert_eq!(answer("不要退貨"), None);
    assert_eq!(answer("退貨就不用了"), None);
    assert_eq!(answer("要不要運費").as_deref(), Some("fee"));
}

#[test]
fn a_term_inside_a_phrase_of_unless_does_not_count() {
    let engine = taught(&rule("fee", "terms = [\"運費\"]\nunless = [\"運費險\"]"));
    assert_eq!(rule_of(&engine, "有運費險嗎", NOON), None);
    assert_eq!(
        rule_of(&engine, "運費險的運費", NOON).as_deref(),
        Some("fee")
    );
}

#[test]
fn a_term_gives_way_to_the_rule_the_text_is_about() {
    let price = [
        "這個多少錢",
        "一盒多少錢",
        "請問多少錢",
        "兩包多少錢",
        "怎麼賣",
        "一斤怎麼算",
    ];
    let sent = [
        "寄到台中多少錢",
        "寄過去要多少錢",
        "送到家裡要多少錢",
        "寄送一次多少",
        "郵寄怎麼算",
    ];
    let with =
        |terms: &str, examples: &[&str]| format!("terms = {terms}\nexamples = {}", list(examples));
    let rules =
        rule("price", &with("[\"多少錢\"]", &price)) + &rule("fee", &with("[\"運費\"]", &sent));
    let engine = taught(&rules);
    let answer = |text: &str| rule_of(&engine, text, NOON);
    assert_eq!(answer("寄到高雄要多少錢").as_deref(), Some("fee"));
    assert_eq!(answer("這包多少錢").as_deref(), Some("price"));
    assert_eq!(answer("多少錢").as_deref(), Some("price"));
}

#[test]
fn a_whole_term_wants_the_text_for_itself() {
    let engine = taught(&rule("cancel", "terms = [\"取消訂單\"]\nwhole = true"));
    assert_eq!(
        rule_of(&engine, "請問 取消訂單", NOON).as_deref(),
        Some("cancel")
    );
    assert_eq!(
        rule_of(&engine, "昨天打電話說要取消訂單結果沒取消", NOON),
        None
    );
}

#[test]
fn a_rule_answers_in_its_time() {
    let hours = "[hours]\nutc_offset = \"+08:00\"\nwednesday = [\"09:00-18:00\"]\n";
    let day = rule("day", "terms = [\"電話\"]\nwhen = \"open\"");
    let night = rule("night", "terms = [\"電話\"]\nwhen = \"closed\"");
    let sale = rule(
        "sale",
        "terms = [\"優惠\"]\nfrom = \"2026-05-06\"\nuntil = 2026-05-07",
    );
    let engine = taught(&format!("{day}{night}{sale}{hours}"));
    let evening = Millis(NOON.0 + 6 * 3_600_000);
    assert_eq!(rule_of(&engine, "電話", NOON).as_deref(), Some("day"));
    assert_eq!(rule_of(&engine, "電話", evening).as_deref(), Some("night"));
    for (days, answer) in [(-1, None), (0, Some("sale")), (1, Some("sale")), (2, None)] {
        let at = Millis(NOON.0.saturating_add_signed(days * DAY as i64));
        assert_eq!(rule_of(&engine, "優惠", at).as_deref(), answer, "{days}");
    }
}

#[test]
fn small_talk_is_only_what_is_nothing_else() {
    let talk = "[[talk]]\nid = \"thanks\"\nterms = [\"謝謝\"]\nexamples = [\"太感謝了\"]\n\
                reply = [{ type = \"text\", text = \"x\" }]\n";
    let engine = taught(talk);
    let talk = |text: &str| engine.understand(text, NOON).talk;
    assert_eq!(talk("謝謝你喔"), Some(0));
    assert_eq!(talk("太感謝了！！"), Some(0));
    assert_eq!(talk("想請問這款有沒有別的顏色謝謝"), None);
    assert_eq!(&*engine.talk(0).unwrap().rule, "thanks");
}

#[test]
fn right_sound_and_wrong_character_is_understood() {
    for (text, rule) in [("優慧券怎麼用", "promotion"), ("運廢多少", "shipping_fee")] {
        assert_eq!(
            rule_of(&SAMPLE, text, NOON).as_deref(),
            Some(rule),
            "{text}"
        );
    }
    let found = SAMPLE.explain("我要退或", NOON);
    let intent = SAMPLE.intent_id(found.understanding.intent);
    assert_eq!(intent, "return_request");
}

#[test]
fn cues_are_read_beside_everything_else() {
    let understood = SAMPLE.understand("我要退貨", NOON);
    assert!(understood.cues.has(Cues::WISH));
    assert!(SAMPLE.understand("算了不用了", NOON).cues.has(Cues::CANCEL));
}

#[test]
fn a_text_in_two_classes_is_a_fault_that_names_both() {
    let words = format!(
        "[[intent]]\nid = \"a\"\nexamples = {}\n[[intent]]\nid = \"b\"\nexamples = {}\n",
        list(&["運費多少", "一", "二", "三", "四"]),
        list(&["运费多少？", "五", "六", "七", "八"]),
    );
    let told = told(&words);
    assert!(
        told.contains("words.toml:6: intent \"b\" examples: found \"运费多少？\", which stands under intent \"a\""),
        "{told}"
    );
    assert!(told.contains("words.toml:3)"), "{told}");
    let apart = words.replace("运费多少？", "運費多少😡");
    assert!(
        build(shop(&apart).path()).is_ok(),
        "an emoji makes another text"
    );
}

#[test]
fn what_teaches_nothing_is_told() {
    for (words, part) in [
        (
            "[[intent]]\nid = \"a\"\n",
            "no examples: it is never understood",
        ),
        (
            "[[intent]]\nid = \"a\"\nexamples = [\"一\"]\n",
            "found 1 examples",
        ),
        ("[[intent]]\nid = \"a\"\n", "unknown: found nothing"),
        ("[[intent]]\nid = \"unknown\"\n", "not \"unknown\""),
        (
            "[[intent]]\nid = \"a\"\nexamples = [\" \"]\n",
            "a text with letters, digits, signs or emoji",
        ),
        (
            "[[intent]]\nid = \"a\"\nflow = \"order\"\n",
            "which no flow is called",
        ),
        (
            "[[intent]]\nid = \"a\"\nhandoff = \"complain\"\n",
            "did you mean \"complaint\"?",
        ),
        (
            "[[intent]]\nid = \"a\"\nflow_on_wish = true\n",
            "true without a flow",
        ),
        (
            "[unknown]\nexamples = [\"哈\", \"哈\"]\n",
            "which stands under unknown",
        ),
        (
            "[[talk]]\nid = \"a\"\nreply = [{ type = \"text\", text = \"x\" }]\n",
            "neither terms nor examples",
        ),
        ("[cues]\nyess = [\"對\"]\n", "\"yes\" (did you mean that?)"),
        ("[understanding]\nthreshold = 2\n", "a number from 0 to 1"),
        (
            "[negation]\nwords = [\"不\"]\nexcept = [\"不\"]\n",
            "which stands under words too",
        ),
        (
            "[[lexicon]]\nid = \"a\"\nwords = [\"…\"]\n",
            "a word with letters or digits",
        ),
    ] {
        let told = told(words);
        assert!(told.contains(part), "{words}: {told}");
    }
    let cue = rule("no", "terms = [\"不用了\"]") + "[cues]\ncancel = [\"不用了\"]\n";
    let told = told(&cue);
    assert!(told.contains("a term of keyword \"no\""), "{told}");
}

#[test]
fn classify_answers_every_line_in_order_and_names_a_bad_one() {
    let input =
        "{\"id\":\"x\",\"text\":\"運費多少\"}\n\nnonsense\n{\"id\":7,\"text\":\"我要退貨\"}\n";
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let code = classify::run(&sample_dir(), NOON, input.as_bytes(), &mut out, &mut errors).unwrap();
    assert_eq!(code, 1);
    let errors = String::from_utf8(errors).unwrap();
    assert!(errors.starts_with("line 3: "), "{errors}");
    let lines: Vec<Value> = String::from_utf8(out)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["id"], "x");
    assert_eq!(lines[0]["faq"], "shipping_fee");
    assert_eq!(lines[0]["wants_human"], false);
    assert_eq!(lines[1]["id"], 7);
    assert_eq!(lines[1]["intent"], "return_request");
    assert!((0.0..=1.0).contains(&lines[1]["confidence"].as_f64().unwrap()));
}

proptest! {
    #[test]
    fn the_same_text_is_read_the_same(text in any::<String>()) {
        let first = SAMPLE.understand(&text, NOON);
        prop_assert_eq!(&first, &SAMPLE.understand(&text, NOON));
        prop_assert!(first.confidence <= 100);
        if let Some(rule) = first.rule {
            prop_assert!(SAMPLE.rule(rule).is_some());
        }
        if let Some(intent) = first.intent {
            prop_assert!(SAMPLE.intent(intent).is_some());
        }
    }

    /// Pieces of real words in any order reach deeper than noise does.
    #[test]
    fn any_words_are_read(words in proptest::collection::vec(
        prop_oneof![
            Just("不是"), Just("我要"), Just("退貨"), Just("運費"), Just(" "), Just("優慧"), Just("09"), Just("order"),
            Just("ㄇ"), Just("？"), Just("👍🏽"), Just("訂單"), Just("真人"), Just("e\u{301}"), Just("𠮷"), Just("不用了"),
        ], 0..40)) {
        let text = words.concat();
        let explanation = SAMPLE.explain(&text, NOON);
        prop_assert_eq!(&explanation.understanding, &SAMPLE.understand(&text, NOON));
        let sum: f32 = explanation.scores.iter().map(|(_, share)| share).sum();
        prop_assert!(text.trim().is_empty() || (sum - 1.0).abs() < 1e-3, "{sum}");
    }
}
