//! `hotline.toml` section by section, except channels: keys, defaults and bounds in one place.

use crate::config::document::Document;
use crate::config::fault::Findings;
use crate::config::section::Section;
use crate::config::settings::{
    Learning, LogFormat, LogLevel, Logging, Privacy, Sending, Server, Settings, Store, StoreKind,
};
use crate::config::units::{ByteSize, parse_span};
use crate::config::{ai, archive, channels, redis};
use crate::domain::playbook::LateAnswers;
use crate::domain::time::Span;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Longest path of a Unix socket on Linux (`sockaddr_un.sun_path` less its closing zero).
pub const SOCKET_PATH_MAX: usize = 107;

/// Reads the whole file. The value means something only if no fault was noted and nothing in
/// the document is unset.
pub(crate) fn settings(document: &Document, findings: &Findings) -> Settings {
    let root = Section::root(document, findings);
    let store = store(root.section("store"));
    let settings = Settings {
        server: server(root.section("server")),
        archive: archive::read(root.section("archive"), &store),
        store,
        sending: sending(root.section("sending")),
        channels: channels::all(&root),
        ai: ai::read(root.section("ai")),
        privacy: privacy(root.section("privacy")),
        learning: learning(root.section("learning")),
        logging: logging(root.section("logging")),
    };
    for later in ["routing", "console"] {
        root.section(later).finish();
    }
    root.finish();
    settings
}

fn server(section: Section<'_>) -> Server {
    let address = |key, default: &str| {
        section
            .parsed(key, "an address like 127.0.0.1:8080", |text| {
                text.parse().ok()
            })
            .unwrap_or_else(|| default.parse().expect("defaults are good addresses"))
    };
    let listen: SocketAddr = address("listen", "127.0.0.1:8080");
    let internal_listen: SocketAddr = address("internal_listen", "127.0.0.1:9464");
    if listen == internal_listen && listen.port() != 0 {
        section.fault(
            "internal_listen",
            &format!("\"{internal_listen}\", which is the public listener too"),
            "another port: metrics and admin never share the public listener",
        );
    } else if !internal_listen.ip().is_loopback() {
        section.warn(
            "internal_listen",
            &format!("\"{internal_listen}\", reachable from other machines"),
            "a loopback address, or a network only operators reach: /admin asks no password",
        );
    }
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let server = Server {
        listen,
        internal_listen,
        workers: count(&section, "workers", cores.min(64), 64),
        body_cap: section.size(
            "body_cap",
            ByteSize::mib(2),
            ByteSize::kib(64)..=ByteSize::mib(64),
        ),
        max_in_flight: count(&section, "max_in_flight", 1024, 65_536),
        drain_timeout: section.span(
            "drain_timeout",
            Span::secs(25),
            Span::secs(1)..=Span::mins(10),
        ),
    };
    section.finish();
    server
}

fn privacy(section: Section<'_>) -> Privacy {
    let bounds = Span::hours(24)..=Span::hours(24 * 3_650);
    let days = |text: &str| match text {
        "forever" => Some(None),
        _ => parse_span(text)
            .filter(|span| bounds.contains(span))
            .map(Some),
    };
    let keep_archive = section
        .parsed(
            "keep_archive",
            "\"forever\", or a duration like \"90d\", from 1d to 3650d",
            days,
        )
        .flatten();
    section.finish();
    Privacy { keep_archive }
}

fn learning(section: Section<'_>) -> Learning {
    let bounds = Span::hours(1)..=Span::hours(30 * 24);
    let min_count = section.integer("min_count", 1..=1_000);
    let learning = Learning {
        keep: section.span("keep", Span::hours(7 * 24), bounds),
        mask: section.flag("mask", true),
        min_count: min_count
            .and_then(|count| u64::try_from(count).ok())
            .unwrap_or(3),
    };
    section.finish();
    learning
}

fn count(section: &Section<'_>, key: &'static str, default: usize, most: i64) -> NonZeroUsize {
    section
        .integer(key, 1..=most)
        .and_then(|number| usize::try_from(number).ok())
        .and_then(NonZeroUsize::new)
        .or(NonZeroUsize::new(default))
        .unwrap_or(NonZeroUsize::MIN)
}

fn store(section: Section<'_>) -> Store {
    let redis = section.choice("kind", &[("embedded", false), ("redis", true)], false);
    let path = PathBuf::from(section.words("path", 1..=1_024).unwrap_or("data"));
    let free_space_floor = section.size(
        "free_space_floor",
        ByteSize::gib(1),
        ByteSize::mib(16)..=ByteSize::gib(1_024),
    );
    let keep_feed = section.span(
        "keep_feed",
        Span::hours(7 * 24),
        Span::hours(1)..=Span::hours(30 * 24),
    );
    let kind = if redis {
        StoreKind::Redis(redis::read(&section))
    } else {
        StoreKind::Embedded
    };
    if !redis {
        redis::without_effect(&section);
    }
    let store = Store {
        kind,
        path,
        free_space_floor,
        keep_feed,
    };
    let socket = store.socket();
    let length = socket.as_os_str().len();
    if length > SOCKET_PATH_MAX {
        section.warn(
            "path",
            &format!("{length} bytes in {}", socket.display()),
            &format!(
                "at most {SOCKET_PATH_MAX} bytes, or the commands cannot reach the running server"
            ),
        );
    }
    section.finish();
    store
}

fn sending(section: Section<'_>) -> Sending {
    let sending = Sending {
        late_answers: section.choice(
            "late_answers",
            &[
                ("wait", LateAnswers::Wait),
                ("push", LateAnswers::Push),
                ("drop", LateAnswers::Drop),
            ],
            LateAnswers::Wait,
        ),
        max_wait: section.span("max_wait", Span::mins(10), Span::secs(10)..=Span::hours(24)),
        auto_push_per_hour: section
            .integer("auto_push_per_hour", 0..=4_000)
            .and_then(|number| u32::try_from(number).ok())
            .unwrap_or(20),
        agents_quota_share: section.share("agents_quota_share", 0.5),
        fetch_profile: section.flag("fetch_profile", false),
        line_rate_per_second: section
            .integer("line_rate_per_second", 1..=1_000_000)
            .and_then(|number| u32::try_from(number).ok())
            .unwrap_or(1_900),
    };
    section.finish();
    sending
}

fn logging(section: Section<'_>) -> Logging {
    let levels = [
        ("error", LogLevel::Error),
        ("warn", LogLevel::Warn),
        ("info", LogLevel::Info),
        ("debug", LogLevel::Debug),
        ("trace", LogLevel::Trace),
    ];
    let formats = [
        ("auto", LogFormat::Auto),
        ("json", LogFormat::Json),
        ("text", LogFormat::Text),
    ];
    let logging = Logging {
        level: section.choice("level", &levels, LogLevel::Info),
        format: section.choice("format", &formats, LogFormat::Auto),
    };
    section.finish();
    logging
}
