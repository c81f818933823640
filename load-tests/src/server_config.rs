//! The config folder a server under load serves: the sample shop's answers plus one rule for each
//! marker.
//!
//! A customer's nth message ends in the nth marker and is answered by that marker's rule alone, so
//! the ledger can tell from LINE's side which message an answer belongs to.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

/// The only channel: its alias, its secret, its token. None of them is a secret of anybody.
pub const CHANNEL: &str = "main";
/// Signs the webhooks.
pub const SECRET: &str = "load-channel-secret";
/// What the server calls LINE with.
pub const TOKEN: &str = "load-access-token";
/// A customer's messages that are told apart; beyond them markers repeat, and the ledger counts
/// answers without judging their order.
pub const MARKERS: u32 = 1_000;

const KEYWORDS: &str = include_str!("../../config/automation/keywords.toml");
const SYNONYMS: &str = include_str!("../../config/automation/synonyms.toml");
const GREETINGS: &str = include_str!("../../config/automation/greetings.toml");

/// What the customer's words end in.
pub fn question_marker(nth: u32) -> String {
    format!("q{:03}", nth % MARKERS)
}

/// The first word of its answer.
pub fn answer_marker(nth: u32) -> String {
    format!("a{:03}", nth % MARKERS)
}

/// The number of an answer's marker; `None`: the text is no answer of a marker's rule.
pub fn marker_number(marker: &str) -> Option<u32> {
    marker.strip_prefix('a')?.parse().ok()
}

/// Where a server listens and where it finds LINE.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// Webhook.
    pub listen: SocketAddr,
    /// Health and metrics.
    pub internal: SocketAddr,
    /// The simulated LINE.
    pub line: SocketAddr,
}

/// Writes the folder; `data` is where the server keeps its store.
///
/// # Errors
/// A file cannot be written.
pub fn write(folder: &Path, data: &Path, addresses: Addresses) -> io::Result<()> {
    let automation = folder.join("automation");
    fs::create_dir_all(&automation)?;
    fs::write(folder.join("hotline.toml"), settings(data, addresses))?;
    fs::write(automation.join("keywords.toml"), KEYWORDS)?;
    fs::write(automation.join("synonyms.toml"), SYNONYMS)?;
    fs::write(automation.join("greetings.toml"), GREETINGS)?;
    fs::write(automation.join("markers.toml"), markers())
}

fn settings(data: &Path, addresses: Addresses) -> String {
    let Addresses {
        listen,
        internal,
        line,
    } = addresses;
    let data = toml::Value::String(data.to_string_lossy().into_owned());
    format!(
        r#"# Written by hotline-load: a server under load, with a simulated LINE at {line}.
[server]
listen = "{listen}"
internal_listen = "{internal}"

[store]
kind = "embedded"
path = {data}

[[channels]]
id = "{CHANNEL}"
secret = "{SECRET}"
access_token = "{TOKEN}"
api_base = "http://{line}"
data_api_base = "http://{line}"

[ai]
provider = "none"

[logging]
level = "warn"
format = "json"
"#
    )
}

fn markers() -> String {
    let mut out =
        String::from("# One rule for each marker; the answers are as long as the shop's.\n");
    for nth in 0..MARKERS {
        let (question, answer) = (question_marker(nth), answer_marker(nth));
        out.push_str(&format!(
            "\n[[keyword]]\nid = \"{question}\"\nterms = [\"{question}\"]\npriority = 100\n\
             reply = [{{ type = \"text\", text = \"{answer} 運費標準：超商取貨 NT$60，本島宅配 \
             NT$100，離島宅配 NT$180。全館滿 NT$1,500 本島與超商免運費。\" }}]\n"
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_a_config_without_fault() {
        let folder = tempfile::tempdir().expect("temp");
        let addr = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let addresses = Addresses {
            listen: addr(1),
            internal: addr(2),
            line: addr(3),
        };
        write(folder.path(), Path::new("a \"quoted\" place"), addresses).expect("written");
        let prepared = hotline::app::prepare(folder.path(), &|_| None);
        let prepared = prepared.unwrap_or_else(|faults| panic!("{faults:?}"));
        assert_eq!(prepared.settings.channels.len(), 1);
    }
}
