//! Yes or no to a question that may change something in another system.
//!
//! Law: a doubt confirms nothing. A short word is a yes only where the whole text is that word and what
//! people put around it; 要 in 要想一下 is none. A question, a stall or a no beside it takes a yes back.
//! A no is taken more lightly, since nothing is done then: the words may go on behind it.

use crate::automation::fold::{Folded, fold};
use std::sync::LazyLock;

/// Longest answer that is looked at, in folded characters; a longer text is about something else.
const SHORT: usize = 24;

/// Han words up to this many characters are part of other words: 好 of 好貴.
const WHOLE: usize = 2;

/// The words for yes.
const YES: &str = "是 是的 對 對的 沒錯 沒有錯 正確 好 好的 好吧 好喔 好啊 行 行吧 可以 可以了 確認 確定 確認了 \
                   確定了 確認取消 確定取消 確認修改 確定修改 要 嗯 嗯嗯 恩 沒問題 沒有問題 就這樣 同意 麻煩了 \
                   はい ok okay yes y yeah yep sure confirm correct";

/// The words for no, and what looks like yes and is none.
const NO: &str = "不 不是 不對 不好 不要 不行 不可以 不確定 不用 不用了 不要了 不正確 不同意 先不要 不要取消 先不用 \
                  別 否 錯 錯了 沒有 沒有了 不是的 取消不要 等等不要 保留 不改 不改了 不取消 不取消了 不想取消 不必 \
                  いいえ no nope n not nah wrong";

/// Words around a yes or no that change nothing about it. `+` stands for a blank.
const FILLERS: &str = "的 喔 啊 呀 啦 囉 咧 唷 喲 耶 欸 哈 滴 噠 der 我 那 請 謝謝 謝謝你 謝啦 多謝 感謝 感恩 拜託 \
                       麻煩你 麻煩你了 麻煩幫我 不好意思 對不起 你好 知道了 hi hello thx thanks thank+you please \
                       it is it+is that+is thats the i do";

/// What is to be done: changes nothing behind a clear yes, and is something else without one.
const DEEDS: &str = "幫我 取消 修改 更改 更新 訂單 這筆 這張 送出 處理 辦理 cancel cancel+it go+ahead order change \
                     right";

/// Yeses that a deed may follow: 可以取消 and 要取消 may be questions or other wishes.
const LEADS: &str =
    "是 是的 對 對的 沒錯 正確 好 好的 好喔 好啊 確認 確定 嗯 嗯嗯 ok okay yes yeah yep sure";

/// Words of questions, stalls and conditions: nothing is confirmed beside them.
const DOUBTS: &str = "什麼 甚麼 為什麼 為何 幹嘛 啥 多久 多少 誰 怎麼 怎樣 如何 哪 何時 幾 嗎 呢 要是 如果 萬一 除非 但 \
                      不過 可是 然後呢 想一下 想想 考慮 問一下 問問 再說 再看 再想 等一下 等等 等下 等我 稍等 晚點 \
                      找找 我找 我看 不知道 不清楚 不錯 別的 好像 是喔 對喔 還沒 先別 要確認 要確定 再確認 再確定 \
                      真的假的 沒 未 勿 what why how who when which where but wait maybe think if are+you";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Yes { leads: bool },
    No,
    Filler,
    Deed,
    Doubt,
}

/// A word of the lists, folded.
#[derive(Debug)]
struct Word {
    text: String,
    kind: Kind,
    /// Whether it says something only where nothing else is said.
    whole: bool,
}

/// The lists, the longest words first.
static WORDS: LazyLock<Vec<Word>> = LazyLock::new(|| {
    let folded = |list: &'static str| list.split_whitespace().map(fold);
    let leads: Vec<String> = folded(LEADS).collect();
    let trouble = fold("麻煩了");
    let mut words = Vec::new();
    let mut take = |text: String, kind| {
        // 太麻煩了 is no thanks.
        let whole = text.is_ascii() || text.chars().count() <= WHOLE || text == trouble;
        words.push(Word { text, kind, whole });
    };
    for text in folded(YES) {
        let leads = leads.contains(&text);
        take(text, Kind::Yes { leads });
    }
    let lists = [
        (NO, Kind::No),
        (FILLERS, Kind::Filler),
        (DEEDS, Kind::Deed),
        (DOUBTS, Kind::Doubt),
    ];
    for (list, kind) in lists {
        folded(list).for_each(|text| take(text, kind));
    }
    // "no thanks" would begin with "not".
    for text in ["no thanks", "no thank you", "no thx"] {
        take(fold(text), Kind::No);
    }
    words.sort_by_key(|word| std::cmp::Reverse(word.text.len()));
    words
});

