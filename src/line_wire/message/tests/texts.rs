//! Lengths as LINE counts them: encoded addresses, UTF-16 units, graphemes; cuts between characters.

use super::*;

#[test]
fn cjk_in_a_uri_counts_nine() {
    assert_eq!(encoded_len("https://s.example/價"), 18 + 9);
    assert_eq!(
        percent_encode("https://s.example/價 %E5"),
        "https://s.example/%E5%83%B9%20%E5"
    );
    assert_eq!(
        percent_encode("https://s.example/%[#a#"),
        "https://s.example/%25%5B#a%23"
    );
    for bad in [
        "https://價.example/",
        "https://user@s.example/",
        "https://s.example:x/",
        "https:/x",
    ] {
        check(&with(buttons(), "/template/actions/2/uri", json!(bad))).unwrap_err();
    }
    let uri = |n: usize| json!(format!("https://s.example/{}", "價".repeat(n)));
    check(&with(buttons(), "/template/actions/2/uri", uri(109))).unwrap();
    let faults = check(&with(buttons(), "/template/actions/2/uri", uri(110))).unwrap_err();
    assert_eq!(faults[0].path, "template.actions[2].uri");
    assert!(faults[0].found.starts_with("1008 "));
}

#[test]
fn cuts_never_split_a_character() {
    assert_eq!(truncate_utf16("a👍b", 2), "a");
    assert_eq!(truncate_utf16("a👍b", 3), "a👍");
    assert_eq!(truncate_utf16("a👩‍👩‍👧", 6), "a");
    assert_eq!(truncate_utf16("abc", 3), "abc");
    assert_eq!(truncate_graphemes("e\u{301}👩‍👩‍👧x", 2), "e\u{301}👩‍👩‍👧");
    assert_eq!(truncate_graphemes("x", 0), "");
    assert_eq!(utf16("👍"), 2);
    assert_eq!(graphemes("👩‍👩‍👧"), 1);
}

proptest::proptest! {
    #[test]
    fn a_cut_fits_and_is_a_beginning(text in "\\PC{0,60}", max in 0usize..40) {
        let cut = truncate_utf16(&text, max);
        assert!(utf16(cut) <= max && text.starts_with(cut));
        let cut = truncate_graphemes(&text, max);
        assert!(graphemes(cut) <= max && text.starts_with(cut));
    }

    #[test]
    fn encoding_twice_is_encoding_once(uri in "\\PC{0,40}") {
        let once = percent_encode(&uri);
        assert_eq!(percent_encode(&once), once);
        assert_eq!(encoded_len(&uri), once.len());
    }
}
