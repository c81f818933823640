//! What customers type, and what is made of it. The lists are of the language, not of one shop.

use super::*;

fn number() -> Number {
    let not = Not {
        mobile: true,
        phone: true,
        date: true,
        price: true,
    };
    Number::new("[A-Z]{0,4}[0-9]{6,16}", 40, not).unwrap()
}

fn found(value: &str) -> Reading {
    Reading::Found(value.into())
}

#[test]
fn an_order_number_is_read_however_it_is_typed() {
    let number = number();
    for (text, value) in [
        ("查詢訂單 TW20260101005", "TW20260101005"),
        ("A7654321", "A7654321"),
        ("訂單C1002003", "C1002003"),
        ("ｔｗ２０２６０１０１００５", "TW20260101005"),
        ("tw-2026-0101-005", "TW20260101005"),
        ("TW 2026 0101 005 謝謝", "TW20260101005"),
        ("訂單 202604300012", "202604300012"),
        ("20260430 0012", "202604300012"),
        ("20260430-0012 到了嗎", "202604300012"),
        ("更正 是202604300021", "202604300021"),
        ("不是202604300012 是202604300021", "202604300021"),
        ("應該是202604300021，不是202604300012", "202604300021"),
        (
            "剛剛打錯了 202604300012 應該是 202604300021",
            "202604300021",
        ),
        ("my order no 20260430001 please", "20260430001"),
        ("order is TW123456", "TW123456"),
        ("#EC00012345", "EC00012345"),
        ("訂單編號：A-1002-003，電話0912345678", "A1002003"),
        ("0912-345-678 訂單C1002003", "C1002003"),
        ("單號12345678 2個", "12345678"),
    ] {
        assert_eq!(number.read(text, true), found(value), "{text}");
        assert_eq!(number.read(text, false), found(value), "unasked: {text}");
    }
}

#[test]
fn what_is_no_order_number_is_not_taken() {
    let number = number();
    for text in [
        "0912345678",
        "0912-345-678",
        "我的手機是0912 345 678",
        "+886912345678",
        "886-912-345-678",
        "02-5555-0188",
        "(02)5555-0188",
        "2026/04/30",
        "2026-4-30",
        "我是20260430訂的",
        "114/04/30",
        "12345",
        "訂單 123",
    ] {
        assert_eq!(number.read(text, true), Reading::Unfit, "{text}");
        assert_eq!(number.read(text, false), Reading::Absent, "unasked: {text}");
    }
    for text in [
        "不知道",
        "沒有號碼",
        "就說沒有了",
        "等一下喔",
        "滿1000免運嗎",
        "user123456@example.com",
        "https://example.com/orders/TW20260101005",
        "1234567元",
        "",
    ] {
        let read = number.read(text, true);
        assert!(
            matches!(read, Reading::Absent | Reading::Unfit),
            "{text}: {read:?}"
        );
        assert_eq!(number.read(text, false), Reading::Absent, "unasked: {text}");
    }
    assert_eq!(
        number.read("滿1000免運嗎", true),
        Reading::Absent,
        "a question is none"
    );
}

#[test]
fn a_pattern_that_is_none_is_refused_in_words() {
    let error = Number::new("[A-Z", 40, Not::default()).unwrap_err();
    assert!(error.contains("unclosed"), "{error}");
}

fn reason() -> Free {
    let topic = [
        "退貨",
        "換貨",
        "退換貨",
        "退款",
        "退錢",
        "退費",
        "退",
        "換",
        "return",
        "refund",
        "exchange",
    ];
    let signs = [
        "不合",
        "太",
        "差",
        "破",
        "壞",
        "瑕疵",
        "錯",
        "少",
        "不喜歡",
        "不想要",
        "不適合",
        "裂",
        "髒",
        "味道",
        "掉",
        "過敏",
        "不能",
        "無法",
        "不一樣",
        "不符",
        "broken",
        "wrong",
        "too",
        "damaged",
    ];
    Free::new(&topic, &signs, 2, 300)
}

