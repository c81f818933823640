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
fn letters_and_numerals_that_touch_a_number_do_not_show_it() {
    for (text, expected) in [
        ("0912345678Amy", "[電話1]Amy"),
        ("手機0912345678Wang", "手機[電話1]Wang"),
        ("my number is0912345678", "my number is[電話1]"),
        ("ID0912345678", "ID[電話1]"),
        ("Amy0912345678", "Amy[電話1]"),
        ("打0912345678一下", "打[電話1]一下"),
        ("電話0912345678五點後打", "電話[電話1]五點後打"),
        ("0912345678三點後聯絡我", "[電話1]三點後聯絡我"),
        ("+886912345678三點後", "[電話1]三點後"),
        ("0912-345-678三點後", "[電話1]三點後"),
        ("是一0912345678", "是一[電話1]"),
        ("零九一二三四五六七八5點後", "[電話1]5點後"),
        ("卡號4111111111111111一張", "卡號[卡號1]一張"),
        ("VISA4111111111111111", "VISA[卡號1]"),
        ("A123456789B", "[證號1]B"),
        ("我的idA123456789五點", "我的id[證號1]五點"),
        ("IDA123456789", "ID[證號1]"),
        // One number in two writings is still one.
        ("電話09一二345六78", "電話[電話1]"),
        ("電話091234五678", "電話[電話1]"),
    ] {
        assert_eq!(hidden(text), expected, "{text}");
    }
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
        "TWA123456789",
        "A1234567890",
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
fn an_address_without_its_last_letter_is_hidden_too() {
    for (text, expected) in [
        ("寄到高雄市三民區九如一路720 5樓", "寄到[地址1]"),
        ("台北市信義路五段七之1", "[地址1]"),
        ("寄台北市信義區信義路五段 7，謝謝", "寄[地址1]，謝謝"),
        ("板橋區文化路一段188巷5弄3 2F", "[地址1]"),
        ("台中市西屯區台灣大道三段99", "[地址1]"),
    ] {
        assert_eq!(hidden(text), expected, "{text}");
    }
    for text in [
        "台北市信義路五段有門市嗎",
        "台北市信義路 3 點見",
        "台中市網路5折嗎",
        "高雄市的網路 1000 元免運嗎",
        "台北市知道 3 個",
        "中山路 3",
        "台北市信義路",
        "路",
    ] {
        assert_eq!(hidden(text), text);
    }
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
        "台北市路5",
        "街 ",
        "市路一",
    ] {
        let mut mask = Mask::new();
        let hidden = mask.hide(text);
        assert_eq!(mask.restore(&hidden), text);
    }
}
