use super::*;

fn hidden(text: &str) -> String {
    Mask::new().hide(text)
}

#[test]
fn phone_numbers_are_hidden_however_they_are_typed() {
    for number in [
        "0912345678",
        "0912-345-678",
        "0912 345 678",
        "０９１２３４５６７８",
        "0 9 1 2 3 4 5 6 7 8",
        "零九一二三四五六七八",
        "〇九一二 三四五 六七八",
        "09一二345六78",
        "+886912345678",
        "+886 912 345 678",
        "886-912-345-678",
        "(02)2345-6789",
        "02-2345-6789",
        "0️⃣9️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8️⃣",
        "0800-123-456",
    ] {
        let text = format!("請打給我 {number}，謝謝");
        assert_eq!(hidden(&text), "請打給我 [電話1]，謝謝", "{number}");
    }
    assert_eq!(hidden("我的電話23456789"), "我的電話[電話1]");
}

#[test]
fn order_numbers_dates_and_prices_stay() {
    for text in [
        "訂單 TW20260101005 到哪了",
        "訂單A7654321",
        "20260101005",
        "2026-05-06 14:20",
        "5/6 前要到，共 1,280 元",
        "滿 1000 免運嗎",
        "7號電池有嗎",
        "我是 5 號訂的",
        "二十號到貨",
        "星期三五六有開嗎",
        "TW0912345678",
        "@shop 你好",
    ] {
        assert_eq!(hidden(text), text);
    }
}

#[test]
fn mail_card_and_id_numbers_are_hidden() {
    for (text, expected) in [
        ("寄到 a.b+c@mail.example.com。", "寄到 [信箱1]。"),
        ("ａｂｃ＠ｅｘａｍｐｌｅ．ｃｏｍ", "[信箱1]"),
        ("abc @gmail.com", "[信箱1]"),
        ("卡 4111 1111 1111 1111 刷的", "卡 [卡號1] 刷的"),
        ("4111-1111-1111-1111", "[卡號1]"),
        ("四一一一一一一一一一一一一一一一", "[卡號1]"),
        ("帳號 123456789012", "帳號 [卡號1]"),
        ("身分證A123456789", "身分證[證號1]"),
        ("a 123 456 789", "[證號1]"),
        ("居留證 AC01234567", "居留證 [證號1]"),
        ("居留證A800000014", "居留證[證號1]"),
    ] {
        assert_eq!(hidden(text), expected);
    }
    // Its check digit is wrong.
    assert_eq!(hidden("4111111111111112"), "4111111111111112");
}

#[test]
fn street_addresses_are_hidden() {
    for (text, expected) in [
        ("寄到台北市信義區信義路五段7號", "寄到[地址1]"),
        (
            "我住110台北市信義區信義路五段7號89樓之1，謝謝",
            "我住[地址1]，謝謝",
        ),
        ("地址：高雄市 三民區 九如一路 ７２０ 號 5F", "地址：[地址1]"),
        ("花蓮縣花蓮市中正路一百二十號", "[地址1]"),
        ("No. 7, Sec. 5, Xinyi Rd., Taipei", "No. [地址1]., Taipei"),
    ] {
        assert_eq!(hidden(text), expected);
    }
    assert!(!hidden("改寄中山路123巷4弄5號3樓").contains("中山路"));
}

#[test]
fn the_same_thing_has_the_same_placeholder_and_comes_back_as_typed() {
    let mut mask = Mask::new();
    assert_eq!(mask.hide("我是0912-345-678"), "我是[電話1]");
    assert_eq!(
        mask.hide("０９１２３４５６７８ 或 0987654321 或 x@y.tw"),
        "[電話1] 或 [電話2] 或 [信箱1]"
    );
    assert_eq!(
        mask.restore("會打 [電話1] 或【電話2】，信寄 [信箱1]、[地址1]"),
        "會打 0912-345-678 或0987654321，信寄 x@y.tw、[地址1]"
    );
    assert!(has_placeholder("打 [電話9]"));
    assert!(!has_placeholder("[電話] [注意1]"));
}

#[test]
fn any_text_can_be_hidden_and_restored() {
    for text in [
        "",
        "@",
        "號",
        "+",
        "1號",
        " 號",
        "路1號",
        "a@",
        "@b.c",
        "０",
        "A",
        "𝟎𝟗𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖",
        "st 5 st",
    ] {
        let mut mask = Mask::new();
        let hidden = mask.hide(text);
        assert_eq!(mask.restore(&hidden), text);
    }
}
