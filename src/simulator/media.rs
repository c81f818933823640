//! Pictures, videos, sounds and files that customers sent: drawn here, never fetched.
//!
//! Source: LINE reference, "Get content": 202 while it is prepared, 410 after unsend, 404 unknown.

use dashmap::DashMap;

/// Kind of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `image`
    Image,
    /// `video`
    Video,
    /// `audio`
    Audio,
    /// `file`
    File,
}

/// One piece of content.
#[derive(Clone, Debug)]
pub struct Media {
    /// What it is.
    pub kind: Kind,
    /// Index of the channel that received it.
    pub channel: usize,
    /// From then on it can be fetched, milliseconds.
    pub ready_at: u64,
    /// Taken back.
    pub unsent: bool,
    /// Bytes given by a test; `None`: a drawn placeholder.
    pub bytes: Option<Vec<u8>>,
}

/// All content, by message id.
pub type MediaShelf = DashMap<String, Media>;

/// Type and bytes of the content.
pub fn bytes(id: &str, media: &Media) -> (&'static str, Vec<u8>) {
    let kind = match media.kind {
        Kind::Image => "image/png",
        Kind::Video => "video/mp4",
        Kind::Audio => "audio/x-m4a",
        Kind::File => "application/octet-stream",
    };
    match (&media.bytes, media.kind) {
        (Some(given), _) => (kind, given.clone()),
        (None, Kind::Image) => (kind, png(id)),
        (None, Kind::File) => (kind, format!("simulated file {id}\n").into_bytes()),
        (None, _) => (kind, mp4_head()),
    }
}

/// A 64 × 48 picture, its colour drawn from the id: an uncompressed PNG.
pub fn png(id: &str) -> Vec<u8> {
    const WIDTH: usize = 64;
    const HEIGHT: usize = 48;
    let hue = id.bytes().fold(7_u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    let mut rows = Vec::with_capacity(HEIGHT * (1 + WIDTH * 3));
    for y in 0..HEIGHT {
        rows.push(0);
        for x in 0..WIDTH {
            let shade = ((x + y) * 2).min(120) as u8;
            rows.extend_from_slice(&[
                (hue as u8 & 0x7f) + shade,
                ((hue >> 8) as u8 & 0x7f) + shade,
                ((hue >> 16) as u8 & 0x7f) + shade,
            ]);
        }
    }
    let mut header = Vec::new();
    header.extend_from_slice(&(WIDTH as u32).to_be_bytes());
    header.extend_from_slice(&(HEIGHT as u32).to_be_bytes());
    header.extend_from_slice(&[8, 2, 0, 0, 0]);
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut out, b"IHDR", &header);
    chunk(&mut out, b"IDAT", &stored(&rows));
    chunk(&mut out, b"IEND", &[]);
    out
}

fn chunk(out: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    out.extend_from_slice(&(data.len() as u32).to_be_bytes());
    let from = out.len();
    out.extend_from_slice(name);
    out.extend_from_slice(data);
    let crc = crc32fast::hash(&out[from..]);
    out.extend_from_slice(&crc.to_be_bytes());
}

/// zlib with one stored block; `data` is below 64 KiB.
fn stored(data: &[u8]) -> Vec<u8> {
    let length = data.len() as u16;
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in data {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    let mut out = vec![0x78, 0x01, 0x01];
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&(!length).to_le_bytes());
    out.extend_from_slice(data);
    out.extend_from_slice(&(b << 16 | a).to_be_bytes());
    out
}

/// The first box of an MP4 file and an empty payload: enough for a type check, not for a player.
fn mp4_head() -> Vec<u8> {
    let mut out = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom".to_vec();
    out.extend_from_slice(b"\x00\x00\x00\x08mdat");
    out
}

/// A drawn picture with a word in it, for profiles and stickers.
pub fn svg(seed: &str, word: &str, round: bool) -> String {
    let hue = seed.bytes().fold(11_u32, |sum, byte| {
        sum.wrapping_mul(33).wrapping_add(u32::from(byte))
    }) % 360;
    let word: String = word
        .chars()
        .take(4)
        .map(|c| match c {
            '<' | '>' | '&' | '"' | '\'' => ' ',
            other => other,
        })
        .collect();
    let radius = if round { 60 } else { 24 };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 120 120\">\
         <rect width=\"120\" height=\"120\" rx=\"{radius}\" fill=\"hsl({hue},55%,62%)\"/>\
         <text x=\"60\" y=\"62\" font-family=\"sans-serif\" font-size=\"34\" fill=\"#fff\" \
         text-anchor=\"middle\" dominant-baseline=\"middle\">{word}</text></svg>"
    )
}
