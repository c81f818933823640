//! Reads what servers say of themselves: `INFO`, `TIME`.

use super::reply::{array, bytes, number};
use crate::domain::time::Millis;
use redis::Value;

/// Seconds since a replica was last heard of, above which it does not count. It says something every
/// second.
const LAG: u64 = 2;

/// An answer as text; nothing, if it is none.
pub fn text(value: Value) -> String {
    match value {
        Value::VerbatimString { text, .. } => text,
        other => String::from_utf8_lossy(&bytes(other).unwrap_or_default()).into_owned(),
    }
}

/// A field of `INFO`.
pub fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    let fields = info.lines().filter_map(|line| line.split_once(':'));
    let mut values = fields.filter_map(|(key, value)| (key == name).then_some(value.trim()));
    values.next()
}

/// What `TIME` says: seconds and microseconds.
pub fn server_time(value: Value) -> Option<Millis> {
    let mut parts = array(value, "the time").ok()?.into_iter().map(number);
    let (seconds, micros) = (parts.next()??, parts.next()??);
    Some(Millis(seconds * 1_000 + micros / 1_000))
}

/// Replicas that are attached and were heard of lately.
pub fn close_replicas(info: &str) -> usize {
    // `slave0:ip=127.0.0.1,port=7001,state=online,offset=4242,lag=0`
    let replicas = info.lines().filter(|line| {
        let number = line.strip_prefix("slave").and_then(|l| l.split(':').next());
        number.is_some_and(|n| n.parse::<u32>().is_ok())
    });
    let close = |line: &&str| {
        let lag = line.split(',').find_map(|part| part.strip_prefix("lag="));
        let lag = lag.and_then(|lag| lag.trim().parse::<u64>().ok());
        line.contains("state=online") && lag.is_none_or(|lag| lag <= LAG)
    };
    replicas.filter(close).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_replicas_that_follow_count() {
        let info = "role:master\r\nconnected_slaves:4\r\n\
                    slave0:ip=1,port=1,state=online,offset=9,lag=0\r\n\
                    slave1:ip=1,port=2,state=wait_bgsave,offset=0,lag=0\r\n\
                    slave2:ip=1,port=3,state=online,offset=9,lag=17\r\n\
                    slave3:ip=1,port=4,state=online,offset=9,lag=1\r\n\
                    slave_repl_offset:12\r\n";
        assert_eq!(close_replicas(info), 2);
        assert_eq!(close_replicas("role:master\r\n"), 0);
    }
}
