//! What the intent stage made of a text.

/// What the intent stage made of a text. Rule and intent numbers are those of the playbook with this
/// digest; another playbook's mean nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Understanding {
    /// Digest of the playbook that understood; 0: nobody did.
    pub digest: u64,
    /// Index of the keyword rule that answers.
    pub rule: Option<u32>,
    /// Index of the intent; `None`: unknown.
    pub intent: Option<u16>,
    /// How sure, in percent, 0–100: of texts said with 60, about 60 of 100 are what was said.
    pub confidence: u8,
    /// The customer asks to be put through to, called or answered by a person.
    pub wants_human: bool,
    /// Index of a small-talk reply (thanks, farewell) that fits; never a keyword rule.
    pub talk: Option<u16>,
    /// What the words do, whatever they are about.
    pub cues: Cues,
}

/// What words do in a dialogue: a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cues(pub u16);

impl Cues {
    /// Ends what is under way: 不用了, 取消, 算了.
    pub const CANCEL: Cues = Cues(1);
    /// Begins anew: 重新開始, 重來.
    pub const START_OVER: Cues = Cues(1 << 1);
    /// Asks for a moment: 等一下, 我找找.
    pub const STALL: Cues = Cues(1 << 2);
    /// Corrects what was said: 更正, 打錯了, 不對是.
    pub const CORRECTION: Cues = Cues(1 << 3);
    /// Yes: 是, 對, 好, 確認.
    pub const YES: Cues = Cues(1 << 4);
    /// No: 不是, 不要, 不對.
    pub const NO: Cues = Cues(1 << 5);
    /// Wants a thing done now, and does not ask about it: 我要, 幫我, 想申請.
    pub const WISH: Cues = Cues(1 << 6);
    /// Asks something: 嗎, 怎麼, a question mark.
    pub const QUESTION: Cues = Cues(1 << 7);

    /// Every cue and its name, as in `[cues]` of the config.
    pub const NAMES: [(Cues, &'static str); 8] = [
        (Cues::CANCEL, "cancel"),
        (Cues::START_OVER, "start_over"),
        (Cues::STALL, "stall"),
        (Cues::CORRECTION, "correction"),
        (Cues::YES, "yes"),
        (Cues::NO, "no"),
        (Cues::WISH, "wish"),
        (Cues::QUESTION, "question"),
    ];

    /// Whether all of `other` are in it.
    pub const fn has(self, other: Cues) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both together.
    pub const fn and(self, other: Cues) -> Cues {
        Cues(self.0 | other.0)
    }
}
