//! The bank of unspent reply tokens.
//!
//! A reply is free, a push is billed, and a token is good for one call within about a minute of the
//! webhook's arrival (reference, "Send reply message"): so tokens are kept and the one that dies
//! first is spent first.

use crate::domain::time::{Millis, Span};

/// How long LINE promises a token to work, from the arrival of its webhook.
pub const TOKEN_LIFE: Span = Span::secs(60);
/// How long we begin a call with it: the rest is for the call itself, and for clocks.
pub const TOKEN_USABLE: Span = Span::secs(50);
/// Tokens kept; a burst beyond it forgets those that die first.
pub(super) const MAX_TOKENS: usize = 8;

/// One unspent token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) token: Box<str>,
    /// Store time at which its webhook arrived.
    pub(super) received: Millis,
}

impl Token {
    pub(super) fn usable(&self, now: Millis) -> bool {
        now.since(self.received) < TOKEN_USABLE
    }
}

/// The unspent tokens, earliest received first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TokenBank {
    pub(super) tokens: Vec<Token>,
}

impl TokenBank {
    /// Puts a token in. The same token twice is kept once.
    pub(super) fn put(&mut self, token: &str, received: Millis) {
        if self.tokens.iter().any(|known| &*known.token == token) {
            return;
        }
        let place = self
            .tokens
            .partition_point(|known| known.received <= received);
        self.tokens.insert(
            place,
            Token {
                token: token.into(),
                received,
            },
        );
        if self.tokens.len() > MAX_TOKENS {
            self.tokens.remove(0);
        }
    }

    /// Whether there is nothing to spend.
    pub(super) fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// When the first of them came.
    pub(super) fn first_received(&self) -> Option<Millis> {
        self.tokens.first().map(|token| token.received)
    }

    /// When the last of them came.
    pub(super) fn last_received(&self) -> Option<Millis> {
        self.tokens.last().map(|token| token.received)
    }

    /// Forgets what has died.
    pub(super) fn prune(&mut self, now: Millis) {
        self.tokens.retain(|token| token.usable(now));
    }

    /// Spends the token that dies first.
    pub(super) fn spend(&mut self, now: Millis) -> Option<Token> {
        self.prune(now);
        (!self.tokens.is_empty()).then(|| self.tokens.remove(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_that_dies_first_is_spent_first() {
        let mut bank = TokenBank::default();
        bank.put("late", Millis(2_000));
        bank.put("early", Millis(1_000));
        bank.put("late", Millis(9_000));
        assert_eq!(
            bank.spend(Millis(3_000)).map(|t| t.token),
            Some("early".into())
        );
        assert_eq!(
            bank.spend(Millis(3_000)).map(|t| t.token),
            Some("late".into())
        );
        assert_eq!(bank.spend(Millis(3_000)), None);
    }

    #[test]
    fn a_dead_token_is_never_spent() {
        let mut bank = TokenBank::default();
        bank.put("t", Millis(0));
        assert_eq!(bank.spend(Millis(TOKEN_USABLE.0)), None);
    }

    #[test]
    fn a_full_bank_forgets_the_oldest() {
        let mut bank = TokenBank::default();
        for i in 0..20u64 {
            bank.put(&i.to_string(), Millis(i));
        }
        assert_eq!(bank.tokens.len(), MAX_TOKENS);
        assert_eq!(&*bank.tokens[0].token, "12");
    }
}
