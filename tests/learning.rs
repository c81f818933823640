//! What was not understood and what is proposed for it: through the real program, and as pure functions.

mod support;

use hotline::automation::Engine;
use hotline::automation::learning::{Kind, Missed, Pair, Proposal, learned, proposals};
use hotline::config;
use hotline::domain::time::Millis;
use hotline::simulator::{Action, ChannelOptions, Minted, Options, Simulator, SimulatorThread};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use support::admin;
use support::config::{CHANNEL, Config};
use support::process::Hotline;

/// A Wednesday at 14:20 in Taipei.
const NOON: Millis = Millis(1_778_048_400_000);

const FALLBACK: &str = "[fallback]\nreply = [{ type = \"text\", text = \"sorry\" }]\n";

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

// Pure functions.

/// A shop that knows a fee rule and an article on delivery.
fn engine() -> (tempfile::TempDir, Engine) {
    let dir = tempfile::tempdir().unwrap();
    let hotline = "[[channels]]\nid = \"main\"\nsecret = \"s\"\naccess_token = \"t\"\n";
    write(dir.path(), "hotline.toml", hotline);
    let rules = "[[keyword]]\nid = \"coupon\"\nterms = [\"優惠券\", \"運費\"]\n\
                 reply = [{ type = \"text\", text = \"x\" }]\n";
    write(dir.path(), "automation/keywords.toml", rules);
    write(dir.path(), "automation/fallback.toml", FALLBACK);
    let words = "[search]\ndirect_threshold = 0.97\n[[search_words]]\nid = \"again\"\n\
                 words = [\"再次投遞\", \"再送\", \"不在家\"]\n";
    write(dir.path(), "automation/search.toml", words);
    let article = "---\nid: delivery\ntitle: 宅配時段與再次投遞\naliases: [管理室可以代收嗎, 離島運費多少]\n---\n\
                   第一次沒有遇到收件人，司機會留下通知單並於隔日再送一次；大樓管理室可以代收。\n";
    write(dir.path(), "knowledge/delivery.md", article);
    let hours = "---\nid: hours\ntitle: 營業時間\n---\n每日 10:30 開門，20:30 打烊。\n";
    write(dir.path(), "knowledge/hours.md", hours);
    let loaded = config::load(dir.path(), &|_| None).unwrap();
    let engine = Engine::build(&loaded.automation).unwrap().0;
    (dir, engine)
}

fn missed(text: &str, count: u64) -> Missed {
    Missed {
        folded: hotline::automation::fold::fold(text),
        count,
        customers: 2,
        samples: vec![text.to_owned()],
        ..Missed::default()
    }
}

fn only(proposals: &[Proposal]) -> &Proposal {
    assert_eq!(proposals.len(), 1, "{proposals:#?}");
    &proposals[0]
}

#[test]
fn an_article_that_nearly_fits_is_proposed_an_alias() {
    let (_dir, engine) = engine();
    let forms = [missed("司機來的時候我不在家", 4), missed("今天不在家耶", 1)];
    let proposals = proposals(&forms, &engine, 3, NOON);
    let alias = only(&proposals);
    assert_eq!((alias.kind, &*alias.target), (Kind::Alias, "delivery"));
    assert_eq!((alias.messages, alias.customers), (5, 2));
    assert_eq!(alias.paste, "  - 司機來的時候我不在家\n  - 今天不在家耶\n");
    assert_eq!(alias.samples[0].count, 4);
}

#[test]
fn a_pasted_alias_settles_what_it_was_proposed_for() {
    let (dir, engine) = engine();
    let forms = [missed("司機來的時候我不在家", 4)];
    let alias = only(&proposals(&forms, &engine, 3, NOON)).paste.clone();
    let article = format!(
        "---\nid: delivery\ntitle: 宅配時段與再次投遞\naliases:\n{alias}---\n隔日再送一次。\n"
    );
    write(dir.path(), "knowledge/delivery.md", &article);
    write(
        dir.path(),
        "automation/search.toml",
        "[search]\ndirect_threshold = 0.7\n",
    );
    let loaded = config::load(dir.path(), &|_| None).unwrap();
    let engine = Engine::build(&loaded.automation).unwrap().0;
    assert_eq!(proposals(&forms, &engine, 3, NOON), []);
}