#[test]
fn a_reason_is_taken_from_opening_words_only_when_it_is_one() {
    let reason = reason();
    for (text, value) in [
        ("我要退貨 顏色跟圖片差太多", "顏色跟圖片差太多"),
        ("你好，我想退貨，尺寸太小了", "尺寸太小了"),
        ("衣服有破洞我要換貨", "衣服有破洞"),
        ("我要退貨因為顏色不對", "顏色不對"),
        ("訂單A1002003要退貨 收到的是壞的", "收到的是壞的"),
        ("TW20260101005 寄錯款式 想換", "寄錯款式"),
        ("I want to return it, wrong size", "wrong size"),
        // No list of signs is complete.
        ("鞋底開膠 我想退貨", "鞋底開膠"),
    ] {
        assert_eq!(reason.read(text, false), found(value), "{text}");
    }
    for text in [
        "我要退貨",
        "想申請退換貨",
        "你好 請問可以退嗎",
        "我要退上禮拜買的外套",
        "我要退貨 訂單C1002003",
        "退貨流程是什麼？",
        "我要退貨 要怎麼寄給你們",
        "我要退貨 麻煩幫我處理一下",
        "不好意思我想退款 謝謝",
        "C1002003",
        "",
    ] {
        assert_eq!(reason.read(text, false), Reading::Absent, "{text}");
    }
}

#[test]
fn a_reason_that_was_asked_for_is_what_is_said() {
    let reason = reason();
    for text in [
        "就是不喜歡",
        "買太多",
        "尺寸不合，想換大一號",
        "收到時盒子已經壓扁",
        "顏色",
    ] {
        assert_eq!(reason.read(text, true), found(text), "{text}");
    }
    for text in [
        "等一下",
        "不知道",
        "我找找",
        "取消",
        "好",
        "👍",
        "真人",
        "我要退貨",
        "123456",
    ] {
        assert_eq!(reason.read(text, true), Reading::Absent, "{text}");
    }
}

#[test]
fn yes_and_no_are_told_apart() {
    let choice = Choice::yes_no();
    for text in [
        "好",
        "是的",
        "對",
        "確認",
        "OK",
        "確定取消",
        "嗯",
        "好的 麻煩了",
        "沒錯",
    ] {
        assert_eq!(choice.read(text, true), found("yes"), "{text}");
    }
    for text in [
        "不要",
        "不好",
        "不對",
        "不是",
        "先不要",
        "no",
        "不用了",
        "不要取消",
        "不取消了",
    ] {
        assert_eq!(choice.read(text, true), found("no"), "{text}");
    }
    for text in [
        "可以嗎？",
        "好不好",
        "運費多少",
        "note",
        "",
        "幫我看一下訂單到哪裡了然後再決定好不好我想想看再說",
    ] {
        assert_eq!(choice.read(text, true), Reading::Absent, "{text}");
    }
    assert_eq!(choice.read("好", false), Reading::Absent, "nobody asked");
}

#[test]
fn a_word_has_one_value() {
    let option = |value: &str, word: &str| (value.into(), vec![word.to_owned()]);
    let error = Choice::new(vec![option("a", "宅配"), option("b", "宅 配")]).unwrap_err();
    assert_eq!(error, "宅 配");
    let choice = Choice::new(vec![option("宅配", "寄到家"), option("超商", "7-11")]).unwrap();
    assert_eq!(choice.read("寄到家好了", true), found("宅配"));
    assert_eq!(choice.read("超商取貨", true), found("超商"));
    assert_eq!(choice.read("我要寄到家", false), found("宅配"));
}

