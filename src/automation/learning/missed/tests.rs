use super::*;

fn received(message: u64, words: &str) -> String {
    format!(
        "{{\"fact\":\"received\",\"event\":1,\"at\":1,\"received\":1,\"kind\":\"message\",\"message\":{message},\"words\":{words:?}}}"
    )
}

fn routed(message: u64, handler: &str, more: &str) -> String {
    format!(
        "{{\"fact\":\"routed\",\"event\":1,\"message\":{message},\"handler\":\"{handler}\",\"confidence\":40{more}}}"
    )
}

fn counted(records: &[(&str, String)]) -> Unmatched {
    let mut tally = Tally::new(true);
    for (at, (conversation, record)) in records.iter().enumerate() {
        tally.read(conversation, Millis(at as u64), record.as_bytes());
    }
    tally.finish(Millis(0), 10)
}

#[test]
fn forms_are_counted_as_they_are_folded_and_told_as_they_were_typed() {
    let found = counted(&[
        ("a", received(1, "有賣茶筅嗎？")),
        ("a", routed(1, "fallback", "")),
        ("b", received(1, "有卖茶筅吗")),
        ("b", routed(1, "ai", "")),
        ("b", received(2, "打 0912-345-678 給我，有賣茶筅嗎")),
        ("b", routed(2, "ai", "")),
    ]);
    assert_eq!((found.texts, found.missed, found.forms.len()), (3, 3, 2));
    let first = &found.forms[0];
    assert_eq!((first.count, first.customers), (2, 2));
    assert_eq!(first.samples, ["有賣茶筅嗎？", "有卖茶筅吗"]);
    let other = &found.forms[1].samples[0];
    assert!(
        other.contains("[電話1]") && !other.contains("345"),
        "{other}"
    );
}

#[test]
fn what_was_understood_or_asked_of_people_is_not_missed() {
    let told = [
        ("auto", ",\"rule\":\"price\""),
        ("flow", ",\"flow\":\"repair\""),
        ("human", ""),
        ("nobody", ""),
        ("auto", ""),
        ("fallback", ",\"wants_human\":true"),
    ];
    for (handler, more) in told {
        let found = counted(&[("a", received(1, "x")), ("a", routed(1, handler, more))]);
        assert_eq!((found.texts, found.missed), (1, 0), "{handler} {more}");
    }
    let guess = ",\"intent\":\"order_status\"";
    let found = counted(&[
        ("a", received(1, "包裹呢")),
        ("a", routed(1, "auto", guess)),
    ]);
    assert_eq!((found.missed, found.forms[0].unsure), (1, 1));
    assert_eq!(found.forms[0].intents["order_status"], 1);
}

#[test]
fn what_an_article_answered_is_not_missed_and_what_a_model_said_is() {
    let assisted = |outcome: &str, by: &str| {
        format!(
            "{{\"fact\":\"assisted\",\"outcome\":\"{outcome}\",\"by\":\"{by}\",\"confidence\":90}}"
        )
    };
    let cases = [
        (assisted("answered", "knowledge"), 1),
        (assisted("answered", "model"), 2),
        (assisted("unsure", "knowledge"), 2),
    ];
    for (told, missed) in cases {
        let found = counted(&[
            ("a", received(1, "甲")),
            ("a", routed(1, "ai", "")),
            ("b", received(1, "乙")),
            ("b", routed(1, "ai", "")),
            ("a", told),
        ]);
        assert_eq!((found.texts, found.missed), (2, missed));
    }
}

#[test]
fn words_that_are_gone_are_in_no_count() {
    // An unsend leaves the record without its payload: the reader meets only who took it.
    let found = counted(&[("a", routed(1, "fallback", ""))]);
    assert_eq!((found.texts, found.missed, found.forms.len()), (1, 0, 0));
}

#[test]
fn a_flood_of_forms_costs_the_rarest_and_says_so() {
    let mut tally = Tally::new(false);
    for n in 0..(MAX_FORMS as u64 + 10) {
        for twice in 0..1 + u64::from(n < 5) {
            let words = received(n, &format!("第{n}種"));
            tally.read("a", Millis(twice), words.as_bytes());
            tally.read("a", Millis(twice), routed(n, "ai", "").as_bytes());
        }
    }
    assert!(tally.forms.len() <= MAX_FORMS && tally.pending.is_empty());
    let found = tally.finish(Millis(0), MAX_FORMS);
    let told: u64 = found.forms.iter().map(|form| form.count).sum();
    assert_eq!(told + found.left_out, found.missed);
    assert_eq!(found.forms.iter().filter(|form| form.count == 2).count(), 5);
}
