//! LINE's official Python SDK accepts the simulator, and the simulator accepts the SDK.
//!
//! Needs a Python with `tests/python/requirements.txt` installed, named by `HOTLINE_PYTHON`.
//! Without one the test says so and passes, unless `HOTLINE_REQUIRE_PYTHON=1`.

use hotline::simulator::{ChannelOptions, Options, Simulator};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

#[test]
fn lines_own_python_sdk_finds_nothing_wrong() {
    let required = std::env::var("HOTLINE_REQUIRE_PYTHON").is_ok_and(|value| value == "1");
    let Ok(python) = std::env::var("HOTLINE_PYTHON") else {
        assert!(
            !required,
            "HOTLINE_REQUIRE_PYTHON=1 but HOTLINE_PYTHON names no python"
        );
        println!("not run: HOTLINE_PYTHON names no python with LINE's SDK");
        return;
    };
    let channel = ChannelOptions::new("main", "secret", "token");
    let id = channel.channel_id.clone();
    let options = Options {
        channels: vec![channel],
        lanes: 1,
        workers: 1,
        ..Options::default()
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let simulator = Simulator::spawn(options, listener).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/line_sdk.py");
    let run = Command::new(&python)
        .arg(script)
        .args([&simulator.url(), &id, "secret", "token"])
        .output();
    let run = match run {
        Ok(run) => run,
        Err(error) if required => panic!("{python} cannot be run: {error}"),
        Err(error) => {
            println!("not run: {python} cannot be run: {error}");
            return;
        }
    };
    let said = String::from_utf8_lossy(&run.stdout);
    let complaint = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}\n{complaint}");
    assert!(said.contains("all held"), "{said}");
}
