//! The whole job with the store on Redis: CPU of router and of Redis for each message, and how often
//! Redis is asked. Redis shares core 1 with the load: its CPU is read from its own statistics.

use super::message::Draw;
use super::preload;
use super::run::{Line, saturated, spread, touch_each};
use super::server::{Hotline, Server, free_port, scratch};
use hotline::ports::store::Store as _;
use hotline::store::embedded::{Embedded, Options as Folder};
use hotline::store::redis::{Options, Redis};
use hotline::store::transfer;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A server with an append-only file that is synced every second.
struct RedisServer {
    child: Child,
    port: u16,
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl RedisServer {
    fn start(folder: &Path) -> RedisServer {
        let _ = std::fs::remove_dir_all(folder);
        std::fs::create_dir_all(folder).expect("a scratch folder");
        let port = free_port();
        let child = Command::new("taskset")
            .args([
                "-c",
                "1",
                "redis-server",
                "--bind",
                "127.0.0.1",
                "--save",
                "",
            ])
            .args(["--appendonly", "yes", "--appendfsync", "everysec"])
            .args(["--port", &port.to_string(), "--dir"])
            .arg(folder)
            .stdout(Stdio::null())
            .spawn()
            .expect("taskset and redis-server are there");
        let server = RedisServer { child, port };
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            #[expect(clippy::disallowed_methods, reason = "nothing else runs yet")]
            std::thread::sleep(Duration::from_millis(5));
        }
        server
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// `INFO everything`.
    fn info(&self) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("redis runs");
        stream.write_all(b"INFO everything\r\n").expect("it reads");
        let mut lines = BufReader::new(stream);
        let mut head = String::new();
        lines.read_line(&mut head).expect("it answers");
        let length = head.trim().trim_start_matches('$').parse().unwrap_or(0);
        let mut body = vec![0; length];
        lines.read_exact(&mut body).expect("it answers in full");
        String::from_utf8_lossy(&body).into_owned()
    }

    fn seen(&self) -> Seen {
        let info = self.info();
        let field = |name: &str| {
            let line = info.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or("0").trim().to_owned()
        };
        let calls = |name: &str| {
            let stat = field(&format!("cmdstat_{name}:calls="));
            let calls = stat.split(',').next().and_then(|calls| calls.parse().ok());
            calls.unwrap_or(0.0)
        };
        let number = |name: &str| field(name).parse::<f64>().unwrap_or(0.0);
        Seen {
            cpu: (number("used_cpu_sys:") + number("used_cpu_user:")) * 1e6,
            main: (number("used_cpu_sys_main_thread:") + number("used_cpu_user_main_thread:"))
                * 1e6,
            scripts: calls("evalsha"),
            loads: calls("get"),
            waits: calls("wait"),
            reads: number("total_reads_processed:"),
        }
    }
}

/// What the server's statistics say; CPU in µs.
#[derive(Clone, Copy)]
struct Seen {
    cpu: f64,
    main: f64,
    scripts: f64,
    loads: f64,
    waits: f64,
    reads: f64,
}

/// Runs pairs of windows, floor and Hotline on Redis, and prints them.
pub async fn run(users: u64, pairs: usize, seconds: u64, lines: &str) {
    let line = Line::start(super::run::SLOTS).await;
    let folder = scratch("redis");
    preload::fill(&line, &folder, users).await;
    let redis = RedisServer::start(&scratch("redis-server"));
    let store = format!(
        "kind = \"redis\"\nurl = \"{}\"\nspool = false\n{lines}",
        redis.url()
    );
    copy(&folder, &redis).await;
    let _ = std::fs::remove_dir_all(folder.join("data"));
    let ours = Server::hotline(Hotline {
        folder: &folder,
        mock: line.port,
        level: "warn",
        rate: 1_000_000,
        store: &store,
    });
    let floor = Server::floor(&scratch("floor"), line.port);
    println!("hotline: {} ({})", ours.command, lines.replace('\n', ", "));
    touch_each(&line, &ours, users.min(50_000)).await;
    let (warm, window) = (Duration::from_secs(1), Duration::from_secs(seconds));
    let mut ratios = Vec::new();
    println!(
        "        floor us/msg | router us/msg  msgs/s  ratio | redis us/msg (main thread)  scripts  loads  waits  reads from its sockets"
    );
    for pair in 1..=pairs {
        let draw = Draw::Random(users);
        let a = saturated(&line, &floor, draw, warm, window).await;
        let before = redis.seen();
        let answered = line.seen.replies.get();
        let b = saturated(&line, &ours, draw, warm, window).await;
        // Whole runs, warm-up included: the server's figures cannot be cut at the window.
        let messages = (line.seen.replies.get() - answered) as f64;
        let after = redis.seen();
        let each = |figure: fn(&Seen) -> f64| (figure(&after) - figure(&before)) / messages;
        let ratio = b.cpu / a.cpu;
        println!(
            "pair {pair}: {:10.1} | {:13.1} {:7.0}  {ratio:.2}  | {:12.1} ({:.1}) {:8.2} {:6.2} {:6.2} {:6.2}",
            a.cpu,
            b.cpu,
            b.rate,
            each(|seen| seen.cpu),
            each(|seen| seen.main),
            each(|seen| seen.scripts),
            each(|seen| seen.loads),
            each(|seen| seen.waits),
            each(|seen| seen.reads),
        );
        ratios.push(ratio);
    }
    let (median, least, most) = spread(&ratios);
    println!("ratio: {median:.2} [{least:.2}-{most:.2}]");
    for stat in redis
        .info()
        .lines()
        .filter(|line| line.starts_with("cmdstat_"))
    {
        println!("{stat}");
    }
    floor.stop();
    ours.stop();
    let _ = std::fs::remove_dir_all(&folder);
}

async fn copy(folder: &Path, redis: &RedisServer) {
    let mut options = Folder::new(folder.join("data"));
    options.free_space_floor = 0;
    let from = Embedded::open(options).expect("the server has left the folder");
    let to = Redis::open(Options::new(&redis.url())).expect("redis runs");
    let put = async |rows| transfer::put_all(&to, rows).await;
    let (rows, _) = transfer::read_all(&from, put)
        .await
        .expect("both stores work");
    println!("in redis: {rows}");
    to.close().await.expect("it closes");
}
