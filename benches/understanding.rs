//! What understanding costs: per message of at most 50 characters, and at start-up.
//!
//! `cargo bench --bench understanding -- [passes]`
//!
//! Four configs: `300` is the sample shop cut to 300 lexicon words and 2,000 examples; `sample` is the shop as
//! shipped; `10,000` is the shop with 11,400 further keywords in 1,900 rules and 1,000 further articles; `300+` is
//! the first with them. The messages are those of tests/nlu/public.jsonl. Every message is timed by itself, the
//! clock's own cost included; the configs take turns, so that a busy host slows all of them.

use hotline::automation::Engine;
use hotline::config;
use hotline::domain::time::Millis;
use hotline::ports::understand::Understand;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use toml::{Table, Value};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const AT: Millis = Millis(1_778_048_400_000);

fn main() {
    let passes = std::env::args().filter_map(|word| word.parse().ok()).next();
    let passes: usize = passes.unwrap_or(200);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::temp_dir().join(format!("understanding-{}", std::process::id()));
    let sample = root.join("config");
    let cut = shop(&sample, &folder.join("cut"), Some(300), 2_000);
    let (large, cut_large) = (folder.join("large"), folder.join("cut-large"));
    shop(&sample, &large, None, usize::MAX);
    shop(&sample, &cut_large, Some(300), 2_000);
    for large in [&large, &cut_large] {
        keywords(large);
        articles(large);
    }
    let configs = [
        ("300", cut),
        ("sample", sample),
        ("300+", cut_large),
        ("10,000", large),
    ];
    let engines = configs.map(|(name, dir)| (name, start(name, &dir)));
    let messages = messages(&root.join("tests/nlu/public.jsonl"));
    println!(
        "{} messages of at most 50 characters, {passes} passes",
        messages.len()
    );
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); engines.len()];
    for pass in 0..=passes {
        for ((_, engine), times) in engines.iter().zip(&mut times) {
            for message in &messages {
                let begun = Instant::now();
                black_box(engine.understand(black_box(message), AT));
                // The first pass warms the caches.
                if pass > 0 {
                    times.push(begun.elapsed());
                }
            }
        }
    }
    println!("config     mean us   p50 us   p99 us  p99.9 us");
    for ((name, _), times) in engines.iter().zip(&mut times) {
        times.sort();
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        let share = |share: f64| micros(times[((times.len() - 1) as f64 * share) as usize]);
        let mean = micros(times.iter().sum::<Duration>()) / times.len() as f64;
        println!(
            "{name:<8} {mean:>9.2} {:>8.2} {:>8.2} {:>9.2}",
            share(0.5),
            share(0.99),
            share(0.999)
        );
    }
    fs::remove_dir_all(&folder).expect("the bench's own folder");
}

/// Reads and teaches an engine, and says how long each took.
fn start(name: &str, dir: &Path) -> Engine {
    let begun = Instant::now();
    let loaded = config::load(dir, &|_| None).expect("a good config");
    let read = begun.elapsed();
    let begun = Instant::now();
    let (engine, _) = Engine::build(&loaded.automation).expect("a good config");
    println!(
        "start-up {name:<7} files read in {:.0} ms, built and taught in {:.0} ms",
        read.as_secs_f64() * 1e3,
        begun.elapsed().as_secs_f64() * 1e3
    );
    engine
}

fn messages(file: &Path) -> Vec<String> {
    let lines = fs::read_to_string(file).expect("labelled messages");
    let texts = lines.lines().map(|line| {
        let row: serde_json::Value = serde_json::from_str(line).expect("a row");
        row["text"].as_str().expect("a text").to_owned()
    });
    texts.filter(|text| text.chars().count() <= 50).collect()
}

