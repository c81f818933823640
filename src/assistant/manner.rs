//! How a server wants to be asked: found out by its refusals, remembered while it is used.
//!
//! Servers that call themselves OpenAI-compatible differ in what they refuse with 400: a JSON schema, JSON mode,
//! token probabilities, the name of the token limit, a temperature. None of them is needed.

/// The form of answer that is asked for: a ladder, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `response_format` with a JSON schema.
    Schema,
    /// `response_format` JSON object.
    Object,
    /// Only the words of the prompt.
    Plain,
}

impl Format {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Format::Schema => "json_schema",
            Format::Object => "json_object",
            Format::Plain => "plain",
        }
    }

    fn below(self) -> Option<Format> {
        match self {
            Format::Schema => Some(Format::Object),
            Format::Object => Some(Format::Plain),
            Format::Plain => None,
        }
    }
}

/// The way of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// The form of answer.
    pub format: Format,
    /// Asks for the probabilities of the tokens.
    pub logprobs: bool,
    /// The limit is called `max_completion_tokens` (newer models), not `max_tokens`.
    pub new_limit: bool,
    /// Names a temperature.
    pub temperature: bool,
}

impl Manner {
    /// Everything that could be had.
    pub const BEST: Manner = Manner {
        format: Format::Schema,
        logprobs: true,
        new_limit: false,
        temperature: true,
    };

    /// What to try after a refusal with these words; `None`: it cannot be the manner.
    pub fn after(self, refusal: &str) -> Option<Manner> {
        let refusal = refusal.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| refusal.contains(word));
        if self.logprobs && says(&["logprob"]) {
            return Some(Manner {
                logprobs: false,
                ..self
            });
        }
        if !self.new_limit && says(&["max_completion_tokens"]) {
            return Some(Manner {
                new_limit: true,
                ..self
            });
        }
        if self.temperature && says(&["temperature"]) {
            return Some(Manner {
                temperature: false,
                ..self
            });
        }
        // It names the format, or nothing we know: down the ladder, which has few steps.
        match self.format.below() {
            Some(format) => Some(Manner { format, ..self }),
            None if self.logprobs => Some(Manner {
                logprobs: false,
                ..self
            }),
            None => None,
        }
    }

    /// As one byte.
    pub fn byte(self) -> u8 {
        let format = match self.format {
            Format::Schema => 0,
            Format::Object => 1,
            Format::Plain => 2,
        };
        let flags = [self.logprobs, self.new_limit, self.temperature];
        let flags = flags.into_iter().zip([4, 8, 16]);
        flags.fold(format, |byte, (flag, bit)| {
            byte | if flag { bit } else { 0 }
        })
    }

    /// From its byte.
    pub fn of(byte: u8) -> Manner {
        Manner {
            format: match byte & 3 {
                0 => Format::Schema,
                1 => Format::Object,
                _ => Format::Plain,
            },
            logprobs: byte & 4 != 0,
            new_limit: byte & 8 != 0,
            temperature: byte & 16 != 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_row_of_refusals_ends() {
        for words in [
            "",
            "logprobs",
            "temperature",
            "max_completion_tokens",
            "json_schema",
        ] {
            let mut manner = Manner::BEST;
            let mut steps = 0;
            while let Some(next) = manner.after(words) {
                assert_eq!(Manner::of(next.byte()), next);
                manner = next;
                steps += 1;
                assert!(steps <= 5, "{words}");
            }
            assert_eq!(manner.format, Format::Plain);
        }
    }

    #[test]
    fn what_is_named_goes_first() {
        let without = Manner::BEST
            .after("Unrecognized request argument: logprobs")
            .unwrap();
        assert_eq!((without.logprobs, without.format), (false, Format::Schema));
        let renamed = Manner::BEST
            .after("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
            .unwrap();
        assert!(renamed.new_limit);
        let lower = Manner::BEST
            .after("response_format json_schema is not supported")
            .unwrap();
        assert_eq!(lower.format, Format::Object);
    }
}
