//! What a good config becomes: defaults, variables, secrets.

use hotline::config::settings::{
    AccessToken, AiProvider, Durability, Groups, RedisServers, StoreKind,
};
use hotline::config::{self, ByteSize, Fault, Settings};
use hotline::domain::playbook::{Assistance, Policy};
use hotline::domain::time::Span;
use std::path::Path;
use tempfile::TempDir;

const CHANNEL: &str = "[[channels]]\nid = \"main\"\nsecret = \"s\"\naccess_token = \"t\"\n";

fn folder(text: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("hotline.toml"), text).unwrap();
    dir
}

fn sample() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config")
}

fn settings(text: &str) -> Result<Settings, Vec<Fault>> {
    let dir = folder(text);
    config::load(dir.path(), &|_| None)?.settings()
}

#[test]
fn settings_are_not_had_while_a_variable_is_unset() {
    let loaded = config::load(&sample(), &|_| None).unwrap();
    let missing = loaded.settings().unwrap_err();
    assert_eq!(missing.len(), 2);
    assert!(missing.iter().all(Fault::is_fault));
    let shown = missing[0].to_string();
    assert!(
        shown.contains("hotline.toml:") && shown.contains("LINE_CHANNEL_SECRET"),
        "{shown}"
    );

    let env = |name: &str| Some(format!("value of {name}"));
    let settings = config::load(&sample(), &env).unwrap().settings().unwrap();
    let channel = settings.channel("main").unwrap();
    assert_eq!(
        channel.secrets.current.expose(),
        "value of LINE_CHANNEL_SECRET"
    );
    assert!(
        !format!("{settings:?}").contains("value of"),
        "secrets stay hidden"
    );
}

#[test]
fn any_string_may_come_from_a_variable() {
    let text = format!(
        "[server]\nlisten = \"${{ADDRESS}}\"\nworkers = \"${{THREADS}}\"\n[sending]\nmax_wait = \"${{WAIT}}\"\n{CHANNEL}"
    );
    let dir = folder(&text);
    let env = |name: &str| match name {
        "ADDRESS" => Some("0.0.0.0:80".to_owned()),
        "THREADS" => Some("3".to_owned()),
        "WAIT" => Some("1h".to_owned()),
        _ => None,
    };
    let settings = config::load(dir.path(), &env).unwrap().settings().unwrap();
    assert_eq!(settings.server.listen.port(), 80);
    assert_eq!(settings.server.workers.get(), 3);
    assert_eq!(settings.sending.max_wait, Span::hours(1));

    let faults = config::load(dir.path(), &|_| Some("secret-ish".to_owned())).unwrap_err();
    assert_eq!(faults.iter().filter(|fault| fault.is_fault()).count(), 3);
    let shown: String = faults.iter().map(Fault::to_string).collect();
    assert!(
        shown.contains("found \"${ADDRESS}\"") && !shown.contains("secret-ish"),
        "{shown}"
    );
}

#[test]
fn the_archive_is_kept_as_long_as_written() {
    let kept = |written: &str| {
        let text = format!("[privacy]\nkeep_archive = \"{written}\"\n{CHANNEL}");
        settings(&text).unwrap().privacy.keep_archive
    };
    assert_eq!(kept("90d"), Some(Span::hours(24 * 90)));
    assert_eq!(kept("forever"), None);
}

#[test]
fn what_is_left_out_has_its_documented_default() {
    let settings = settings(CHANNEL).unwrap();
    assert_eq!(settings.privacy.keep_archive, None);
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(
        settings.server.internal_listen.to_string(),
        "127.0.0.1:9464"
    );
    assert_eq!(settings.server.body_cap, ByteSize::mib(2));
    assert_eq!(settings.server.drain_timeout, Span::secs(25));
    assert!(matches!(settings.store.kind, StoreKind::Embedded));
    assert_eq!(settings.store.socket(), Path::new("data/hotline.sock"));
    assert_eq!(settings.store.free_space_floor, ByteSize::mib(1024));
    let assistant = Assistance {
        enabled: true,
        ..Assistance::default()
    };
    let policy = Policy {
        assistant,
        ..Policy::default()
    };
    assert_eq!(settings.policy(), policy);
    assert_eq!(settings.sending.auto_push_per_hour, 20);
    let channel = &settings.channels[0];
    assert_eq!(channel.api_base.as_str(), "https://api.line.me");
    assert_eq!(channel.data_api_base.as_str(), "https://api-data.line.me");
    assert_eq!(channel.groups, Groups::WhenAddressed);
    assert!(matches!(&channel.access_token, AccessToken::Fixed(token) if token.expose() == "t"));
}

