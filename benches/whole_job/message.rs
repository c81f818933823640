//! Webhook requests as LINE sends them: one text of one customer, unique ids, signed.

use super::run::SLOTS;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

/// The channel secret both sides know.
pub const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// The access token both sides send.
pub const TOKEN: &str = "bench-token-bench-token-bench-token-bench-token-bench-token";
/// The four keywords and what they are answered with, on both sides: about 40 bytes, like the
/// question, so that a full context is ten messages of about 40 bytes.
pub const RULES: [(&str, &str); 4] = [
    ("價格", "阿里山烏龍 NT$680，杉林溪 NT$780"),
    ("優惠", "滿 NT$1,500 免運費，兩件 95 折"),
    ("運費", "超商取貨 NT$60，本島宅配 NT$100"),
    ("退貨", "七天內可以退貨，請保留包裝"),
];

/// Which customer writes next.
#[derive(Clone, Copy, Debug)]
pub enum Draw {
    /// Anyone of this many, independently.
    Random(u64),
    /// Each of this many once, in scattered order, from this position on.
    Each(u64, u64),
}

/// Makes requests.
pub struct Maker {
    key: Hmac<Sha256>,
    draw: Draw,
    random: u64,
    number: u64,
    run: u64,
}

impl Maker {
    /// `run` makes the ids of this maker differ from those of any other.
    pub fn new(draw: Draw, run: u64) -> Maker {
        Maker {
            key: Hmac::new_from_slice(SECRET.as_bytes()).expect("any length is a key"),
            draw,
            random: run | 1,
            number: 0,
            run,
        }
    }

    /// Number of the last request made.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Each slot has its own customers, so that nobody writes while an answer to him is under way:
    /// Hotline may answer two such messages with one reply, and sends would not be equal.
    fn user(&mut self, slot: u64) -> u64 {
        match &mut self.draw {
            Draw::Random(users) => {
                self.random ^= self.random << 13;
                self.random ^= self.random >> 7;
                self.random ^= self.random << 17;
                let share = *users / SLOTS as u64;
                if share == 0 {
                    return (self.random >> 11) % *users;
                }
                (self.random >> 11) % share * SLOTS as u64 + slot % SLOTS as u64
            }
            Draw::Each(users, next) => {
                // A prime greater than any count here: coprime, so each is met once.
                let user = (u128::from(*next) * 2_147_483_647 % u128::from(*users)) as u64;
                *next += 1;
                user
            }
        }
    }

    /// The next request to `path`, for the slot that waits for its reply.
    pub fn next(&mut self, path: &str, slot: usize, out: &mut Vec<u8>) {
        self.number += 1;
        let (number, run, user) = (self.number, self.run, self.user(slot as u64));
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_millis() as u64);
        let (word, _) = RULES[(number % 4) as usize];
        let mut body = String::with_capacity(700);
        let _ = write!(
            body,
            "{{\"destination\":\"U00000000000000000000000000000001\",\"events\":[{{\"type\":\
             \"message\",\"message\":{{\"type\":\"text\",\"id\":\"{run:06}{number:012}\",\
             \"quoteToken\":\"q3Plxr4AgKd9XJ8bXvJtGb0uUcX0a1m2n3o4p5q6r7s8t9u0v1w2x3y4z5\",\
             \"text\":\"請問{word}怎麼算呢 謝謝 {number}\"}},\
             \"webhookEventId\":\"01HB{run:08}{number:014}\",\
             \"deliveryContext\":{{\"isRedelivery\":false}},\"timestamp\":{now},\
             \"source\":{{\"type\":\"user\",\"userId\":\"{}\"}},\
             \"replyToken\":\"{slot:08x}{run:08x}{number:016x}\",\"mode\":\"active\"}}]}}",
            user_id(user)
        );
        let mut key = self.key.clone();
        key.update(body.as_bytes());
        let signature = STANDARD.encode(key.finalize().into_bytes());
        let mut head = String::with_capacity(256);
        let _ = write!(
            head,
            "POST {path} HTTP/1.1\r\nhost: bot.example\r\nuser-agent: LineBotWebhook/2.0\r\n\
             content-type: application/json; charset=utf-8\r\nx-line-signature: {signature}\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        out.clear();
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(body.as_bytes());
    }
}

/// The id of a customer: spread over all hex digits, as LINE's are.
pub fn user_id(user: u64) -> String {
    let mix = |mut z: u64| {
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let high = mix(user.wrapping_mul(2).wrapping_add(0x9e37_79b9_7f4a_7c15));
    let low = mix(user.wrapping_mul(2).wrapping_add(0x1234_5678_9abc_def1));
    format!("U{high:016x}{low:016x}")
}
