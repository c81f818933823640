//! The help articles: what is refused, what is found, and what a reload may change.

use hotline::automation::{Current, Engine, Knowledge};
use hotline::cli::search;
use hotline::config::{self, Fault};
use hotline::domain::playbook::Playbook;
use hotline::ports::knowledge::{CurrentKnowledge, Knowledge as _};
use proptest::prelude::*;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

static SAMPLE: LazyLock<Arc<Knowledge>> =
    LazyLock::new(|| search::knowledge(&sample_dir(), None).unwrap());

fn sample_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config")
}

/// A shop with these articles, by file name.
fn shop(articles: &[(&str, &str)], search: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let hotline = "[[channels]]\nid = \"main\"\nsecret = \"s\"\naccess_token = \"t\"\n";
    fs::write(path("hotline.toml"), hotline).unwrap();
    fs::create_dir(path("automation")).unwrap();
    fs::write(path("automation/search.toml"), search).unwrap();
    fs::create_dir(path("knowledge")).unwrap();
    for (name, text) in articles {
        fs::write(path("knowledge").join(name), text).unwrap();
    }
    dir
}

fn article(id: &str, title: &str, more: &str, body: &str) -> String {
    format!("---\nid: {id}\ntitle: {title}\n{more}---\n\n{body}\n")
}

fn build(dir: &Path) -> Result<Engine, Vec<Fault>> {
    let loaded = config::load(dir, &|_| None)?;
    Engine::build(&loaded.automation).map(|(engine, _)| engine)
}

/// The findings of `hotline check`, paths without the folder.
fn check(dir: &Path) -> (u8, String) {
    let mut out = Vec::new();
    let code = hotline::cli::check::run(dir, &|_| None, &mut out).unwrap();
    let said = String::from_utf8(out).unwrap();
    (code, said.replace(&format!("{}/", dir.display()), ""))
}

#[test]
fn each_fault_of_an_article_names_file_line_and_key() {
    let long = "長".repeat(4_001);
    let cases = [
        (
            article("Fees", "運費", "", "x"),
            "knowledge/a.md:2: id: found \"Fees\", allowed: 1 to 64 of a-z 0-9 _ -",
        ),
        (
            "---\nid: a\n---\nx\n".to_owned(),
            "knowledge/a.md:1: title: found nothing, allowed: 1 to 100 characters",
        ),
        (
            article("a", "運費", "author: me\n", "x"),
            "knowledge/a.md:4: author: found an unknown key",
        ),
        (
            article("a", "運費", "tags: 配送\n", "x"),
            "knowledge/a.md:4: tags: found \"配送\", allowed: a list of",
        ),
        (
            article("a", "運費", "aliases: [\"？\"]\n", "x"),
            "knowledge/a.md:4: aliases: found \"？\", allowed: words with letters or digits",
        ),
        (
            article("a", "運費", "", ""),
            "knowledge/a.md:7: found no text, allowed: a text of 1 to 4000 UTF-16 units",
        ),
        (
            article("a", "運費", "", &long),
            "knowledge/a.md:6: found 4001 UTF-16 units",
        ),
        (
            "運費 100 元\n".to_owned(),
            "knowledge/a.md:1: found no front matter",
        ),
    ];
    for (text, expected) in cases {
        let dir = shop(&[("a.md", &text)], "");
        let (code, said) = check(dir.path());
        assert_eq!(code, 1, "{said}");
        assert!(said.contains(expected), "{expected} is not in: {said}");
    }
}

#[test]
fn two_articles_of_one_id_are_refused_with_both_places() {
    let first = article("fees", "運費", "", "x");
    let second = article("fees", "免運", "", "y");
    let dir = shop(&[("a.md", &first), ("b.md", &second)], "");
    let (code, said) = check(dir.path());
    assert_eq!(code, 1);
    assert!(
        said.contains("knowledge/b.md:2: id: found \"fees\", taken by "),
        "{said}"
    );
    assert!(
        said.contains("knowledge/a.md:2, allowed: an id of its own"),
        "{said}"
    );
}

#[test]
fn words_two_articles_claim_are_a_warning_and_lead_to_neither() {
    let first = article("fees", "運費", "aliases: [寄一包多少]\n", "超商 60 元");
    let second = article("abroad", "海外", "aliases: [寄一包多少]\n", "依重量報價");
    let dir = shop(&[("a.md", &first), ("b.md", &second)], "");
    let (code, said) = check(dir.path());
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("b.md:4: warning: aliases: found \"寄一包多少\", which "),
        "{said}"
    );
    let engine = build(dir.path()).unwrap();
    assert_eq!(engine.knowledge().direct("寄一包多少"), None);
}

