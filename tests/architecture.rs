//! The floors of the house: an arrow between rooms only goes down, and a few things have one home.
//!
//! Reads every `crate::…` path in `src/` as text, so it also sees paths inside functions.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Room → floor. A room may use rooms on lower floors, never a sibling.
const FLOORS: [(&str, u8); 17] = [
    ("cli", 7),
    ("app", 6),
    ("server", 5),
    ("simulator", 5),
    ("line", 4),
    ("stages", 4),
    ("actors", 3),
    ("store", 3),
    ("automation", 3),
    ("assistant", 3),
    ("connector", 3),
    ("ports", 2),
    ("config", 2),
    ("line_wire", 2),
    ("telemetry", 2),
    ("domain", 1),
    ("lib", 8),
];

/// What a room may use besides the floors' rule.
fn only(room: &str) -> Option<&'static [&'static str]> {
    match room {
        // The simulator stands for LINE: it must not share our edge's mistakes.
        "simulator" => Some(&["line_wire", "domain"]),
        _ => None,
    }
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// Every source file with its room and its code, comments left out.
fn sources() -> Vec<(PathBuf, String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    files(&src, &mut paths);
    paths
        .into_iter()
        .map(|path| {
            let inside = path.strip_prefix(&src).unwrap();
            let room = inside
                .components()
                .next()
                .unwrap()
                .as_os_str()
                .to_string_lossy();
            let room = room.trim_end_matches(".rs").to_string();
            let text = fs::read_to_string(&path).unwrap();
            let code: Vec<&str> = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect();
            (path, room, code.join("\n"))
        })
        .collect()
}

/// The rooms a text names as `crate::room`, also within `use crate::{a, b}`.
fn rooms_named(code: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    let mut rest = code;
    while let Some(at) = rest.find("crate::") {
        // `$crate::` and `hotline::` paths do not occur in the library.
        rest = &rest[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            // Only first words matter; later ones (`a::b`) name no room and do no harm.
            let mut depth = 1;
            let mut word = String::new();
            for letter in list.chars() {
                if letter.is_alphanumeric() || letter == '_' {
                    word.push(letter);
                    continue;
                }
                if depth == 1 && !word.is_empty() {
                    named.insert(std::mem::take(&mut word));
                }
                word.clear();
                depth += i32::from(letter == '{') - i32::from(letter == '}');
                if depth == 0 {
                    break;
                }
            }
        } else {
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            named.insert(rest[..end].to_string());
        }
    }
    named
}

#[test]
fn arrows_only_go_down() {
    let floors: BTreeMap<&str, u8> = FLOORS.into_iter().collect();
    let mut broken = Vec::new();
    for (path, room, code) in sources() {
        if room == "main" {
            continue;
        }
        let floor = *floors
            .get(room.as_str())
            .unwrap_or_else(|| panic!("{}: room {room} has no floor", path.display()));
        for target in rooms_named(&code) {
            let Some(&target_floor) = floors.get(target.as_str()) else {
                continue;
            };
            if target == room {
                continue;
            }
            if target_floor >= floor {
                broken.push(format!(
                    "{}: {room} (floor {floor}) uses {target} (floor {target_floor}): an arrow only \
                     goes down, and siblings do not know each other",
                    path.display()
                ));
            }
            if let Some(allowed) = only(&room)
                && !allowed.contains(&target.as_str())
            {
                broken.push(format!(
                    "{}: {room} may use only {allowed:?}, not {target}",
                    path.display()
                ));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_reader_of_arrows_sees_them() {
    assert!(rooms_named("use crate::actors::X;").contains("actors"));
    let list = rooms_named("use crate::{line::a, store::{b, c}, ports};");
    assert!(
        ["line", "ports", "store"]
            .iter()
            .all(|room| list.contains(*room)),
        "{list:?}"
    );
}

#[test]
fn the_core_imports_only_std_serde_and_thiserror() {
    for (path, room, code) in sources() {
        let is_test = path
            .parent()
            .is_some_and(|dir| dir.ends_with("conversation/tests"));
        if room != "domain" || is_test || path.ends_with("conversation/tests.rs") {
            continue;
        }
        for line in code.lines().map(str::trim) {
            let Some(used) = line
                .strip_prefix("use ")
                .or_else(|| line.strip_prefix("pub use "))
            else {
                continue;
            };
            let root = used
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .next()
                .unwrap();
            let inner = used.chars().next().is_some_and(char::is_uppercase);
            let allowed =
                ["std", "serde", "thiserror", "crate", "super", "self"].contains(&root) || inner;
            // Re-exports of the room's own files.
            let own = path.ends_with("mod.rs") && code.contains(&format!("mod {root};"));
            assert!(
                allowed || own,
                "{}: the core may not use {root}",
                path.display()
            );
        }
    }
}

#[test]
fn only_stores_attest_a_commit() {
    for (path, room, code) in sources() {
        if code.contains("Committed::attest(") {
            let test = path.ends_with("conversation/tests.rs");
            assert!(
                room == "store" || test,
                "{}: only a store knows",
                path.display()
            );
        }
    }
}

#[test]
fn nothing_is_left_undone() {
    for (path, _, code) in sources() {
        for word in ["todo!(", "unimplemented!(", "dbg!("] {
            assert!(!code.contains(word), "{}: {word}", path.display());
        }
    }
}

#[test]
fn every_metric_of_the_catalogue_is_documented() {
    let doc = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md"))
        .expect("docs/metrics.md is there");
    for metric in hotline::telemetry::catalogue::CATALOGUE {
        assert!(
            doc.contains(&format!("`{}`", metric.name)),
            "{} is not in docs/metrics.md",
            metric.name
        );
    }
}