#[test]
fn what_nothing_is_near_to_is_a_missing_article_that_check_refuses_until_it_is_written() {
    let (dir, engine) = engine();
    let forms = [missed("有賣茶筅嗎", 3), missed("請問茶筅有賣嗎", 2)];
    let proposals = proposals(&forms, &engine, 3, NOON);
    let article = only(&proposals);
    assert_eq!((article.kind, article.messages), (Kind::Article, 5));
    write(dir.path(), "knowledge/new.md", &article.paste);
    let faults = config::load(dir.path(), &|_| None)
        .and_then(|loaded| Engine::build(&loaded.automation))
        .unwrap_err();
    let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(
        said.iter().any(|fault| fault.contains("new.md:2: id:")),
        "{said:?}"
    );
    assert!(
        said.iter().any(|fault| fault.contains("found no text")),
        "{said:?}"
    );
}

#[test]
fn an_intent_that_was_guessed_is_proposed_examples() {
    let (_dir, engine) = engine();
    let mut form = missed("包裹現在在哪個城市", 3);
    form.intents = BTreeMap::from([("order_status".to_owned(), 3)]);
    let proposals = proposals(&[form], &engine, 3, NOON);
    let example = only(&proposals);
    assert_eq!(
        (example.kind, &*example.target),
        (Kind::Example, "order_status")
    );
    assert_eq!(example.paste, "  \"包裹現在在哪個城市\",\n");
}

#[test]
fn a_word_in_the_place_of_a_known_one_is_proposed_as_its_synonym() {
    let (_dir, engine) = engine();
    let found = proposals(&[missed("離島郵寄金多少", 3)], &engine, 3, NOON);
    let synonym = found.iter().find(|proposal| proposal.kind == Kind::Synonym);
    let synonym = synonym.unwrap_or_else(|| panic!("{found:#?}"));
    assert_eq!(synonym.target, "运费");
    assert_eq!(
        synonym.paste,
        "[[synonyms]]\nwords = [\"运费\", \"郵寄金\"]\n"
    );
}

#[test]
fn what_is_answered_by_now_or_too_rare_is_not_proposed() {
    let (_dir, engine) = engine();
    let forms = [missed("優惠券怎麼用", 9), missed("有賣茶筅嗎", 2)];
    assert_eq!(proposals(&forms, &engine, 3, NOON), []);
}

#[test]
fn nothing_personal_is_proposed_to_be_pasted() {
    let (_dir, engine) = engine();
    let forms = [
        missed("有賣茶筅嗎 回我 [電話1]", 5),
        missed("有賣茶筅嗎", 4),
    ];
    for proposal in proposals(&forms, &engine, 3, NOON) {
        assert!(!proposal.paste.contains("電話"), "{proposal:#?}");
    }
}

#[test]
fn agents_answers_teach_aliases() {
    let (_dir, engine) = engine();
    let pair = |question: &str, answer: &str| Pair {
        question: question.to_owned(),
        answer: answer.to_owned(),
    };
    let words = "司機會留下通知單，隔日再送一次喔，管理室也可以代收";
    let pairs = [
        pair("撲空了怎麼辦", words),
        pair("撲空了 怎麼辦？", words),
        pair("打給我 0912345678", words),
        pair("有賣茶筅嗎", "不好意思沒有唷"),
    ];
    let found = learned(&pairs, engine.knowledge());
    let alias = only(&found);
    assert_eq!((alias.kind, &*alias.target), (Kind::Alias, "delivery"));
    assert_eq!((alias.messages, &*alias.paste), (3, "  - 撲空了怎麼辦\n"));
    assert!(
        alias
            .samples
            .iter()
            .all(|sample| !sample.text.contains("0912"))
    );
}

// The real program.

struct Shop {
    simulator: SimulatorThread,
    root: tempfile::TempDir,
    config: PathBuf,
}

impl Shop {
    fn new() -> Shop {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let options = Options {
            channels: vec![ChannelOptions::new(CHANNEL, "learn-secret", "learn-token")],
            ..Options::default()
        };
        let simulator = Simulator::spawn(options, listener).unwrap();
        let root = tempfile::tempdir().unwrap();
        let config = Config {
            root: root.path(),
            api: &simulator.url(),
            secret: "learn-secret",
            token: "learn-token",
            store: "",
        }
        .write();
        write(&config, "automation/fallback.toml", FALLBACK);
        Shop {
            simulator,
            root,
            config,
        }
    }

    fn serve(&self) -> Hotline {
        let hotline = Hotline::serve(&self.config, &self.root.path().join("log"), &[]);
        let url = format!("http://{}/line/{CHANNEL}/webhook", hotline.public);
        self.simulator.platform.set_webhook_url(CHANNEL, Some(&url));
        hotline
    }

    fn enqueue(&self, minted: Minted) {
        let platform = &self.simulator.platform;
        platform.enqueue(platform.channel(CHANNEL).unwrap(), minted);
    }

