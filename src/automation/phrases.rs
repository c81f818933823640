//! What the house itself says: `[phrases]`, with words of its own for each.
//!
//! The line for who waits carries the way back to the automation, the line for who must be patient the
//! button that fetches the answer: whoever writes these anew must keep the button.

use crate::automation::messages;
use crate::config::section::Section;
use crate::domain::playbook::{Answer, Bubble, Phrase, TAP_FOR_ANSWER, TAP_TO_LEAVE};
use crate::line_wire::message::bubble;
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// A phrase, its key, and the data one of its buttons must send.
const PHRASES: [(Phrase, &str, Option<&str>); 6] = [
    (Phrase::Waiting, "waiting", Some(TAP_TO_LEAVE)),
    (Phrase::Ticketed, "ticketed", Some(TAP_TO_LEAVE)),
    (Phrase::FlowGone, "flow_gone", None),
    (Phrase::Thinking, "thinking", Some(TAP_FOR_ANSWER)),
    (Phrase::Back, "back", None),
    (Phrase::Cancelled, "cancelled", None),
];

/// The phrases in force.
#[derive(Clone, Debug)]
pub struct Phrases([Answer; PHRASES.len()]);

impl Default for Phrases {
    /// The built-in words.
    fn default() -> Phrases {
        Phrases(PHRASES.map(|(phrase, key, _)| built_in(phrase, key)))
    }
}

impl Phrases {
    /// What is said.
    pub fn get(&self, phrase: Phrase) -> Option<&Answer> {
        let at = PHRASES.iter().position(|(known, _, _)| *known == phrase)?;
        self.0.get(at)
    }

    /// All of them, in the order of their keys in the documentation.
    pub fn iter(&self) -> impl Iterator<Item = &Answer> {
        self.0.iter()
    }
}

/// Reads `[phrases]`.
pub fn read(section: Section<'_>) -> Phrases {
    let mut phrases = Phrases::default();
    for ((_, key, button), phrase) in PHRASES.into_iter().zip(&mut phrases.0) {
        let Some(answer) = messages::answer(&section, key, &format!("phrase:{key}")) else {
            continue;
        };
        if let Some(data) = button
            && !answer.bubbles.iter().any(|bubble| sends(bubble, data))
        {
            let found = format!("no button with the data {data:?}");
            section.fault(key, &found, "a button or quick reply that sends it");
        }
        *phrase = answer;
    }
    section.finish();
    phrases
}

/// Whether a button of the message sends this data.
fn sends(bubble: &Bubble, data: &str) -> bool {
    let said = format!("\"data\":\"{data}\"");
    let quick = bubble.quick_reply().unwrap_or_default();
    bubble.json().contains(&said) || quick.contains(&said)
}

fn built_in(phrase: Phrase, key: &str) -> Answer {
    let text = |text: &str| json!({ "type": "text", "text": text });
    let tap = |label: &str, data: &str| json!({ "type": "postback", "label": label, "data": data, "displayText": label });
    let with_way_back = |words: &str| {
        let mut message = text(words);
        message["quickReply"] = json!({ "items": [
            { "type": "action", "action": tap("返回自助服務", TAP_TO_LEAVE) },
        ]});
        message
    };
    let (gist, message): (&str, Json) = match phrase {
        Phrase::Waiting => {
            let words = "正在為您轉接專人客服，請稍候。\n等待時可以先把問題或訂單編號留在這裡。";
            (words, with_way_back(words))
        }
        Phrase::Ticketed => {
            let words = "現在不是客服時間，已為您留下紀錄，上班後會有專人回覆您。";
            (words, with_way_back(words))
        }
        Phrase::FlowGone => {
            let words = "不好意思，剛才的服務流程已經更新，請重新開始一次。";
            (words, text(words))
        }
        Phrase::Thinking => {
            let words = "這個問題需要多查一下資料，準備好後點下方按鈕就能看到答案。";
            let message = json!({ "type": "template", "altText": words, "template": {
                "type": "buttons", "text": words,
                "actions": [tap("點此取得答案", TAP_FOR_ANSWER)],
            }});
            (words, message)
        }
        Phrase::Back => {
            let words = "已回到自助服務，有什麼可以幫您？";
            (words, text(words))
        }
        Phrase::Cancelled => {
            let words = "好的，已為您取消。還需要什麼服務再告訴我。";
            (words, text(words))
        }
    };
    let bubble = bubble(message).expect("built-in words are within LINE's limits");
    Answer {
        rule: Arc::from(format!("phrase:{key}")),
        bubbles: Arc::from([bubble]),
        gist: Arc::from(gist),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::document::Document;
    use crate::config::fault::Findings;

    fn phrases(text: &str) -> (Phrases, Vec<String>) {
        let findings = Findings::default();
        let document = Document::parse("phrases.toml", text, &|_| None, &findings);
        let phrases = read(Section::root(&document, &findings).section("phrases"));
        let (Ok(all) | Err(all)) = findings.verdict();
        (phrases, all.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn every_phrase_has_words_of_its_own_and_the_buttons_it_needs() {
        let phrases = Phrases::default();
        for (phrase, key, button) in PHRASES {
            let answer = phrases.get(phrase).unwrap();
            assert_eq!(*answer.rule, format!("phrase:{key}"));
            if let Some(data) = button {
                assert!(sends(&answer.bubbles[0], data), "{key}");
            }
        }
    }

    #[test]
    fn a_phrase_written_anew_keeps_its_button_or_is_refused() {
        let (read, faults) = phrases(
            "[phrases]\nback = [{ type = \"text\", text = \"hi\" }]\nwaiting = [{ type = \"text\", text = \"w\", \
             quick_replies = [{ label = \"back\", data = \"hotline:back\" }] }]\n",
        );
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(&*read.get(Phrase::Back).unwrap().gist, "hi");
        let (_, faults) = phrases("[phrases]\nthinking = [{ type = \"text\", text = \"w\" }]\n");
        assert!(
            faults[0].contains("phrases.toml:2: phrases.thinking: found no button"),
            "{faults:?}"
        );
    }
}