#[test]
fn the_assistant_is_as_written() {
    let bare = settings(CHANNEL).unwrap();
    assert!(matches!(bare.ai.provider, AiProvider::Knowledge));
    assert!(bare.policy().assistant.enabled);
    let none = settings(&format!("[ai]\nprovider = \"none\"\n{CHANNEL}")).unwrap();
    assert!(!none.policy().assistant.enabled);
    let written = "[ai]\nprovider = \"openai\"\nbase_url = \"http://127.0.0.1:11434/v1/\"\nmodel = \"m\"\n\
                   min_confidence = 0.75\ntimeout = \"9s\"\ndebounce = \"300ms\"\nshow_loading = false\n\
                   concurrency = 3\ndirect_answers = false\npersona = \"小嵐\"\ndaily_tokens = 0\n\
                   breaker_failures = 2\nbreaker_rest = \"10s\"\n";
    let ai = settings(&format!("{written}{CHANNEL}")).unwrap().ai;
    let assistance = ai.assistance();
    assert!(assistance.enabled && !assistance.show_loading);
    assert_eq!((assistance.min_confidence, ai.concurrency.get()), (75, 3));
    assert_eq!(
        (assistance.timeout, assistance.debounce),
        (Span::secs(9), Span(300))
    );
    let AiProvider::OpenAi(server) = ai.provider else {
        panic!("{:?}", ai.provider);
    };
    assert_eq!(server.base_url.as_str(), "http://127.0.0.1:11434/v1");
    assert_eq!(
        (server.max_tokens, server.daily_tokens, server.tries),
        (800, 0, 2)
    );
    assert_eq!(
        (server.breaker.failures, server.breaker.longest),
        (2, Span::secs(80))
    );
    assert!(!server.direct_answers && server.api_key.is_none());
}

/// The comments of the sample say which values are defaults: they must not drift.
#[test]
fn the_sample_shows_the_defaults() {
    let env = |_: &str| Some("x".to_owned());
    let sample = config::load(&sample(), &env).unwrap().settings().unwrap();
    let bare = settings(
        "[[channels]]\nid = \"main\"\nsecret = \"x\"\naccess_token = \"x\"\ngroup_call_words = [\"小幫手\"]\n",
    )
    .unwrap();
    assert_eq!(format!("{sample:?}"), format!("{bare:?}"));
}

#[test]
fn every_way_to_redis_is_read() {
    let redis = |text: &str| {
        let text = format!("[store]\nkind = \"redis\"\n{text}\n{CHANNEL}");
        match settings(&text).unwrap().store.kind {
            StoreKind::Redis(redis) => redis.servers,
            StoreKind::Embedded => panic!("embedded"),
        }
    };
    assert!(matches!(
        redis("url = \"redis://127.0.0.1:6379\""),
        RedisServers::One(_)
    ));
    let cluster = redis("urls = [\"redis://a:1\", \"rediss://b:2\"]");
    assert!(matches!(cluster, RedisServers::Cluster(urls) if urls.len() == 2));
    let sentinel = redis("sentinels = [\"redis://a:1\"]\nmaster = \"m\"");
    assert!(matches!(sentinel, RedisServers::Sentinel { master, .. } if &*master == "m"));
}

#[test]
fn where_there_are_replicas_they_are_waited_for() {
    let durability = |text: &str| {
        let text = format!("[store]\nkind = \"redis\"\n{text}\n{CHANNEL}");
        match settings(&text).unwrap().store.kind {
            StoreKind::Redis(redis) => redis.durability,
            StoreKind::Embedded => panic!("embedded"),
        }
    };
    let one = "url = \"redis://a:1\"";
    assert_eq!(durability(one), Durability::Disk);
    assert_eq!(
        durability("urls = [\"redis://a:1\"]"),
        Durability::Replicated
    );
    let fast = format!("{one}\ndurability = \"fast\"");
    assert_eq!(durability(&fast), Durability::Fast);
}

#[test]
fn stateless_tokens_know_their_channel() {
    let text = "[[channels]]\nid = \"a\"\nsecrets = [\"new\", \"old\"]\nchannel_id = \"1650000000\"\naccess_token = \"stateless\"\n";
    let settings = settings(text).unwrap();
    let channel = &settings.channels[0];
    assert!(
        matches!(&channel.access_token, AccessToken::Stateless { channel_id } if &**channel_id == "1650000000")
    );
    let secrets: Vec<&str> = channel
        .secrets
        .iter()
        .map(|secret| secret.expose())
        .collect();
    assert_eq!(secrets, ["new", "old"]);
}
