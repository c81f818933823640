//! What a merged parcel is made of, so that one answer can be taken out again.
//!
//! Merging joins bytes; the parts say where each answer ends and which message it answers. A build
//! that does not know parts keeps them unread: parts that do not add up to their parcel are none.

use super::parcel::{Parcel, Wait};
use super::wire::{Fault, Field, Writer};
use crate::domain::ids::Fingerprint;
use crate::domain::time::Millis;

/// One answer inside a merged parcel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    /// How many of the parcel's effects: one, unless an older build merged them.
    pub(super) effects: usize,
    /// How many of its message bytes, without the comma before the next part.
    pub(super) bytes: usize,
    pub(super) bubbles: u8,
    pub(super) quick_reply: Quick,
    pub(super) created: Millis,
    pub(super) expires: Millis,
    pub(super) origin: Option<Fingerprint>,
}

/// Whose quick replies a parcel shows, kept once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Quick {
    /// The part has none.
    #[default]
    None,
    /// The parcel's are this part's.
    Shown,
    /// A later part's are shown instead.
    Hidden(Box<str>),
}

impl Parcel {
    /// The parcel as the one part of a merge.
    pub(super) fn as_part(&self) -> Part {
        Part {
            effects: self.effects.len(),
            bytes: self.messages.len(),
            bubbles: self.bubbles,
            quick_reply: match self.quick_reply {
                Some(_) => Quick::Shown,
                None => Quick::None,
            },
            created: self.created,
            expires: self.expires,
            origin: self.origin,
        }
    }

    /// The answers it was merged from, in order; itself when it never was.
    pub(super) fn into_answers(mut self) -> Vec<Parcel> {
        if self.parts.is_empty() {
            return vec![self];
        }
        let parts = std::mem::take(&mut self.parts);
        let mut unknown = std::mem::take(&mut self.unknown);
        let mut shown = self.quick_reply.take();
        let (mut effects, mut messages) = (&self.effects[..], &*self.messages);
        let answers = parts.into_iter().map(|part| {
            let (own, later) = effects.split_at(part.effects);
            let (text, rest) = messages.split_at(part.bytes);
            effects = later;
            messages = rest.strip_prefix(',').unwrap_or(rest);
            Parcel {
                effects: own.to_vec(),
                messages: text.into(),
                bubbles: part.bubbles,
                quick_reply: match part.quick_reply {
                    Quick::None => None,
                    Quick::Shown => shown.take(),
                    Quick::Hidden(hidden) => Some(hidden),
                },
                created: part.created,
                expires: part.expires,
                origin: part.origin,
                // What was granted was the whole.
                wait: Wait::Fresh,
                parts: Vec::new(),
                unknown: std::mem::take(&mut unknown),
            }
        });
        answers.collect()
    }

    /// The parcel taken apart and merged again: itself, or its parts are not true.
    pub(super) fn remerged(&self) -> Option<Parcel> {
        let answers = self.clone().into_answers().into_iter();
        let mut merged = answers.reduce(|mut merged, answer| {
            merged.merge(answer);
            merged
        })?;
        merged.wait = self.wait;
        Some(merged)
    }

    /// Whether some answer in it is to this message.
    pub(super) fn answers(&self, mut is_origin: impl FnMut(Fingerprint) -> bool) -> bool {
        let parts = self.parts.iter().filter_map(|part| part.origin);
        self.origin.into_iter().chain(parts).any(&mut is_origin)
    }

    /// Bytes it takes: messages and quick replies, shown or not.
    pub(super) fn size(&self) -> usize {
        let hidden = self.parts.iter().map(|part| match &part.quick_reply {
            Quick::Hidden(hidden) => hidden.len(),
            Quick::None | Quick::Shown => 0,
        });
        self.messages.len()
            + self.quick_reply.as_ref().map_or(0, |q| q.len())
            + hidden.sum::<usize>()
    }

    /// Whether the parts are this parcel's: every effect, byte, bubble and quick reply, once.
    fn adds_up(&self) -> bool {
        let parts = &self.parts;
        let sum = |of: fn(&Part) -> usize| {
            parts
                .iter()
                .map(of)
                .try_fold(0, |sum: usize, part| sum.checked_add(part))
        };
        let shown = parts.iter().filter(|part| part.quick_reply == Quick::Shown);
        let mut at = 0usize;
        let commas = parts.iter().skip(1).zip(parts).all(|(_, before)| {
            at = at.saturating_add(before.bytes);
            let comma = self.messages.as_bytes().get(at) == Some(&b',');
            at = at.saturating_add(1);
            comma
        });
        sum(|part| part.effects) == Some(self.effects.len())
            && parts.iter().all(|part| part.effects > 0)
            && sum(|part| part.bytes).and_then(|sum| sum.checked_add(parts.len() - 1))
                == Some(self.messages.len())
            && sum(|part| usize::from(part.bubbles)) == Some(usize::from(self.bubbles))
            && shown.count() == usize::from(self.quick_reply.is_some())
            && commas
    }