    /// A customer writes; the message's id.
    fn says(&self, customer: &str, words: &str) -> String {
        let platform = &self.simulator.platform;
        let minted = platform.customer_says(CHANNEL, customer, words).unwrap();
        let id = minted.message_id.clone().unwrap();
        self.enqueue(minted);
        id
    }

    fn unsends(&self, customer: &str, message_id: String) {
        let unsend = Action::Unsend { message_id };
        let platform = &self.simulator.platform;
        self.enqueue(platform.act(CHANNEL, customer, None, &unsend).unwrap());
    }

    /// What the server says is not understood, once it fits.
    #[allow(clippy::disallowed_methods)] // the test's own thread: no arbiter is blocked
    fn unmatched(&self, fits: impl Fn(&Value) -> bool) -> Value {
        let socket = self.root.path().join("data/hotline.sock");
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let answer = admin::ask(&socket, "GET /admin/unmatched");
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
            let found: Value = serde_json::from_str(body).unwrap();
            if fits(&found) {
                return found;
            }
            assert!(Instant::now() < until, "{found:#}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn suggest(&self, more: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_hotline"))
            .arg("suggest")
            .args(more)
            .arg("--config")
            .arg(&self.config)
            .env_clear()
            .output()
            .unwrap()
    }

    /// Every file of the config and its bytes.
    fn written(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let folders = [self.config.clone(), self.config.join("automation")];
        let paths = folders
            .iter()
            .flat_map(|folder| fs::read_dir(folder).unwrap());
        let paths = paths.map(|entry| entry.unwrap().path());
        paths
            .filter(|path| path.is_file())
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect()
    }
}

#[test]
fn missed_messages_are_counted_by_form_and_an_unsent_one_is_in_no_sample() {
    let shop = Shop::new();
    let before = shop.written();
    let hotline = shop.serve();
    shop.says("u1", "有賣茶筅嗎");
    shop.says("u2", "有卖茶筅吗？");
    shop.says("u3", "有 賣 茶筅 嗎");
    shop.says("u3", "q001");
    let secret = shop.says("u4", "我家的密道在後院");
    shop.says("u5", "請回電 0912-345-678");

    let found = shop.unmatched(|found| found["missed"] == 5);
    assert_eq!(found["texts"], 6);
    let forms = found["forms"].as_array().unwrap();
    assert_eq!(forms[0]["count"], 3);
    assert_eq!(forms[0]["customers"], 3);
    assert!(found.to_string().contains("密道"));
    assert!(found.to_string().contains("[電話1]") && !found.to_string().contains("345"));

    shop.unsends("u4", secret);
    let found = shop.unmatched(|found| found["missed"] == 4);
    assert!(!found.to_string().contains("密道"), "{found:#}");

    let asked = shop.suggest(&["--json"]);
    assert_eq!(asked.status.code(), Some(0), "{asked:?}");
    let told: Value = serde_json::from_slice(&asked.stdout).unwrap();
    assert_eq!(told["proposals"].as_array().unwrap().len(), 1, "{told:#}");
    assert_eq!(told["proposals"][0]["kind"], "article");
    assert_eq!(told["proposals"][0]["messages"], 3);

    // Without a server the store itself is read, and says the same.
    hotline.kill();
    let asked = shop.suggest(&["--json"]);
    assert_eq!(asked.status.code(), Some(0), "{asked:?}");
    let at_rest: Value = serde_json::from_slice(&asked.stdout).unwrap();
    assert_eq!(at_rest["proposals"], told["proposals"]);
    assert_eq!(shop.written(), before, "nothing is written");
}

#[test]
fn customers_words_are_told_over_the_admin_socket_alone() {
    let shop = Shop::new();
    let settings = fs::read_to_string(shop.config.join("hotline.toml")).unwrap();
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let settings = settings.replace(
        "internal_listen = \"127.0.0.1:0\"",
        &format!("internal_listen = \"{free}\""),
    );
    fs::write(shop.config.join("hotline.toml"), settings).unwrap();
    let _hotline = shop.serve();
    let mut stream = std::net::TcpStream::connect(free).unwrap();
    let request = "GET /admin/unmatched HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
}

#[test]
fn a_bad_file_of_answers_is_told_with_its_line() {
    let shop = Shop::new();
    let file = shop.root.path().join("answers.jsonl");
    fs::write(&file, "{\"question\":\"a\",\"answer\":\"b\"}\nnonsense\n").unwrap();
    let asked = shop.suggest(&["--answers", file.to_str().unwrap()]);
    assert_eq!(asked.status.code(), Some(1));
    let said = String::from_utf8(asked.stderr).unwrap();
    assert!(said.contains("answers.jsonl:2: found "), "{said}");
}