#[test]
fn forms_of_taiwan_are_read() {
    for (text, value) in [
        ("0912-345-678", "0912345678"),
        ("打給我 ０９１２３４５６７８", "0912345678"),
        ("+886 912 345 678", "0912345678"),
        ("(02) 5555-0188", "0255550188"),
    ] {
        assert_eq!(Reader::Phone.read(text, true), found(value), "{text}");
    }
    assert_eq!(Reader::Phone.read("1234567", true), Reading::Unfit);
    assert_eq!(Reader::Phone.read("沒有電話", true), Reading::Absent);

    assert_eq!(
        Reader::Email.read("我的信箱 Amy.W@Example.COM 謝謝", true),
        found("Amy.W@example.com")
    );
    assert_eq!(Reader::Email.read("amy@", true), Reading::Unfit);

    for (text, value) in [
        ("2026/5/6", "2026-05-06"),
        ("民國115年5月6日", "2026-05-06"),
        ("5月6號", "05-06"),
        ("20260506", "2026-05-06"),
    ] {
        assert_eq!(Reader::Date.read(text, true), found(value), "{text}");
    }
    assert_eq!(Reader::Date.read("13/45", true), Reading::Unfit);

    for (text, value) in [
        ("台北市大安區和平東路一段1號", "台北市大安區和平東路一段1號"),
        (
            "請改寄到 新北市板橋區文化路二段182巷3弄5號6樓",
            "新北市板橋區文化路二段182巷3弄5號6樓",
        ),
        (
            "地址改成高雄市前鎮區中山二路2號之1，謝謝",
            "高雄市前鎮區中山二路2號之1",
        ),
        ("7-11 大安門市", "7-11 大安門市"),
    ] {
        assert_eq!(Reader::Address.read(text, true), found(value), "{text}");
        assert_eq!(
            Reader::Address.read(text, false),
            found(value),
            "unasked: {text}"
        );
    }
    assert_eq!(Reader::Address.read("改到台北市", true), Reading::Unfit);
    assert_eq!(Reader::Address.read("運費多少", true), Reading::Absent);
    assert_eq!(
        Reader::Address.read("你們門市地址在哪", true),
        Reading::Absent
    );
    assert_eq!(Reader::Address.read("和平東路", false), Reading::Absent);
}

#[test]
fn no_more_of_a_text_is_looked_at_than_a_value_has() {
    // One character of these becomes eighteen.
    assert_eq!(plain(&"\u{fdfa}".repeat(500)).chars().count(), MAX_CHARS);
    let padded = format!("886{}912345678", "0".repeat(20));
    assert_eq!(Reader::Phone.read(&padded, true), Reading::Unfit);
    let far = format!("{}0912345678", "1-".repeat(60));
    assert_eq!(Reader::Phone.read(&far, true), found("0912345678"));
    let number = Number::new("[0-9]{6,300}", 300, Not::default()).unwrap();
    let Reading::Found(value) = number.read(&"7-".repeat(200), true) else {
        panic!("digits are taken");
    };
    assert!(value.len() < 50, "{value}");
    let long = "7".repeat(280);
    assert_eq!(number.read(&long, true), found(&long), "a run stays whole");
}

mod laws {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_text_makes_a_reader_panic(text in any::<String>(), asked in any::<bool>()) {
            for reader in [
                Reader::Number(number()),
                Reader::Choice(Choice::yes_no()),
                Reader::Text(reason()),
                Reader::Phone,
                Reader::Email,
                Reader::Date,
                Reader::Address,
            ] {
                if let Reading::Found(value) = reader.read(&text, asked) {
                    prop_assert!(!value.is_empty());
                    prop_assert!(value.encode_utf16().count() <= 300);
                }
            }
        }

        #[test]
        fn a_mobile_number_is_never_an_order_number(
            digits in "[0-9]{8}", sign in "[ -]?", before in "(我的電話|手機:)?",
        ) {
            let text = format!("{before}09{}{sign}{}", &digits[..2], &digits[2..]);
            prop_assert!(!matches!(number().read(&text, true), Reading::Found(_)), "{}", text);
        }

        #[test]
        fn a_number_survives_signs_and_width(
            prefix in "[A-Z]{2,4}", digits in "[1-9][0-9]{7,11}", sign in "[-_]?",
        ) {
            let text = format!("訂單{prefix}{sign}{digits}，謝謝");
            let wide: String = text
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { char::from_u32(c as u32 + 0xfee0).unwrap() } else { c })
                .collect();
            let value = format!("{prefix}{digits}");
            prop_assert_eq!(number().read(&text, true), found(&value));
            prop_assert_eq!(number().read(&wide, false), found(&value));
        }
    }
}