/// The words for yes and for no, as written.
pub(super) fn words() -> [Vec<String>; 2] {
    [YES, NO].map(|list| list.split_whitespace().map(str::to_owned).collect())
}

/// Yes or no; `None`: the text is neither, or not clearly.
pub(super) fn read(text: &str) -> Option<bool> {
    let mut folded = Folded::default();
    folded.fill(text);
    let length = folded.text().chars().count();
    if length == 0 || length > SHORT || text.contains(['?', '？']) {
        return None;
    }
    let said = Said::of(&folded);
    match (said.yes, said.no) {
        _ if said.doubts => None,
        (true, false) if !said.any_no => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

/// What stands in a text.
#[derive(Default)]
struct Said {
    yes: bool,
    no: bool,
    /// A word for no stands in it, whether or not it counts.
    any_no: bool,
    doubts: bool,
}

impl Said {
    fn of(folded: &Folded) -> Said {
        let text = folded.text();
        let mut said = Said::default();
        let mut short_yes = false;
        let mut short_no: Option<usize> = None;
        let mut leads = false;
        // Where the first clause ends that holds nothing else; where the first other thing stands.
        let (mut clause, mut other) = (0, None);
        let mut at = 0;
        while at < text.len() {
            if folded.is_gap(at) && other.is_none() {
                clause = at;
            }
            let Some(word) = longest(folded, at) else {
                other = other.or(Some(at));
                at += text[at..].chars().next().map_or(1, char::len_utf8);
                continue;
            };
            let end = at + word.text.len();
            match word.kind {
                Kind::Yes { leads: lead } => {
                    leads |= lead && other.is_none();
                    short_yes |= word.whole;
                    said.yes |= !word.whole;
                }
                Kind::No => {
                    said.any_no = true;
                    short_no = short_no.or(word.whole.then_some(end));
                    said.no |= !word.whole;
                }
                Kind::Doubt => said.doubts = true,
                Kind::Deed if !leads => other = other.or(Some(at)),
                Kind::Deed | Kind::Filler => {}
            }
            at = end;
        }
        if other.is_none() {
            clause = text.len();
        }
        said.yes |= short_yes && other.is_none();
        said.no |= short_no.is_some_and(|end| end <= clause);
        said
    }
}

/// The longest word of the lists that begins here and cuts no other.
fn longest(folded: &Folded, at: usize) -> Option<&'static Word> {
    let rest = &folded.text()[at..];
    let fits =
        |word: &&Word| rest.starts_with(&word.text) && folded.is_boundary(at + word.text.len());
    if !folded.is_boundary(at) {
        return None;
    }
    WORDS.iter().find(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doubt_confirms_nothing() {
        for text in [
            "要想一下",
            "要問一下家人",
            "是什麼意思",
            "要多久退款",
            "要等多久",
            "為什麼要確認",
            "好貴",
            "好像怪怪的",
            "可以等等再說",
            "是誰",
            "好煩",
            "太麻煩了",
            "好麻煩",
            "對了",
            "好了",
            "你好",
            "要取消",
            "可以取消",
            "我要確認",
            "要是可以",
            "是喔",
            "好嗎 謝謝",
            "可以? 謝謝",
            "沒問題 但是要多久",
            "我還沒確定取消",
            "不好說 沒問題",
            "好不好",
            "是不是",
            "are you sure",
            "yes but why",
            "not sure",
            "okayish",
        ] {
            assert_ne!(read(text), Some(true), "{text}");
        }
    }

    #[test]
    fn a_plain_yes_is_one_whatever_stands_around_it() {
        for text in [
            "是的",
            "好喔",
            "對啊",
            "好的 麻煩了",
            "好ㄉ",
            "嗯嗯 好",
            "OK 知道了",
            "我確定",
            "要",
            "可以喔謝謝",
            "好，幫我取消",
            "是的我要取消訂單",
            "確定要取消",
            "確認修改謝謝你們",
            "沒有錯",
            "好吧",
            "yes please",
            "Yes, cancel it",
            "OK thanks",
            "that's correct",
        ] {
            assert_eq!(read(text), Some(true), "{text}");
        }
    }

    #[test]
    fn a_no_needs_less_than_a_yes() {
        for text in [
            "不要，我自己處理",
            "不對 號碼錯了",
            "不用了謝謝",
            "還是先不要好了",
            "不要啦",
            "不好意思 不要",
            "no thanks",
            "No, thank you",
        ] {
            assert_eq!(read(text), Some(false), "{text}");
        }
        for text in ["不好意思", "不知道", "不要太久", "沒有要投訴", "不錯"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
