//! `hotline store`, the real program: a deployment at work is backed up, restored, copied to Redis and
//! back, and goes on where it was.

#[path = "store_support/redis.rs"]
mod redis;
mod support;

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;
use support::config::question;
use support::load;
use support::process::Hotline;
use support::world::World;

const PATIENCE: Duration = Duration::from_secs(20);

fn hotline(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hotline"))
        .args(words)
        .output()
        .unwrap()
}

fn done(words: &[&str]) -> String {
    let output = hotline(words);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{words:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn refused(words: &[&str]) -> String {
    let output = hotline(words);
    assert_eq!(output.status.code(), Some(3), "{words:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn digest(told: &str) -> &str {
    told.split("digest ")
        .nth(1)
        .expect("a digest")
        .split(' ')
        .next()
        .unwrap()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Customers ask until so many were answered, then it is quiet.
fn talk(world: &World, customers: usize, round: usize) {
    let seq = world.platform().journal().last_seq();
    for customer in 0..customers {
        load::say(world.platform(), &world.asked, customer, round);
    }
    assert!(
        world.answers_since(seq, customers, PATIENCE),
        "no answers to {}",
        question(round)
    );
}

#[test]
fn a_deployment_moves_and_goes_on() {
    let world = World::new("moving", false);
    let server = world.serve(&[]);
    talk(&world, 40, 0);
    let source = world.config("", "");

    // While it works, over its socket; an existing file is never overwritten.
    let backup = source.with_file_name("backup");
    let saved = done(&["store", "backup", path(&backup), "--config", path(&source)]);
    assert!(saved.contains("40 conversations"), "{saved}");
    let again = refused(&["store", "backup", path(&backup), "--config", path(&source)]);
    assert!(again.contains("is there already"), "{again}");
    let held = refused(&["store", "restore", path(&backup), "--config", path(&source)]);
    assert!(held.contains("another process"), "{held}");
    assert!(world.settled(PATIENCE).clean());
    drop(server);

    // Of nothing there is no backup, and nothing is made.
    let empty = world.config("empty", "");
    let none = refused(&["store", "backup", path(&backup), "--config", path(&empty)]);
    assert!(none.contains("there is no store"), "{none}");
    assert!(!empty.with_file_name("data").exists(), "something was made");

    // Into another folder, from where the same customers are served on.
    let other = world.config("other", "");
    let restored = done(&["store", "restore", path(&backup), "--config", path(&other)]);
    assert_eq!(digest(&restored), digest(&saved), "{restored}");
    let full = refused(&["store", "restore", path(&backup), "--config", path(&other)]);
    assert!(full.contains("holds something already"), "{full}");
    assert!(
        other.with_file_name("data").join("archive/feed").is_dir(),
        "no feed"
    );

    if !redis::installed() {
        return;
    }
    let redis = redis::Server::start();
    let lines = format!(
        "kind = \"redis\"\nurl = \"{}\"\ndurability = \"fast\"\nspool = false",
        redis.url()
    );
    let many = world.config("many", &lines);
    let none = refused(&["store", "backup", path(&empty), "--config", path(&many)]);
    assert!(none.contains("there is no store \"hotline\""), "{none}");
    let copied = done(&["store", "copy", "--from", path(&other), "--to", path(&many)]);
    assert_eq!(digest(&copied), digest(&saved), "{copied}");
    let log = many.with_file_name("hotline.log");
    let node = Hotline::serve(&many, &log, &[]);
    let busy = refused(&[
        "store",
        "copy",
        "--from",
        path(&many),
        "--to",
        path(&world.config("x", "")),
    ]);
    assert!(busy.contains("1 more at work"), "{busy}");
    let url = format!("http://{}/line/main/webhook", node.public);
    world.platform().set_webhook_url("main", Some(&url));
    talk(&world, 40, 1);
    // A shared store is saved while it works, too.
    let backup = source.with_file_name("backup-2");
    let saved = done(&["store", "backup", path(&backup), "--config", path(&many)]);
    assert!(saved.contains("40 conversations"), "{saved}");
    let verdict = world.settled(PATIENCE);
    assert!(verdict.clean() && verdict.answered == 80, "{verdict}");
}
