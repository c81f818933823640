//! What an operator asks at night: is it well, and what was set aside. Without secrets in the shell.

mod support;

use hotline::simulator::{ChannelOptions, Options, Simulator, SimulatorThread};
use rustix::process::Signal;
use std::fs;
use std::fs::Permissions;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use support::config::{CHANNEL, Config};
use support::process::Hotline;

const WORDS: &str = "q001 我的電話是 0912345678";

struct Place {
    simulator: SimulatorThread,
    root: tempfile::TempDir,
    config: PathBuf,
}

impl Place {
    fn new() -> Place {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let options = Options {
            channels: vec![ChannelOptions::new(CHANNEL, "night-secret", "night-token")],
            ..Options::default()
        };
        let simulator = Simulator::spawn(options, listener).unwrap();
        let root = tempfile::tempdir().unwrap();
        let config = Config {
            root: root.path(),
            api: &simulator.url(),
            secret: "night-secret",
            token: "night-token",
            store: "",
        }
        .write();
        Place {
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

    fn says(&self, customer: &str) {
        let platform = &self.simulator.platform;
        let minted = platform.customer_says(CHANNEL, customer, WORDS).unwrap();
        platform.enqueue(platform.channel(CHANNEL).unwrap(), minted);
    }

    fn ask(&self, arguments: &[&str]) -> Output {
        ask(&self.config, arguments)
    }
}

fn ask(config: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hotline"))
        .args(arguments)
        .arg("--config")
        .arg(config)
        .env_clear()
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    format!("{out}{}", String::from_utf8_lossy(&output.stderr))
}

fn eventually(what: &str, mut is: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !is() {
        assert!(Instant::now() < until, "{what} did not come true");
        std::thread::yield_now();
    }
}

fn leaves(mut server: Hotline) {
    server.signal(Signal::TERM);
    let ended = server.ended(Duration::from_secs(25));
    assert_eq!(ended.and_then(|status| status.code()), Some(0));
}

/// Spoils every conversation's stored value.
fn spoil(folder: &Path) {
    let table = rusqlite::Connection::open(folder.join("table.db")).unwrap();
    let spoilt = table.execute("UPDATE entity SET value = x'00' WHERE kind = 1", []);
    assert!(spoilt.unwrap() > 0);
}

#[test]
fn quarantine_is_listed_while_serving_and_at_rest_without_a_word_of_the_customer() {
    let place = Place::new();
    let server = place.serve();
    let nothing = place.ask(&["quarantine"]);
    assert_eq!(nothing.status.code(), Some(0), "{}", said(&nothing));
    assert!(said(&nothing).contains("nothing is in quarantine"));
    let customer = place
        .simulator
        .platform
        .create_customer(CHANNEL, None, "zh-TW")
        .unwrap()
        .user_id
        .to_string();
    let answers = |count: usize| {
        let mut seen = 0;
        let journal = place.simulator.platform.journal();
        journal.wait_for(0, Duration::from_secs(20), |entry| {
            if let hotline::simulator::What::Call(call) = &entry.what {
                seen += call.deliveries.len();
            }
            seen >= count
        })
    };
    place.says(&customer);
    assert!(answers(1).is_some());
    leaves(server);
    spoil(&place.root.path().join("data"));

    let server = place.serve();
    place.says(&customer);
    let name = format!("{CHANNEL}/{customer}");
    eventually("the event is in quarantine", || {
        said(&place.ask(&["quarantine"])).contains(&format!("{name}  1 event (message) since "))
    });
    let serving = place.ask(&["quarantine"]);
    assert_eq!(serving.status.code(), Some(0));
    assert!(said(&serving).contains(&format!("{name}  parked until ")));
    let json = place.ask(&["quarantine", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["quarantined"][0]["conversation"], *name);
    assert_eq!(json["parked"][0]["conversation"], *name);
    // Killed, so that what is newest stands in the log alone.
    server.kill();
    let at_rest = place.ask(&["quarantine"]);
    assert_eq!(at_rest.status.code(), Some(0));
    let line = |output: &Output| said(output).lines().next().map(str::to_owned);
    assert_eq!(line(&at_rest), line(&serving));
    leaves(place.serve());
    let at_rest = place.ask(&["quarantine"]);
    assert_eq!(line(&at_rest), line(&serving));
    for output in [serving, at_rest] {
        let said = said(&output);
        assert!(
            !said.contains("0912345678") && !said.contains("我的"),
            "{said}"
        );
    }
}

#[test]
fn a_folder_that_is_not_there_is_no_all_clear() {
    let root = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let elsewhere = elsewhere.path().canonicalize().unwrap();
    fs::write(
        root.path().join("hotline.toml"),
        "[store]\npath = \"data\"\n",
    )
    .unwrap();
    let ask = || {
        Command::new(env!("CARGO_BIN_EXE_hotline"))
            .args(["quarantine", "--config"])
            .arg(root.path())
            .env_clear()
            .current_dir(&elsewhere)
            .output()
            .unwrap()
    };
    let absent = ask();
    assert_eq!(absent.status.code(), Some(3), "{}", said(&absent));
    let folder = elsewhere.join("data");
    for word in [folder.to_str().unwrap(), "WorkingDirectory", "store.path"] {
        assert!(said(&absent).contains(word), "{}", said(&absent));
    }
    assert!(!said(&absent).contains("nothing is in quarantine"));
    // Somebody else's folder of that name.
    fs::create_dir(&folder).unwrap();
    let other = ask();
    assert_eq!(other.status.code(), Some(3), "{}", said(&other));
    assert!(said(&other).contains("there is no store in this folder"));
    assert!(said(&other).contains(folder.to_str().unwrap()));
}

#[test]
fn a_folder_this_user_may_not_see_is_told_apart() {
    let root = tempfile::tempdir().unwrap();
    fs::set_permissions(root.path(), Permissions::from_mode(0o755)).unwrap();
    let closed = root.path().canonicalize().unwrap().join("closed");
    fs::create_dir_all(closed.join("data")).unwrap();
    let config = format!("[store]\npath = \"{}\"\n", closed.join("data").display());
    fs::write(root.path().join("hotline.toml"), config).unwrap();
    fs::set_permissions(
        root.path().join("hotline.toml"),
        Permissions::from_mode(0o644),
    )
    .unwrap();
    fs::set_permissions(&closed, Permissions::from_mode(0o000)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_hotline"));
    command.args(["quarantine", "--config"]).arg(root.path());
    // Everything is open to root.
    if rustix::process::geteuid().is_root() {
        command.uid(65_534);
    }
    let output = command.env_clear().current_dir("/").output();
    fs::set_permissions(&closed, Permissions::from_mode(0o700)).unwrap();
    let output = match output {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            println!("skipped: another user may not run the program from here");
            return;
        }
        output => output.unwrap(),
    };
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("may not"), "{}", said(&output));
    assert!(
        said(&output).contains(closed.to_str().unwrap()),
        "{}",
        said(&output)
    );
}

#[test]
fn health_is_an_exit_code() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let root = tempfile::tempdir().unwrap();
    let config = format!(
        "[server]\ninternal_listen = \"{addr}\"\n[[channels]]\nid = \"main\"\n\
         secret = \"${{A_SECRET_NOBODY_HAS}}\"\naccess_token = \"${{NOR_THIS}}\"\n"
    );
    fs::write(root.path().join("hotline.toml"), config).unwrap();
    let serve = std::thread::spawn(move || {
        let mut asked = Vec::new();
        for status in ["200 OK", "503 Service Unavailable", "200 OK"] {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.push(byte[0]);
            }
            let text = String::from_utf8(request).unwrap();
            asked.push(text.lines().next().unwrap().to_owned());
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 5\r\n\r\nsaid\n");
            stream.write_all(answer.as_bytes()).unwrap();
        }
        asked
    });
    let health = |more: &[&str]| {
        let output = ask(root.path(), &[&["health"], more].concat());
        (output.status.code(), said(&output))
    };
    assert_eq!(health(&[]), (Some(0), "said\n".into()));
    assert_eq!(health(&[]), (Some(1), "said\n".into()));
    assert_eq!(health(&["--live"]), (Some(0), "said\n".into()));
    let asked = serve.join().unwrap();
    assert!(asked[1].starts_with("GET /readyz "), "{asked:?}");
    assert!(asked[2].starts_with("GET /livez "), "{asked:?}");
    // The listener is gone.
    let (code, said) = health(&[]);
    assert_eq!(code, Some(1));
    assert!(said.contains(&addr.to_string()), "{said}");
}

#[test]
fn a_config_that_says_not_where_is_told_as_a_fault() {
    let root = tempfile::tempdir().unwrap();
    let config = "[server]\ninternal_listen = \"${NO_SUCH_ADDRESS}\"\n";
    fs::write(root.path().join("hotline.toml"), config).unwrap();
    let output = ask(root.path(), &["health"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("NO_SUCH_ADDRESS"),
        "{}",
        said(&output)
    );
}