    /// Takes parts as they were read; an older build may have merged more since.
    pub(super) fn adopt(&mut self, parts: Vec<Part>) {
        self.parts = parts;
        if self.parts.len() < 2 || !self.adds_up() {
            self.parts.clear();
        }
    }
}

/// Writes a part's fields. Tags are part of the stored form.
pub(super) fn encode(w: &mut Writer, part: &Part) {
    w.number(1, part.effects as u64);
    w.number(2, part.bytes as u64);
    w.number(3, u64::from(part.bubbles));
    match &part.quick_reply {
        Quick::None => {}
        Quick::Shown => w.flag(4, true),
        Quick::Hidden(hidden) => w.bytes(5, hidden.as_bytes()),
    }
    w.number(6, part.created.0);
    w.number(7, part.expires.0);
    if let Some(origin) = part.origin {
        w.bytes(8, &origin.0.to_le_bytes());
    }
}

/// Reads a part back.
pub(super) fn decode(field: Field<'_>) -> Result<Part, Fault> {
    let mut part = Part::default();
    let mut reader = field.reader();
    while !reader.is_empty() {
        let (tag, field) = reader.field()?;
        match tag {
            1 => part.effects = field.small()?,
            2 => part.bytes = field.small()?,
            3 => part.bubbles = field.small()?,
            4 if field.number()? != 0 => part.quick_reply = Quick::Shown,
            5 => part.quick_reply = Quick::Hidden(field.text()?),
            6 => part.created = Millis(field.number()?),
            7 => part.expires = Millis(field.number()?),
            8 => part.origin = Some(Fingerprint(field.reader().fixed64()?)),
            _ => {}
        }
    }
    Ok(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::playbook::Bubble;

    fn answer(effect: u32, quick_reply: Option<&str>) -> Parcel {
        let text = format!("{{\"type\":\"text\",\"text\":\"a,{effect}\"}}");
        let bubbles = [Bubble::checked(&text, quick_reply)];
        let origin = Some(Fingerprint(u64::from(effect)));
        Parcel::pack(effect, &bubbles, origin, Millis(1), Millis(2), |_| None)
    }

    #[test]
    fn what_was_merged_comes_apart_as_it_was() {
        let answers = [
            answer(1, Some("{1}")),
            answer(2, None),
            answer(3, Some("{3}")),
            answer(4, None),
        ];
        let mut merged = answers[0].clone();
        merged.merge(answers[1].clone());
        let mut followers = answers[2].clone();
        followers.merge(answers[3].clone());
        merged.merge(followers);
        assert_eq!(merged.quick_reply.as_deref(), Some("{3}"));
        assert_eq!(merged.remerged(), Some(merged.clone()));
        assert_eq!(merged.into_answers(), answers);
    }

    #[test]
    fn a_grant_is_for_the_whole_and_for_no_other() {
        let mut granted = answer(1, None);
        granted.merge(answer(2, None));
        granted.wait = Wait::Granted;
        assert_eq!(granted.remerged(), Some(granted.clone()));
        let mut answers = granted.clone().into_answers().into_iter();
        assert!(answers.all(|answer| answer.wait == Wait::Fresh));
        granted.merge(answer(3, None));
        assert_eq!(granted.wait, Wait::Fresh);
    }

    #[test]
    fn parts_that_do_not_add_up_are_none() {
        let mut merged = answer(1, None);
        merged.merge(answer(2, None));
        let parts = merged.parts.clone();
        // An older build merged one more and kept the parts as it found them.
        let mut older = merged.clone();
        older.merge(answer(3, None));
        older.adopt(parts.clone());
        assert!(older.parts.is_empty());
        let spoils: [fn(&mut Part); 5] = [
            |part| part.bytes += 1,
            |part| part.bytes = usize::MAX,
            |part| part.effects = 0,
            |part| part.bubbles = 3,
            |part| part.quick_reply = Quick::Shown,
        ];
        for spoil in spoils {
            let mut spoiled = parts.clone();
            spoil(&mut spoiled[0]);
            merged.adopt(spoiled);
            assert!(merged.parts.is_empty());
        }
        merged.adopt(parts);
        assert_eq!(merged.parts.len(), 2);
    }
}
