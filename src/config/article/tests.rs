use super::*;

fn parse(text: &str) -> (Option<ArticleAsWritten>, Vec<String>) {
    let findings = Findings::default();
    let file = Arc::from("kb.md");
    let env = |name: &str| (name == "CITY").then(|| "台北".to_owned());
    let article = ArticleAsWritten::parse(&file, text, &env, &findings);
    let (Ok(all) | Err(all)) = findings.verdict();
    (article, all.iter().map(ToString::to_string).collect())
}

fn texts(article: &ArticleAsWritten, key: &str) -> Vec<String> {
    match &article.front.root.get(key).unwrap().node.value {
        Value::Text(text) => vec![text.text.clone()],
        Value::List(items) => items
            .iter()
            .map(|item| match &item.value {
                Value::Text(text) => text.text.clone(),
                other => panic!("{other:?}"),
            })
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn lists_and_values_are_read_in_all_their_forms() {
    let (article, faults) = parse(
        "---\n# a comment\nid: fees # another\ntitle: \"運費：一覽, \\\"免運\\\"\"\n\
         tags: [運費, \"a, b\", '門市']\naliases:\n  - 寄到${CITY}多少\n- ${CITY}\n---\n\n\n本島 100 元。\n第二行\n\n",
    );
    assert_eq!(faults, Vec::<String>::new());
    let article = article.unwrap();
    assert_eq!(texts(&article, "id"), ["fees"]);
    assert_eq!(texts(&article, "title"), ["運費：一覽, \"免運\""]);
    assert_eq!(texts(&article, "tags"), ["運費", "a, b", "門市"]);
    // Only a whole value comes from a variable.
    assert_eq!(texts(&article, "aliases"), ["寄到${CITY}多少", "台北"]);
    assert_eq!(article.body, "本島 100 元。\n第二行");
    assert_eq!(article.body_at.line, 12);
    assert_eq!(article.front.root.get("title").unwrap().at.line, 4);
}

#[test]
fn toml_between_plus_signs_keeps_its_lines() {
    let (article, faults) = parse("+++\r\nid = \"fees\"\r\ntags = [\"a\"]\r\n+++\r\nbody");
    assert_eq!(faults, Vec::<String>::new());
    let article = article.unwrap();
    assert_eq!(texts(&article, "tags"), ["a"]);
    assert_eq!(article.front.root.get("tags").unwrap().at.line, 3);
    assert_eq!(article.body, "body");
}

#[test]
fn what_is_not_understood_is_refused_with_its_line() {
    let cases = [
        ("運費 100 元", "kb.md:1: found no front matter"),
        ("---\nid: a\n本文", "kb.md:1: found no second \"---\""),
        (
            "---\nid: a\nid: b\n---\nx",
            "kb.md:3: id: found a second \"id\"",
        ),
        ("---\nid\n---\nx", "kb.md:2: found \"id\""),
        ("---\n- a\n---\nx", "kb.md:2: found an item without a key"),
        (
            "---\nid: a\n  - b\n---\nx",
            "kb.md:3: id: found an item below a value",
        ),
        (
            "---\ntags: [a, b\n---\nx",
            "kb.md:2: tags: found a list without its end",
        ),
        (
            "---\ntags: [a] b\n---\nx",
            "kb.md:2: tags: found \"b\" behind the list",
        ),
        ("---\ntitle: \"a\n---\nx", "kb.md:2: title: found \"a"),
        ("---\ntitle: |\n---\nx", "kb.md:2: title: found |"),
        ("---\nmeta: {a: 1}\n---\nx", "kb.md:2: meta: found {a: 1}"),
        ("---\n  id: a\n---\nx", "kb.md:2: found \"id: a\""),
    ];
    for (text, fault) in cases {
        let (_, faults) = parse(text);
        assert!(
            faults.first().is_some_and(|found| found.starts_with(fault)),
            "{text:?}: {faults:?}"
        );
    }
}
