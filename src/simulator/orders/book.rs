//! The orders themselves: a few samples of a tea shop, and what may still be done with one.

use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Order {
    /// Its number.
    pub number: String,
    /// `pending`, `paid`, `shipped`, `delivered`, `cancelled`, `returning`.
    pub status: String,
    /// What was ordered, in words.
    pub items_text: String,
    /// What it costs, in TWD.
    pub total: u32,
    /// The carrier and its number; null before it is shipped.
    pub tracking: Option<String>,
    /// When it arrives, in words.
    pub eta: Option<String>,
    /// Where it goes.
    pub address: String,
    /// Too late to send it back.
    pub final_sale: bool,
}

/// Numbers of the sample orders and what they show.
pub const SAMPLES: [(&str, &str); 6] = [
    ("TW20260101005", "shipped, on its way"),
    (
        "TW20260101006",
        "paid: the address can still be changed, it can be cancelled",
    ),
    ("TW20260101007", "delivered: can be returned"),
    ("TW20260101008", "pending: waits for the payment"),
    ("TW20251101001", "delivered long ago: too late for a return"),
    ("A7654321", "shipped, a number with one letter"),
];

/// All orders, returns and repairs.
#[derive(Debug)]
pub(super) struct Book {
    orders: BTreeMap<String, Order>,
    returns: u32,
    repairs: u32,
}

fn order(number: &str, status: &str, items: &str, total: u32) -> Order {
    let is_sent = matches!(status, "shipped" | "delivered");
    Order {
        number: number.to_owned(),
        status: status.to_owned(),
        items_text: items.to_owned(),
        total,
        tracking: is_sent.then(|| format!("黑貓宅急便 9055{:08}", digits(number) % 100_000_000)),
        eta: match status {
            "shipped" => Some("明天 18:00 前".to_owned()),
            "delivered" => Some("已送達".to_owned()),
            _ => None,
        },
        address: "台北市大同區示範路 88 號".to_owned(),
        final_sale: false,
    }
}

fn digits(number: &str) -> u64 {
    let digits = number.bytes().filter(u8::is_ascii_digit);
    digits.fold(0, |all, digit| {
        all.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'))
    })
}

impl Default for Book {
    fn default() -> Book {
        let mut orders = vec![
            order("TW20260101005", "shipped", "阿里山高山烏龍 150g ×2", 1_360),
            order(
                "TW20260101006",
                "paid",
                "日月潭紅玉紅茶 150g ×1、茶包禮盒 ×1",
                970,
            ),
            order("TW20260101007", "delivered", "凍頂烏龍 150g ×3", 1_800),
            order("TW20260101008", "pending", "文山包種 150g ×1", 480),
            order("TW20251101001", "delivered", "電茶壺 ×1", 2_480),
            order("A7654321", "shipped", "杉林溪烏龍 150g ×1", 780),
        ];
        for order in &mut orders {
            order.final_sale = order.number == "TW20251101001";
        }
        Book {
            orders: orders
                .into_iter()
                .map(|one| (one.number.clone(), one))
                .collect(),
            returns: 0,
            repairs: 0,
        }
    }
}

impl Book {
    pub(super) fn all(&self) -> Vec<Order> {
        self.orders.values().cloned().collect()
    }

    /// Status and body of an answer.
    pub(super) fn ask(
        &mut self,
        method: &str,
        path: &str,
        body: &Value,
        any: bool,
    ) -> (u16, Value) {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match (method, parts.as_slice()) {
            ("GET", ["orders", number]) => match self.find(number, any) {
                Some(order) => (200, json!(order)),
                None => not_found(),
            },
            ("POST", ["orders", number, deed]) => {
                let deed = *deed;
                if self.find(number, any).is_none() {
                    return not_found();
                }
                let number = normal(number);
                match deed {
                    "address" => self.move_to(&number, body),
                    "cancel" => self.cancel(&number),
                    "returns" => self.take_back(&number, body),
                    _ => (404, json!({ "error": "unknown_path" })),
                }
            }
            ("POST", ["repairs"]) => {
                if text(body, "item").is_none() || text(body, "problem").is_none() {
                    return (400, json!({ "error": "item and problem are required" }));
                }
                self.repairs += 1;
                let number = format!("RP{:06}", self.repairs);
                (201, json!({ "repair_number": number }))
            }
            _ => (404, json!({ "error": "unknown_path" })),
        }
    }

    /// The order with this number. `any`: a well-formed one is made when it is not known.
    fn find(&mut self, number: &str, any: bool) -> Option<&mut Order> {
        let number = normal(number);
        if any && is_number(&number) && !self.orders.contains_key(&number) {
            let status = if digits(&number).is_multiple_of(2) {
                "paid"
            } else {
                "shipped"
            };
            let made = order(&number, status, "阿里山高山烏龍 150g ×1", 680);
            self.orders.insert(number.clone(), made);
        }
        self.orders.get_mut(&number)
    }

    fn open(&mut self, number: &str) -> Result<&mut Order, (u16, Value)> {
        let order = self.orders.get_mut(number).ok_or_else(not_found)?;
        match order.status.as_str() {
            "pending" | "paid" => Ok(order),
            status => Err((409, json!({ "error": "too_late", "status": status }))),
        }
    }

    fn move_to(&mut self, number: &str, body: &Value) -> (u16, Value) {
        let Some(address) = text(body, "address") else {
            return (400, json!({ "error": "address is required" }));
        };
        match self.open(number) {
            Ok(order) => {
                order.address = address;
                (200, json!(order))
            }
            Err(refusal) => refusal,
        }
    }

    fn cancel(&mut self, number: &str) -> (u16, Value) {
        match self.open(number) {
            Ok(order) => {
                order.status = "cancelled".to_owned();
                (200, json!(order))
            }
            Err(refusal) => refusal,
        }
    }

    fn take_back(&mut self, number: &str, body: &Value) -> (u16, Value) {
        if text(body, "reason").is_none() {
            return (400, json!({ "error": "reason is required" }));
        }
        let Some(order) = self.orders.get_mut(number) else {
            return not_found();
        };
        if order.final_sale || order.status == "cancelled" {
            return (409, json!({ "error": "too_late", "status": order.status }));
        }
        order.status = "returning".to_owned();
        self.returns += 1;
        let filed = format!("RT{:06}", self.returns);
        (201, json!({ "return_number": filed }))
    }
}

fn not_found() -> (u16, Value) {
    (404, json!({ "error": "not_found" }))
}

fn normal(number: &str) -> String {
    number.to_ascii_uppercase()
}

/// Up to four letters and six to sixteen digits.
fn is_number(number: &str) -> bool {
    let digits = number.trim_start_matches(|c: char| c.is_ascii_uppercase());
    number.len() - digits.len() <= 4
        && (6..=16).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
}

fn text(body: &Value, key: &str) -> Option<String> {
    let text = body.get(key)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
