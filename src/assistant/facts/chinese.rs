//! Numbers written in Chinese.

/// Units after a Chinese numeral that make it a claim: 七天, 兩個月; not 一起, 萬一.
const UNITS: [&str; 26] = [
    "個工作天",
    "个工作天",
    "個工作日",
    "个工作日",
    "工作天",
    "工作日",
    "個小時",
    "个小时",
    "小時",
    "小时",
    "分鐘",
    "分钟",
    "個月",
    "个月",
    "天",
    "日",
    "元",
    "塊",
    "块",
    "月",
    "年",
    "週",
    "周",
    "折",
    "成",
    "倍",
];
/// Values of Chinese numerals; `claims`: only those above one with a unit behind them.
pub(super) fn chinese(text: &str, claims: bool) -> Vec<String> {
    let mut values = Vec::new();
    let mut rest = text;
    while let Some(begin) = rest.find(is_numeral) {
        rest = &rest[begin..];
        let end = rest
            .find(|letter| !is_numeral(letter))
            .unwrap_or(rest.len());
        let (numeral, after) = rest.split_at(end);
        let has_unit = UNITS.iter().any(|unit| after.starts_with(unit));
        if let Some(value) = value(numeral)
            && (!claims || has_unit && value > 1)
        {
            values.push(value.to_string());
        }
        rest = after;
    }
    values
}

fn is_numeral(letter: char) -> bool {
    figure(letter).is_some() || scale(letter).is_some()
}

fn figure(letter: char) -> Option<u64> {
    Some(match letter {
        '零' | '〇' => 0,
        '一' => 1,
        '二' | '兩' | '两' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return None,
    })
}

fn scale(letter: char) -> Option<u64> {
    Some(match letter {
        '十' => 10,
        '百' => 100,
        '千' => 1_000,
        '萬' | '万' => 10_000,
        _ => return None,
    })
}

/// 二十五 is 25, 一萬兩千 is 12000, 二〇二六 is 2026; `None` beyond reason.
fn value(numeral: &str) -> Option<u64> {
    if numeral.chars().count() > 9 {
        return None;
    }
    if numeral.chars().all(|letter| figure(letter).is_some()) {
        let figures = numeral.chars().filter_map(figure);
        return Some(figures.fold(0, |sum, figure| sum * 10 + figure)); // at most nine figures
    }
    let (mut sum, mut part, mut last) = (0_u64, 0, None);
    for letter in numeral.chars() {
        match (figure(letter), scale(letter)) {
            (Some(figure), _) => last = Some(figure),
            (None, Some(10_000)) => {
                let many = (sum + part + last.take().unwrap_or(0)).max(1);
                sum = many.checked_mul(10_000)?; // 萬萬萬萬萬
                part = 0;
            }
            (None, Some(scale)) => part += last.take().unwrap_or(1) * scale,
            (None, None) => return None,
        }
    }
    sum.checked_add(part + last.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_numerals_are_read() {
        for (text, expected) in [
            ("十", 10),
            ("十五", 15),
            ("二十五", 25),
            ("一百零五", 105),
            ("一萬兩千", 12_000),
            ("二〇二六", 2_026),
            ("萬", 10_000),
        ] {
            assert_eq!(value(text), Some(expected), "{text}");
        }
        assert_eq!(value("九九九九九九九九九九"), None);
    }

    #[test]
    fn a_number_beyond_reason_is_none_and_harms_nobody() {
        for text in ["萬萬萬萬萬", "萬萬萬萬萬萬萬萬萬", "九千萬萬萬萬九千"] {
            assert_eq!(value(text), None, "{text}");
        }
        assert!(chinese("萬萬萬萬萬元", true).is_empty());
    }
}
