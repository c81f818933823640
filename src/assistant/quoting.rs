//! An article as an answer, and the line that says what an answer stands on.

use super::language::Language;
use crate::domain::playbook::cut;
use crate::domain::verdict::{By, Draft};
use crate::ports::knowledge::{Article, Found};
use std::sync::Arc;

/// The most one text message holds, in UTF-16 units (LINE Messaging API reference, "Text message").
const LONGEST: usize = 5_000;
/// An article that is not surely right is at most this likely: more likely than not it is another one.
const UNSURE: u8 = 49;
/// What is drafted when no article fits: never empty, so that whoever sends drafts of no confidence at all
/// sends words.
const NOTHING: &str = "很抱歉，這個問題我目前查不到資料。";

/// An article that is surely right, as it stands.
pub(super) fn quote(found: &Found) -> Draft {
    drafted(found, percent(found.share))
}

/// The best of several, or nothing: for a person to decide.
pub(super) fn unsure(found: Option<&Found>) -> Draft {
    match found {
        Some(found) => drafted(found, percent(found.share).min(UNSURE)),
        None => Draft {
            text: NOTHING.into(),
            confidence: 0,
            by: By::Knowledge,
            sources: Box::default(),
            needs_human: false,
        },
    }
}

fn drafted(found: &Found, confidence: u8) -> Draft {
    let article = &found.article;
    // Its customers asked in the language of the article, or must be content with it.
    let text = cited(&article.body, &[article], Language::Traditional);
    Draft {
        text: text.into(),
        confidence,
        by: By::Knowledge,
        sources: [article.id.clone()].into(),
        needs_human: false,
    }
}

fn percent(share: f32) -> u8 {
    (share.clamp(0.0, 1.0) * 100.0).round() as u8
}

/// The words with the titles they stand on behind them, cut to what one message holds.
pub(super) fn cited(words: &str, articles: &[&Arc<Article>], language: Language) -> String {
    let mut line = String::new();
    for article in articles {
        line.push_str(match line.is_empty() {
            true => language.cites(),
            false => language.joins(),
        });
        line.push_str(&article.title);
    }
    let units = |text: &str| text.chars().map(char::len_utf16).sum::<usize>();
    let words = words.trim();
    if line.is_empty() {
        return cut(words, LONGEST).to_owned();
    }
    let room = LONGEST.saturating_sub(units(&line) + 2);
    format!("{}\n\n{line}", cut(words, room).trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article(title: &str, body: &str) -> Arc<Article> {
        Arc::new(Article {
            id: "fee".into(),
            title: title.into(),
            body: body.into(),
            tags: Box::default(),
            aliases: Box::default(),
        })
    }

    #[test]
    fn a_quotation_names_its_title_and_is_as_sure_as_its_share() {
        let found = Found {
            article: article("運費計算", "本島 100 元。"),
            score: 9.0,
            share: 0.87,
        };
        let draft = quote(&found);
        assert_eq!(&*draft.text, "本島 100 元。\n\n參考：運費計算");
        assert_eq!((draft.confidence, draft.by), (87, By::Knowledge));
        assert_eq!(unsure(Some(&found)).confidence, 49);
        let none = unsure(None);
        assert!(none.confidence == 0 && !none.text.is_empty());
    }

    #[test]
    fn what_is_too_long_is_cut_before_its_citation() {
        let long = "茶🍵".repeat(2_000);
        let text = cited(&long, &[&article("很長", "")], Language::English);
        assert!((4_998..=5_000).contains(&text.encode_utf16().count()));
        assert!(text.ends_with("\n\nSource: 很長"));
        assert_eq!(
            cited(&long, &[], Language::English).encode_utf16().count(),
            4_999
        );
    }
}
