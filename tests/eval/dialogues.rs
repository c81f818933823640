//! Whole dialogues, turn by turn, through the real webhook: the program as a process, LINE, the order
//! system and a scripted assistant from the simulator. What became of a turn is read from the
//! conversation as it is stored.
//!
//! The dialogue's clock is kept by moving the program's wall clock, its opening hours and number of
//! failures by the config.

use super::support::process::Hotline;
use super::{repo, sets};
use hotline::simulator::assistant::{Script, Setup};
use hotline::simulator::{ChannelOptions, Options, Simulator, SimulatorThread};
use hotline::simulator::{What, orders};
use serde_json::Value;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const CHANNEL: &str = "main";
/// A turn that is not over after this never will be.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn dialogues_are_handled_right() {
    for set in sets("turns") {
        let (mut turns, mut right) = (0u32, 0u32);
        for dialogue in &set.rows {
            let wrong = play(dialogue);
            let all = dialogue["turns"].as_array().unwrap().len();
            turns += all as u32;
            right += (all - wrong.len()) as u32;
            for line in wrong {
                println!("  {} {}: {line}", set.name, dialogue["id"]);
            }
        }
        let share = f64::from(right) / f64::from(turns);
        super::floors::hold(&set.name, &[("turns handled right", share)]);
    }
}

/// Plays a dialogue; a line for each turn that was not handled as expected.
fn play(dialogue: &Value) -> Vec<String> {
    let stage = Stage::new(&dialogue["settings"]);
    let turns = dialogue["turns"].as_array().unwrap().iter();
    turns
        .enumerate()
        .filter_map(|(n, turn)| {
            let confidence = turn["ai_mock"]["confidence"].as_f64();
            let shown = stage.turn(turn["user"].as_str().unwrap(), confidence);
            let wrong = differences(&turn["expect"], &shown);
            (!wrong.is_empty())
                .then(|| format!("turn {} {}: {}", n + 1, turn["user"], wrong.join("; ")))
        })
        .collect()
}

/// A program, its world, and one customer.
struct Stage {
    simulator: SimulatorThread,
    hotline: Hotline,
    config: PathBuf,
    customer: String,
    _root: tempfile::TempDir,
}

impl Stage {
    fn new(settings: &Value) -> Stage {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let options = Options {
            channels: vec![ChannelOptions::new(CHANNEL, "eval-secret", "eval-token")],
            ..Options::default()
        };
        let simulator = Simulator::spawn(options, listener).unwrap();
        let root = tempfile::tempdir().unwrap();
        let config = write_config(root.path(), settings, &simulator.url());
        let shift = millis_of(settings["clock"].as_str().unwrap()) - now();
        simulator.platform.orders().set_up(orders::Setup {
            any: true,
            ..orders::Setup::default()
        });
        let orders = format!("{}/shop", simulator.url());
        let environment = [
            ("HOTLINE_WALL_SHIFT", shift.to_string()),
            ("ORDER_API", orders),
        ];
        let environment = environment
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let hotline = Hotline::serve(&config, &root.path().join("log"), &environment);
        let url = format!("http://{}/line/{CHANNEL}/webhook", hotline.public);
        simulator.platform.set_webhook_url(CHANNEL, Some(&url));
        let customer = simulator.platform.create_customer(CHANNEL, None, "zh-TW");
        let customer = customer.unwrap().user_id.to_string();
        Stage {
            simulator,
            hotline,
            config,
            customer,
            _root: root,
        }
    }

    /// Says a text and waits until nothing is under way any more.
    fn turn(&self, text: &str, confidence: Option<f64>) -> Value {
        let platform = &self.simulator.platform;
        platform.assistant().set_up(Setup {
            default: Script::sure(confidence.unwrap_or(0.9)),
            ..Setup::default()
        });
        let before = platform.journal().last_seq();
        let minted = platform
            .customer_says(CHANNEL, &self.customer, text)
            .unwrap();
        platform.enqueue(platform.channel(CHANNEL).unwrap(), minted);
        let until = Instant::now() + PATIENCE;
        loop {
            assert!(
                Instant::now() < until,
                "{text}: the turn never ends: {:?} {}",
                self.shown(),
                self.hotline.last_words()
            );
            let taken = platform
                .journal()
                .entries_since(before)
                .iter()
                .any(|entry| matches!(entry.what, What::Webhook(_)));
            if let Some(shown) = self.shown().filter(|_| taken) {
                let busy = shown["asking"] == true
                    || shown["flow_state"] == "calling"
                    || shown["owed"] != 0;
                if !busy {
                    return shown;
                }
            }
            std::thread::yield_now();
        }
    }

    fn shown(&self) -> Option<Value> {
        let output = Command::new(env!("CARGO_BIN_EXE_hotline"))
            .args(["conversation", "show", "--json", "--channel", CHANNEL])
            .args(["--customer", &self.customer, "--config"])
            .arg(&self.config)
            .output()
            .unwrap();
        serde_json::from_slice(&output.stdout).ok()
    }
}