#[test]
fn a_readme_is_no_article_and_no_folder_is_no_fault() {
    let dir = shop(&[("README.md", "about this folder")], "");
    assert_eq!(build(dir.path()).unwrap().knowledge().articles().len(), 0);
    fs::remove_dir_all(dir.path().join("knowledge")).unwrap();
    let engine = build(dir.path()).unwrap();
    assert!(engine.knowledge().search("運費", 3).is_empty());
    assert_eq!(engine.knowledge().direct("運費"), None);
}

#[test]
fn a_question_in_the_words_of_an_alias_is_answered_directly() {
    for article in SAMPLE.articles() {
        for way in article.aliases.iter().chain([&article.title]) {
            let found = SAMPLE.direct(&format!("{way}？"));
            let id = found.as_ref().map(|found| &*found.article.id);
            assert_eq!(id, Some(&*article.id), "{way}");
        }
    }
}

#[test]
fn both_scripts_widths_and_cases_find_the_same() {
    let id = |text: &str| SAMPLE.search(text, 1)[0].article.id.clone();
    for text in ["電茶壺送修", "电茶壶送修", "電 茶 壺！送修"] {
        assert_eq!(&*id(text), "teaware_warranty", "{text}");
    }
    assert_eq!(id("ｌｉｎｅ ｐａｙ"), id("LINE Pay"));
}

#[test]
fn search_words_find_what_no_letter_shares() {
    let appliances = article("appliances", "電器保固", "", "一年。");
    let stores = article("stores", "門市", "", "台北。");
    let files = [("a.md", appliances.as_str()), ("b.md", stores.as_str())];
    let words = "[[search_words]]\nid = \"appliance\"\nwords = [\"電器\", \"吹風機\"]\n";
    let dir = shop(&files, words);
    let knowledge = build(dir.path()).unwrap().knowledge().clone();
    assert_eq!(knowledge.concepts_in("吹風機不動了"), ["appliance"]);
    assert_eq!(
        &*knowledge.search("吹風機不動了", 3)[0].article.id,
        "appliances"
    );
    let dir = shop(&files, "");
    assert!(
        build(dir.path())
            .unwrap()
            .knowledge()
            .search("吹風機不動了", 3)
            .is_empty()
    );
}

#[test]
fn threshold_and_margin_come_from_the_config() {
    let file = article("fees", "運費", "", "超商 60 元，宅配 100 元");
    let other = article("hours", "營業時間", "", "每日 10:30–20:30");
    let direct = |search: &str| {
        let dir = shop(&[("a.md", &file), ("b.md", &other)], search);
        build(dir.path()).unwrap().knowledge().direct("運費")
    };
    let found = direct("[search]\ndirect_threshold = 0.0\ndirect_margin = 0.0\n").unwrap();
    assert_eq!(&*found.article.id, "fees");
    assert!(direct("[search]\ndirect_threshold = 1.0\n").is_none());
    assert!(direct("[search]\ndirect_threshold = 0.0\ndirect_margin = 1.0\n").is_none());
}

#[test]
fn a_reload_takes_all_articles_or_none() {
    let good = article("fees", "運費", "", "超商 60 元");
    let dir = shop(&[("a.md", &good)], "");
    let current = Current::new(build(dir.path()).unwrap(), dir.path().to_owned());
    let digest = current.engine().digest();
    let body = || {
        current.knowledge().search("運費", 1)[0]
            .article
            .body
            .clone()
    };

    let changed = article("fees", "運費", "", "超商 65 元");
    fs::write(dir.path().join("knowledge/a.md"), &changed).unwrap();
    fs::write(dir.path().join("knowledge/b.md"), "no front matter").unwrap();
    assert!(current.reload(&|_| None).is_err());
    assert_eq!(
        (&*body(), current.engine().digest()),
        ("超商 60 元", digest)
    );

    fs::remove_file(dir.path().join("knowledge/b.md")).unwrap();
    current.reload(&|_| None).unwrap();
    assert_eq!(&*body(), "超商 65 元");
    assert_ne!(current.engine().digest(), digest);

    // A folder that a deploy forgot does not take every article away.
    fs::remove_dir_all(dir.path().join("knowledge")).unwrap();
    let faults = current.reload(&|_| None).unwrap_err();
    assert!(
        faults[0]
            .to_string()
            .contains("no article, where there were 1"),
        "{faults:?}"
    );
    assert_eq!(&*body(), "超商 65 元");
}

