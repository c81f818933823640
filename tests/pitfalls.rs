//! `docs/line-pitfalls.md` tells the truth: every test it names exists. The small pure tests that no
//! other file has stand here too.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use hotline::automation::Engine;
use hotline::config::survey;
use hotline::line::signature::{HEADER, Verifier};
use hotline::line_wire::event::{Payload, read, split};
use sha2::Sha256;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// Names of the functions that carry a test attribute: the attributes stand right above `fn`.
fn tests_of(source: &str) -> Vec<String> {
    let mut marked = false;
    let mut names = Vec::new();
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[") {
            marked |= line.ends_with("test]") || line.contains("::test(");
            continue;
        }
        if line.is_empty() || line.starts_with("//") {
            continue;
        }
        if let Some(at) = line.find("fn ").filter(|_| marked) {
            let name: String = line[at + 3..]
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            names.push(name);
        }
        marked = false;
    }
    names
}

/// What stands between backticks in the last column of a table's row, if it looks like a test.
fn named_in(row: &str) -> Vec<&str> {
    let Some(proof) = row.trim_end_matches('|').rsplit('|').next() else {
        return Vec::new();
    };
    let spans = proof.split('`').skip(1).step_by(2);
    spans
        .filter(|span| {
            span.contains('_')
                && span
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        })
        .collect()
}

#[test]
fn every_test_the_page_names_exists() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    sources(&root().join("tests"), &mut files);
    let known: BTreeSet<String> = files
        .iter()
        .flat_map(|file| tests_of(&fs::read_to_string(file).unwrap()))
        .collect();
    let page = fs::read_to_string(root().join("docs/line-pitfalls.md")).unwrap();
    let rows = page.lines().filter(|line| {
        line.starts_with("| ") && !line.starts_with("| # ") && !line.contains("---")
    });
    let mut proofs = 0;
    let mut missing = Vec::new();
    for row in rows.filter(|row| !row.starts_with("| pitfall ")) {
        let named = named_in(row);
        assert!(
            !named.is_empty() || row.contains("later:"),
            "a row without proof must say `later:` : {row}"
        );
        proofs += named.len();
        missing.extend(named.into_iter().filter(|name| !known.contains(*name)));
    }
    assert!(missing.is_empty(), "no such tests: {missing:?}");
    assert!(proofs > 40, "the page names only {proofs} tests");
}

#[test]
fn the_reader_of_the_page_sees_what_is_missing() {
    assert_eq!(
        named_in("| 1 | `a_b` | `c_d`, `e_f_2`; later |"),
        ["c_d", "e_f_2"]
    );
    assert_eq!(named_in("| 1 | `a_b` | later: media |"), [""; 0]);
    let source =
        "#[test]\nfn one() {}\nfn two() {}\n#[actix_web::test]\n/// why\nasync fn three() {}";
    assert_eq!(tests_of(source), ["one", "three"]);
}

fn signed(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"secret").unwrap();
    mac.update(body);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// LINE escapes some emoji and not others; a serialiser would write both alike.
#[test]
fn the_signature_covers_the_bytes_as_they_came() {
    let escaped = br#"{"events":[{"type":"message","message":{"text":"\ud83e\udd28"}}]}"#;
    let written = "{\"events\":[{\"type\":\"message\",\"message\":{\"text\":\"🤨\"}}]}".as_bytes();
    let verifier = Verifier::new(["secret"]);
    for body in [&escaped[..], written] {
        assert!(verifier.verify(Some(signed(body).as_bytes()), body));
    }
    assert!(!verifier.verify(Some(signed(escaped).as_bytes()), written));
    let meaning = |body: &[u8]| serde_json::from_slice::<serde_json::Value>(body).unwrap();
    assert_eq!(meaning(escaped), meaning(written), "the same to a parser");
}

#[test]
fn webhooks_are_taken_as_bytes() {
    let source = fs::read_to_string(root().join("src/line/webhook/mod.rs")).unwrap();
    assert!(source.contains("payload: web::Payload"));
    for extractor in ["web::Json", "web::Form", "web::Query"] {
        assert!(
            !source.contains(extractor),
            "{extractor} would parse the body"
        );
    }
}

#[test]
fn there_is_one_signature_header() {
    assert_eq!(HEADER, "x-line-signature");
}

#[test]
fn new_words_for_old_fields_do_no_harm() {
    let body = br#"{"events":[{"type":"message","mode":"hovering","replyToken":"t",
        "source":{"type":"hologram","userId":"U1"},"webhookEventId":"e",
        "message":{"type":"sticker","id":"1","stickerResourceType":"PER_MOOD_TEXT"}},
        {"type":"message","source":{"type":"user","userId":"U1"},
        "message":{"type":"smell","id":"2","strength":[1,2]}}]}"#;
    let split = split(body).unwrap();
    assert_eq!(split.events.len(), 2);
    for (raw, kind) in split.events.into_iter().zip(["sticker", "smell"]) {
        let event = read(raw).unwrap();
        assert!(!event.standby);
        match event.payload {
            Payload::Message(message) => assert_eq!(message.message_type, kind),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_lone_surrogate_spoils_only_its_own_event() {
    let body = br#"{"events":[
        {"type":"message","message":{"type":"text","id":"1","text":"half \ud83e"}},
        {"type":"message","message":{"type":"text","id":"2","text":"\u904b\u8cbb"}}]}"#;
    let split = split(body).unwrap();
    let read: Vec<_> = split.events.into_iter().map(read).collect();
    assert!(read[0].is_err());
    match &read[1].as_ref().unwrap().payload {
        Payload::Message(message) => assert_eq!(message.text.as_deref(), Some("運費")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_picture_over_plain_http_is_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    let automation = folder.path().join("automation");
    fs::create_dir(&automation).unwrap();
    let written = r#"
[fallback]
reply = [{ type = "image", originalContentUrl = "http://example.com/a.png", previewImageUrl = "https://example.com/a.png" }]
"#;
    fs::write(automation.join("a.toml"), written).unwrap();
    let survey = survey(folder.path(), &|_| None);
    let faults = Engine::build(&survey.automation).expect_err("plain http is refused");
    let fault = faults
        .iter()
        .find(|fault| fault.is_fault())
        .expect("a fault among the findings");
    assert_eq!(fault.line, 3);
    assert!(fault.key.contains("originalContentUrl"), "{fault}");
}
