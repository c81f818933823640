//! In which language the customer is answered: the one of the question, seen from its letters alone.

use crate::domain::conversation::From;
use crate::ports::assistant::Said;

/// A language the assistant is told to answer in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Chinese in Traditional characters as in Taiwan.
    Traditional,
    /// Chinese in Simplified characters.
    Simplified,
    /// English.
    English,
    /// Japanese.
    Japanese,
}

/// Frequent characters that only Simplified has.
const SIMPLIFIED: &str = "们这为么说时还没买卖钱个货运费请问订单发贝电话号码对吗让给间题国际邮购标签颜价优惠\
                          换质检验证账户选择尺错误联系专员转换处况预约简单东车门见关开业务员应该习惯过进远边\
                          达经济动战书长几两岁乐爱听觉现实会员积点数据软总线级纪约细织绍终结绝统继续维";
/// Frequent characters that only Traditional has.
const TRADITIONAL: &str = "們這為麼說時還沒買賣錢個貨運費請問訂單發貝電話號碼對嗎讓給間題國際郵購標籤顏價優\
                           換質檢驗證帳戶選擇錯誤聯繫專員轉處況預約簡東車門見關開業務應該習慣過進遠邊達經濟動\
                           戰書長幾兩歲樂愛聽覺現實會積點數據軟總線級紀細織紹終結絕統繼續維";

/// Letters that are looked at.
const SEEN: usize = 500;

impl Language {
    /// The language of a question; where its letters do not tell (`ok`, `?`), that of what the customer said
    /// before; else Traditional Chinese.
    pub fn of(question: &str, history: &[Said]) -> Language {
        let before = history.iter().rev();
        let before = before.filter(|said| said.from == From::Customer);
        std::iter::once(question)
            .chain(before.map(|said| &*said.text))
            .find_map(seen)
            .unwrap_or(Language::Traditional)
    }

    /// As the prompt says it.
    pub fn name(self) -> &'static str {
        match self {
            Language::Traditional => "繁體中文（台灣用語）",
            Language::Simplified => "简体中文",
            Language::English => "English",
            Language::Japanese => "日本語",
        }
    }

    /// What stands before the titles of the articles an answer rests on.
    pub fn cites(self) -> &'static str {
        match self {
            Language::Traditional => "參考：",
            Language::Simplified => "参考：",
            Language::English => "Source: ",
            Language::Japanese => "参考：",
        }
    }

    /// What stands between two titles.
    pub fn joins(self) -> &'static str {
        match self {
            Language::English => ", ",
            _ => "、",
        }
    }
}

fn seen(text: &str) -> Option<Language> {
    let (mut han, mut kana, mut bopomofo, mut simplified, mut traditional) = (0, 0, 0, 0, 0);
    let (mut latin, mut words, mut in_word) = (0, 0, false);
    for letter in text.chars().take(SEEN) {
        match letter {
            '\u{3400}'..='\u{9fff}' => {
                han += 1;
                let (s, t) = (SIMPLIFIED.contains(letter), TRADITIONAL.contains(letter));
                simplified += u32::from(s && !t);
                traditional += u32::from(t && !s);
            }
            // の is written for 的 in Taiwan.
            '\u{306e}' => {}
            '\u{3041}'..='\u{30fa}' => kana += 1,
            '\u{3105}'..='\u{312f}' => bopomofo += 1,
            _ => {}
        }
        let is_latin = letter.is_ascii_alphabetic();
        latin += u32::from(is_latin);
        words += u32::from(is_latin && !in_word);
        in_word = is_latin;
    }
    if kana >= 2 && bopomofo == 0 {
        return Some(Language::Japanese);
    }
    if han + bopomofo > 0 && words <= 2 * (han + bopomofo) {
        return Some(match simplified > traditional {
            true => Language::Simplified,
            false => Language::Traditional,
        });
    }
    (words >= 2 || latin >= 8).then_some(Language::English)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letters_tell_the_language() {
        for (text, language) in [
            ("請問運費多少", Language::Traditional),
            ("請問shipping fee多少", Language::Traditional),
            ("ㄅ欠 運費多少", Language::Traditional),
            ("我の訂單", Language::Traditional),
            ("请问运费多少钱", Language::Simplified),
            ("How much is shipping?", Language::English),
            ("送料はいくらですか", Language::Japanese),
            ("???", Language::Traditional),
        ] {
            assert_eq!(Language::of(text, &[]), language, "{text}");
        }
    }

    #[test]
    fn what_does_not_tell_is_answered_as_before() {
        let said = |from, text: &str| Said {
            from,
            text: text.into(),
        };
        let history = [
            said(From::Customer, "Do you ship to Penghu?"),
            said(From::Bot, "請問您要寄到哪裡？"),
        ];
        assert_eq!(Language::of("ok", &history), Language::English);
        assert_eq!(Language::of("好", &history), Language::Traditional);
    }
}
