//! URIs as LINE counts and wants them: percent-encoded UTF-8.
//!
//! Source: Messaging API reference, "How to encode URLs": a CJK character counts nine.
//! It does not resolve or fetch anything.

use serde_json::Value;

/// Calls back with every byte and whether it must be written as `%XX` (RFC 3986, 2 and 3): a `%`
/// that begins no encoding, a second `#` and brackets outside the host among them. What is encoded
/// already stays as it is.
fn each_byte(uri: &str, mut tell: impl FnMut(u8, bool)) {
    let bytes = uri.as_bytes();
    let host = uri.find("://").map_or(0, |at| at + 3);
    let path = uri[host..]
        .find(['/', '?', '#'])
        .map_or(uri.len(), |at| host + at);
    let mut has_fragment = false;
    for (at, byte) in bytes.iter().copied().enumerate() {
        let must = match byte {
            b'%' => !bytes
                .get(at + 1..at + 3)
                .is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit)),
            b'#' => std::mem::replace(&mut has_fragment, true),
            b'[' | b']' => at >= path,
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' => true,
            other => !other.is_ascii_graphic(),
        };
        tell(byte, must);
    }
}

fn needs_encoding(uri: &str) -> bool {
    let mut needs = false;
    each_byte(uri, |_, must| needs |= must);
    needs
}

/// Length of a URI once percent-encoded, in characters.
pub fn encoded_len(uri: &str) -> usize {
    let mut length = 0;
    each_byte(uri, |_, must| length += if must { 3 } else { 1 });
    length
}

/// Percent-encodes what must be encoded; doing it again changes nothing.
pub fn percent_encode(uri: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(uri.len());
    each_byte(uri, |byte, must| {
        if must {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        } else {
            out.push(char::from(byte));
        }
    });
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

/// Whether an `http` or `https` URL has a host, in ASCII, and at most a port beside it.
pub(crate) fn has_host(url: &str) -> bool {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    !host.is_empty()
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
        && port.bytes().all(|b| b.is_ascii_digit())
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
                        if needs_encoding(uri) {
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
