//! URIs as LINE counts and wants them: percent-encoded UTF-8.
//!
//! Source: Messaging API reference, "How to encode URLs": a CJK character counts nine.
//! It does not resolve or fetch anything.

use serde_json::Value;

/// Whether a byte must be written as `%XX`. An existing `%` stays: it is part of an encoding.
fn must_encode(byte: u8) -> bool {
    !byte.is_ascii_graphic()
        || matches!(
            byte,
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'
        )
}

/// Length of a URI once percent-encoded, in characters.
pub fn encoded_len(uri: &str) -> usize {
    uri.bytes()
        .map(|byte| if must_encode(byte) { 3 } else { 1 })
        .sum()
}

/// Percent-encodes what must be encoded; what already is stays as it is.
pub fn percent_encode(uri: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(encoded_len(uri));
    for byte in uri.bytes() {
        if must_encode(byte) {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        } else {
            out.push(char::from(byte));
        }
    }
    out
}

/// The scheme in lower case, when there is one.
pub(crate) fn scheme(uri: &str) -> Option<String> {
    let (scheme, _) = uri.split_once(':')?;
    let mut bytes = scheme.bytes();
    let ok = bytes.next().is_some_and(|b| b.is_ascii_alphabetic())
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    ok.then(|| scheme.to_ascii_lowercase())
}

/// The host of an `http` or `https` URL: empty when there is none.
pub(crate) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    let host = authority.rsplit('@').next().unwrap_or("");
    host.rsplit_once(':').map_or(host, |(host, _)| host)
}

/// Every property of LINE's message objects that holds a URI.
const URI_PROPERTIES: [&str; 11] = [
    "originalContentUrl",
    "previewImageUrl",
    "previewUrl",
    "thumbnailImageUrl",
    "imageUrl",
    "iconUrl",
    "baseUrl",
    "linkUri",
    "uri",
    "url",
    "desktop",
];

/// Percent-encodes every URI property inside a message.
pub(crate) fn encode_within(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(uri) if URI_PROPERTIES.contains(&key.as_str()) => {
                        if uri.bytes().any(must_encode) {
                            *uri = percent_encode(uri);
                        }
                    }
                    other => encode_within(other),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(encode_within),
        _ => {}
    }
}