#[test]
fn the_command_answers_in_order_and_tells_bad_lines_by_number() {
    let input = "{\"id\":\"q1\",\"query\":\"運費\"}\n\n{\"id\":7,\"query\":\"🙂\"}\nnonsense\n{\"id\":\"q4\",\"query\":\"發票\"}";
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let code = search::answer(&SAMPLE, 2, input.as_bytes(), &mut out, &mut errors).unwrap();
    assert_eq!(code, 1);
    let rows: Vec<Value> = String::from_utf8(out)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let ids: Vec<&Value> = rows.iter().map(|row| &row["id"]).collect();
    assert_eq!(
        ids,
        [&Value::from("q1"), &Value::from(7), &Value::from("q4")]
    );
    assert_eq!(rows[0]["articles"][0]["id"], "shipping_fee");
    assert_eq!(rows[0]["articles"].as_array().unwrap().len(), 2);
    assert_eq!(rows[1]["articles"], Value::from(Vec::<Value>::new()));
    let errors = String::from_utf8(errors).unwrap();
    assert!(errors.starts_with("line 4: found "), "{errors}");
}

proptest! {
    #[test]
    fn any_words_find_articles_in_order_with_shares_of_one(text in ".{0,80}", top in 0_usize..40) {
        let found = SAMPLE.search(&text, top);
        prop_assert!(found.len() <= top);
        prop_assert!(found.windows(2).all(|pair| pair[0].score >= pair[1].score));
        prop_assert!(found.iter().all(|found| found.score > 0.0 && found.share.is_finite()));
        prop_assert!(found.iter().map(|found| found.share).sum::<f32>() <= 1.0);
        prop_assert_eq!(&found, &SAMPLE.search(&text, top));
    }
}

/// One file of the labelled data: of the field's own folder where it is at hand, else our copy.
fn labelled(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let outside = root.join("../shared/nlu").join(name);
    let inside = root.join("tests/nlu").join(name);
    fs::read_to_string(outside).unwrap_or_else(|_| fs::read_to_string(inside).unwrap())
}

/// Recall in the first place and among the first three.
fn recall(knowledge: &Knowledge, rows: &[&Value]) -> (f64, f64) {
    let (mut first, mut third) = (0, 0);
    for row in rows {
        let found = knowledge.search(row["query"].as_str().unwrap(), 3);
        let place = found
            .iter()
            .position(|found| row["article"] == *found.article.id);
        first += u32::from(place == Some(0));
        third += u32::from(place.is_some());
    }
    let all = rows.len() as f64;
    (f64::from(first) / all, f64::from(third) / all)
}

/// The 25 articles of another shop, without aliases, found with the sample's search words.
#[test]
fn recall_does_not_fall_below_what_was_reached() {
    let dir = tempfile::tempdir().unwrap();
    let articles: Value = serde_json::from_str(&labelled("kb_articles.json")).unwrap();
    for row in articles.as_array().unwrap() {
        let text = |key: &str| row[key].as_str().unwrap();
        let file = dir.path().join(format!("{}.md", text("id")));
        fs::write(file, article(text("id"), text("title"), "", text("body"))).unwrap();
    }
    let knowledge = search::knowledge(&sample_dir(), Some(dir.path())).unwrap();
    let rows = |text: &str| -> Vec<Value> {
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let public = rows(&labelled("kb_queries_public.jsonl"));
    let house = rows(include_str!("nlu/kb_queries_house.jsonl"));
    let of = |set: &str| {
        house
            .iter()
            .filter(|row| row["set"] == *set)
            .collect::<Vec<_>>()
    };
    // What was reached, less one question of the set.
    let sets = [
        ("public", public.iter().collect(), 0.93, 0.96),
        ("plain", of("plain"), 0.93, 0.98),
        ("oblique", of("oblique"), 0.82, 0.95),
        ("blind", of("blind"), 0.88, 0.96),
    ];
    for (set, rows, first, third) in sets {
        let (at_1, at_3) = recall(&knowledge, &rows);
        println!(
            "{set}: {} questions, recall@1 {at_1:.3}, recall@3 {at_3:.3}",
            rows.len()
        );
        assert!(
            at_1 >= first && at_3 >= third,
            "{set}: recall@1 {at_1:.3}, @3 {at_3:.3}"
        );
    }
}