/// The sample's automation and knowledge, with the dialogue's settings.
fn write_config(root: &Path, settings: &Value, simulator: &str) -> PathBuf {
    let folder = root.join("config");
    for part in ["automation", "knowledge"] {
        std::fs::create_dir_all(folder.join(part)).unwrap();
        for entry in std::fs::read_dir(repo().join("config").join(part)).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, folder.join(part).join(path.file_name().unwrap())).unwrap();
        }
    }
    let failures = settings["max_failures"].as_u64().unwrap();
    let flows = folder.join("automation/flows.toml");
    let text = std::fs::read_to_string(&flows).unwrap();
    let text: Vec<String> = text
        .lines()
        .map(|line| match line.starts_with("max_failures") {
            true => format!("max_failures = {failures}"),
            false => line.to_owned(),
        })
        .collect();
    std::fs::write(&flows, text.join("\n")).unwrap();
    let hours = hours(settings["business_hours"].as_str().unwrap());
    std::fs::write(folder.join("automation/hours.toml"), hours).unwrap();
    let data = root.join("data");
    let settings = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\ninternal_listen = \"127.0.0.1:0\"\nworkers = 1\n\
         [store]\npath = \"{}\"\n[[channels]]\nid = \"{CHANNEL}\"\nsecret = \"eval-secret\"\n\
         access_token = \"eval-token\"\napi_base = \"{simulator}\"\ndata_api_base = \"{simulator}\"\n\
         [ai]\nprovider = \"openai\"\nbase_url = \"{simulator}/openai/v1\"\nmodel = \"fake\"\napi_key = \"eval-key\"\n\
         min_confidence = {}\ndirect_answers = false\ndebounce = \"300ms\"\n[logging]\nformat = \"json\"\n",
        data.display(),
        settings["ai_confidence_threshold"],
    );
    std::fs::write(folder.join("hotline.toml"), settings).unwrap();
    folder
}

/// `Mon-Fri 09:00-18:00 Asia/Taipei` as the config says it.
fn hours(text: &str) -> String {
    const DAYS: [(&str, &str); 7] = [
        ("Mon", "monday"),
        ("Tue", "tuesday"),
        ("Wed", "wednesday"),
        ("Thu", "thursday"),
        ("Fri", "friday"),
        ("Sat", "saturday"),
        ("Sun", "sunday"),
    ];
    let parts: Vec<&str> = text.split(' ').collect();
    let [days, hours, "Asia/Taipei"] = parts[..] else {
        panic!("{text:?} are no opening hours of a dialogue");
    };
    let place = |name: &str| DAYS.iter().position(|(short, _)| *short == name).unwrap();
    let (first, last) = days.split_once('-').unwrap_or((days, days));
    let mut written = "[hours]\nutc_offset = \"+08:00\"\n".to_owned();
    for (_, day) in &DAYS[place(first)..=place(last)] {
        written += &format!("{day} = [\"{hours}\"]\n");
    }
    written
}

/// `2026-05-06T14:20:00+08:00` in milliseconds since 1970.
fn millis_of(clock: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| clock[range].parse::<i64>().unwrap();
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    // Days since 1970 (Gregorian).
    let shifted = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let days = 365 * shifted + shifted / 4 - shifted / 100
        + shifted / 400
        + (153 * month_from_march + 2) / 5
        + day
        - 1
        - 719_468;
    let seconds = number(11..13) * 3_600 + number(14..16) * 60 + number(17..19);
    let offset = number(20..22) * 3_600 + number(23..25) * 60;
    assert_eq!(
        &clock[19..20],
        "+",
        "a dialogue's clock is east of Greenwich"
    );
    (days * 86_400 + seconds - offset) * 1_000
}

fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis() as i64
}

/// What is shown and not as expected.
fn differences(expected: &Value, shown: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let handlers = expected["handler"].as_array().cloned();
    let handlers = handlers.unwrap_or_else(|| vec![expected["handler"].clone()]);
    if !handlers.contains(&shown["handler"]) {
        wrong.push(format!(
            "handler {} for {}",
            shown["handler"], expected["handler"]
        ));
    }
    for name in ["intent", "wants_human", "faq", "flow", "flow_state"] {
        // Who opens the flow of returns may report the rule that fits, too (LABELS, 3).
        let either = name == "faq" && shown["handler"] == "flow" && shown["faq"] == "returns";
        if expected[name] != shown[name] && !either {
            wrong.push(format!("{name} {} for {}", shown[name], expected[name]));
        }
    }
    let empty = serde_json::Map::new();
    for (name, value) in expected["slots"].as_object().unwrap_or(&empty) {
        let slots = shown["slots"].as_array().unwrap().iter();
        let found = slots
            .filter(|slot| slot[0] == name.as_str())
            .map(|slot| &slot[1])
            .next();
        let found = found.and_then(Value::as_str).unwrap_or_default();
        let value = value.as_str().unwrap();
        let fits = match name.as_str() {
            "reason" => found.contains(value),
            _ => plain(found) == plain(value),
        };
        if !fits {
            wrong.push(format!("slot {name} {found:?} for {value:?}"));
        }
    }
    wrong
}

/// Letters and digits alone, in one form.
fn plain(text: &str) -> String {
    let narrow = text.chars().map(|c| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        _ => c,
    });
    narrow
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_uppercase)
        .collect()
}
