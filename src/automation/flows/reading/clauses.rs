//! The clauses of a text, and what is left of one when the words are gone that carry nothing: greeting,
//! asking, the topic, the number.

use crate::automation::fold::{Folded, fold};
use std::ops::Range;

/// Words at the edges of a clause that say nothing about a matter.
const FILLERS: [&str; 96] = [
    "我要",
    "我想",
    "想要",
    "我想要",
    "想",
    "要",
    "我",
    "我們",
    "你們",
    "你",
    "妳",
    "您",
    "請問",
    "請",
    "幫我",
    "幫忙",
    "麻煩",
    "麻煩你",
    "麻煩您",
    "可以",
    "可不可以",
    "能不能",
    "能",
    "申請",
    "辦理",
    "辦",
    "處理",
    "查詢",
    "查",
    "問",
    "請教",
    "想問",
    "詢問",
    "這個",
    "那個",
    "這",
    "那",
    "這張",
    "這筆",
    "那筆",
    "這件",
    "那件",
    "我的",
    "商品",
    "東西",
    "訂單",
    "訂單編號",
    "訂單號碼",
    "單號",
    "編號",
    "號碼",
    "order",
    "number",
    "是",
    "的",
    "了",
    "啦",
    "喔",
    "唷",
    "呢",
    "啊",
    "呀",
    "吧",
    "耶",
    "哦",
    "欸",
    "嗨",
    "hi",
    "hello",
    "你好",
    "您好",
    "妳好",
    "哈囉",
    "不好意思",
    "抱歉",
    "拜託",
    "謝謝",
    "感謝",
    "一下",
    "這邊",
    "客服",
    "小編",
    "老闆",
    "嗎",
    "i",
    "want",
    "to",
    "would",
    "like",
    "please",
    "a",
    "an",
    "my",
    "it",
    "for",
    "有",
];

/// Words that lead to a cause.
pub(super) const CAUSES: [&str; 12] = [
    "因為",
    "因为",
    "由於",
    "由于",
    "原因是",
    "原因",
    "理由是",
    "because",
    "since",
    "the reason is",
    "主要是",
    "就是",
];

/// A clause of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clause<'t> {
    /// The words.
    pub(super) text: &'t str,
    /// It asks something.
    pub(super) is_question: bool,
}

/// The clauses of a text, by its signs, line ends and blanks between ideographs.
pub(super) fn clauses(text: &str) -> Vec<Clause<'_>> {
    let mut clauses = Vec::new();
    let mut start = 0;
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    for (i, (at, c)) in letters.iter().enumerate() {
        let near =
            |other: Option<&(usize, char)>| other.is_some_and(|(_, c)| c.is_ascii_alphanumeric());
        let parts = match c {
            '，' | '。' | '！' | '？' | '!' | '?' | '；' | ';' | '、' | '：' | ':' | '\n' | '~'
            | '～' | '…' => true,
            '.' | ',' => !near(letters.get(i + 1)),
            // A blank between words of an alphabet is inside a clause.
            c if c.is_whitespace() => {
                let before = i.checked_sub(1).and_then(|i| letters.get(i));
                !(near(before) && near(letters.get(i + 1)))
            }
            _ => false,
        };
        if parts {
            add(&mut clauses, &text[start..*at], matches!(c, '?' | '？'));
            start = at + c.len_utf8();
        }
    }
    add(&mut clauses, &text[start..], false);
    clauses
}

fn add<'t>(clauses: &mut Vec<Clause<'t>>, text: &'t str, has_mark: bool) {
    let text = text.trim();
    match clauses.last_mut() {
        // A mark after a blank or another sign still belongs to what it follows.
        _ if text.is_empty() => {
            if let (Some(last), true) = (clauses.last_mut(), has_mark) {
                last.is_question = true;
            }
        }
        _ => clauses.push(Clause {
            text,
            is_question: has_mark || asks(text),
        }),
    }
}

/// Whether words ask something, without a mark.
fn asks(text: &str) -> bool {
    const ENDS: [&str; 5] = ["嗎", "吗", "呢", "嘛", "咩"];
    const WORDS: [&str; 23] = [
        "怎麼",
        "怎么",
        "哪裡",
        "誰付",
        "如何",
        "多久",
        "幾天",
        "流程",
        "規定",
        "政策",
        "是什麼",
        "什麼時候",
        "可不可以",
        "能不能",
        "可以退",
        "可以換",
        "要不要錢",
        "多少錢",
        "運費誰",
        "how ",
        "what ",
        "can i",
        "which ",
    ];
    let lower = text.to_lowercase();
    ENDS.iter().any(|end| text.ends_with(end)) || WORDS.iter().any(|word| lower.contains(word))
}

/// Words that carry nothing here: the house's fillers and the topic of a slot, folded, longest first.
#[derive(Debug)]
pub(super) struct Empty {
    words: Vec<String>,
    topic: Vec<String>,
}

impl Empty {
    pub(super) fn new(topic: &[&str]) -> Empty {
        let mut topic: Vec<String> = topic.iter().map(|word| fold(word)).collect();
        let mut words: Vec<String> = FILLERS.iter().map(|word| fold(word)).collect();
        words.extend(topic.iter().cloned());
        for words in [&mut words, &mut topic] {
            words.retain(|word| !word.is_empty());
            words.sort_by(|a, b| (b.len(), a).cmp(&(a.len(), b)));
            words.dedup();
        }
        Empty { words, topic }
    }

    /// Whether the clause names the topic.
    pub(super) fn names_topic(&self, clause: &str) -> bool {
        let folded = fold(clause);
        self.topic.iter().any(|word| folded.contains(word.as_str()))
    }

    /// What is left of a clause between the empty words at its edges; `None` when nothing is.
    pub(super) fn rest<'t>(&self, clause: &'t str) -> Option<&'t str> {
        let mut folded = Folded::default();
        folded.fill(clause);
        let text = folded.text();
        let mut span: Range<usize> = 0..text.len();
        while let Some(length) = self.at_start(&text[span.clone()]) {
            span.start += length;
        }
        while let Some(length) = self.at_end(&text[span.clone()]) {
            span.end -= length;
        }
        let left = text[span.clone()].chars().count();
        (left >= 2).then(|| clause[folded.original(span, clause)].trim())
    }

    fn at_start(&self, text: &str) -> Option<usize> {
        let digits = text.bytes().take_while(u8::is_ascii_alphanumeric).count();
        if digits > 0 && text[..digits].bytes().filter(u8::is_ascii_digit).count() >= 4 {
            return Some(digits);
        }
        let word = self
            .words
            .iter()
            .find(|word| text.starts_with(word.as_str()));
        word.map(String::len).filter(|length| *length > 0)
    }

    fn at_end(&self, text: &str) -> Option<usize> {
        let digits = text
            .bytes()
            .rev()
            .take_while(u8::is_ascii_alphanumeric)
            .count();
        let tail = &text[text.len() - digits..];
        if digits > 0 && tail.bytes().filter(u8::is_ascii_digit).count() >= 4 {
            return Some(digits);
        }
        let word = self.words.iter().find(|word| text.ends_with(word.as_str()));
        word.map(String::len).filter(|length| *length > 0)
    }
}