/// A copy of a config folder with the lexicon and the examples cut evenly.
fn shop(from: &Path, to: &Path, words: Option<usize>, examples: usize) -> PathBuf {
    fs::create_dir_all(to.join("automation")).expect("a folder");
    fs::create_dir_all(to.join("knowledge")).expect("a folder");
    let files = |folder: &str| {
        let folder = fs::read_dir(from.join(folder)).expect("a folder");
        let mut files: Vec<PathBuf> = folder.map(|entry| entry.expect("a file").path()).collect();
        files.sort();
        files
    };
    fs::copy(from.join("hotline.toml"), to.join("hotline.toml")).expect("a copy");
    for file in files("knowledge") {
        fs::copy(
            &file,
            to.join("knowledge").join(file.file_name().expect("a name")),
        )
        .expect("a copy");
    }
    let mut tables: Vec<(PathBuf, Table)> = Vec::new();
    for file in files("automation") {
        let target = to
            .join("automation")
            .join(file.file_name().expect("a name"));
        if file.extension().is_some_and(|end| end == "toml") {
            let text = fs::read_to_string(&file).expect("a file");
            tables.push((target, text.parse().expect("TOML")));
        } else {
            fs::copy(&file, target).expect("a copy");
        }
    }
    let lists = |key: &'static str| move |table: &Table| -> usize { count(table, key) };
    let all: usize = tables
        .iter()
        .map(|(_, table)| lists("examples")(table))
        .sum();
    for (target, table) in &mut tables {
        if all > examples {
            keep(table, "examples", examples as f64 / all as f64);
        }
        if let (Some(most), Some(Value::Array(groups))) = (words, table.get_mut("lexicon")) {
            let all: usize = groups
                .iter()
                .filter_map(Value::as_table)
                .map(lists("words"))
                .sum();
            for group in groups.iter_mut().filter_map(Value::as_table_mut) {
                keep(group, "words", most as f64 / all as f64);
            }
        }
        fs::write(target, table.to_string()).expect("written");
    }
    to.to_owned()
}

/// Strings in the lists of this name, at any depth.
fn count(table: &Table, key: &str) -> usize {
    let inside = |value: &Value| match value {
        Value::Table(table) => count(table, key),
        Value::Array(items) => items
            .iter()
            .filter_map(Value::as_table)
            .map(|t| count(t, key))
            .sum(),
        _ => 0,
    };
    let here = table.get(key).and_then(Value::as_array).map_or(0, Vec::len);
    here + table.values().map(inside).sum::<usize>()
}

/// Keeps a share of every list of this name, at least one of each.
fn keep(table: &mut Table, key: &str, share: f64) {
    if let Some(Value::Array(items)) = table.get_mut(key) {
        let most = ((items.len() as f64 * share) as usize).max(1);
        let step = items.len().div_ceil(most).max(1);
        let mut at = 0;
        items.retain(|_| {
            at += 1;
            (at - 1) % step == 0
        });
    }
    for (_, value) in table.iter_mut() {
        match value {
            Value::Table(table) => keep(table, key, share),
            Value::Array(items) => {
                for table in items.iter_mut().filter_map(Value::as_table_mut) {
                    keep(table, key, share);
                }
            }
            _ => {}
        }
    }
}

/// Words out of common characters, the same in every run.
fn word(number: usize) -> String {
    let letters: Vec<char> = "茶山水花月雪風雲石竹松梅蘭菊桂荷杏桃李櫻紅橙黃綠藍紫黑白金銀銅鐵木火土日星光影春夏秋冬早晚".chars().collect();
    let mut rest = number * 7_919 + 13;
    let mut word = String::new();
    for _ in 0..4 {
        word.push(letters[rest % letters.len()]);
        rest = rest / letters.len() + number % 31;
    }
    word.push_str(&number.to_string());
    word
}

fn keywords(dir: &Path) {
    let mut text = String::new();
    for rule in 0..1_900 {
        let terms: Vec<String> = (0..6)
            .map(|term| format!("\"{}\"", word(rule * 6 + term)))
            .collect();
        text.push_str(&format!(
            "[[keyword]]\nid = \"more_{rule}\"\nterms = [{}]\nreply = [{{ type = \"text\", text = \"x\" }}]\n",
            terms.join(", ")
        ));
    }
    fs::write(dir.join("automation/more.toml"), text).expect("written");
}

fn articles(dir: &Path) {
    for number in 0..1_000 {
        let title = word(number);
        let body = (0..40)
            .map(|at| word(number * 40 + at))
            .collect::<Vec<_>>()
            .join("，");
        let text = format!("---\nid: more_{number}\ntitle: {title}\n---\n\n{body}\n");
        fs::write(dir.join(format!("knowledge/more_{number}.md")), text).expect("written");
    }
}
