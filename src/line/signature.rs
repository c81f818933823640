//! `x-line-signature`: base64 of HMAC-SHA256 over the raw body bytes, keyed by the channel secret.
//!
//! Source: docs, "Verify webhook signature". The body is never parsed or re-serialised before: LINE
//! escapes emoji where serialisers do not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The header that carries the signature; HTTP header names have no case.
pub const HEADER: &str = "x-line-signature";

/// The secrets of one channel, ready to verify: the current one and, during a rotation, the other.
#[derive(Clone)]
pub struct Verifier {
    keyed: Vec<Hmac<Sha256>>,
}

impl Verifier {
    /// Prepares the secrets; LINE kills the old secret at once, so both are tried during a switch.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Verifier {
        let keyed = secrets.into_iter().map(|secret| {
            Hmac::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length")
        });
        Verifier {
            keyed: keyed.collect(),
        }
    }

    /// Whether one of the secrets signed these bytes. Compares in constant time; an absent or
    /// malformed signature is a wrong one.
    pub fn verify(&self, signature: Option<&[u8]>, body: &[u8]) -> bool {
        let Some(signature) = signature else {
            return false;
        };
        let mut expected = [0u8; 33];
        let Ok(length) = STANDARD.decode_slice(signature, &mut expected) else {
            return false;
        };
        self.keyed.iter().any(|keyed| {
            let mut mac = keyed.clone();
            mac.update(body);
            mac.verify_slice(&expected[..length]).is_ok()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// LINE's own test vector (docs, "Verify webhook signature").
    const SECRET: &str = "8c570fa6dd201bb328f1c1eac23a96d8";
    const BODY: &[u8] = br#"{"destination":"U8e742f61d673b39c7fff3cecb7536ef0","events":[]}"#;
    const SIGNATURE: &[u8] = b"GhRKmvmHys4Pi8DxkF4+EayaH0OqtJtaZxgTD9fMDLs=";

    #[test]
    fn lines_own_vector_verifies() {
        assert!(Verifier::new([SECRET]).verify(Some(SIGNATURE), BODY));
    }

    #[test]
    fn both_secrets_of_a_rotation_verify() {
        assert!(Verifier::new(["next", SECRET]).verify(Some(SIGNATURE), BODY));
    }

    #[test]
    fn anything_else_is_refused() {
        let verifier = Verifier::new([SECRET]);
        assert!(!verifier.verify(None, BODY));
        assert!(!verifier.verify(Some(b""), BODY));
        assert!(!verifier.verify(Some(b"not base64 !"), BODY));
        assert!(!verifier.verify(Some(&SIGNATURE[..40]), BODY));
        assert!(!verifier.verify(Some(SIGNATURE), b"{}"));
        assert!(!Verifier::new(["other"]).verify(Some(SIGNATURE), BODY));
        assert!(!Verifier::new([]).verify(Some(SIGNATURE), BODY));
        let long = [b'A'; 400];
        assert!(!verifier.verify(Some(&long), BODY));
    }
}
