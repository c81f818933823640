//! The assistant in the whole server: webhook in, LINE calls out, a scripted model's server beside it. The
//! customer gets one answer to each question, whatever that server does.

use hotline::app::{self, Running, Start};
use hotline::simulator::assistant::{Fault, Script, Setup};
use hotline::simulator::{Action, ChannelOptions, Options, Simulator, SimulatorThread, What};
use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

const CHANNEL: &str = "main";
const SOON: Duration = Duration::from_secs(20);
/// What the fake model says unless it is told otherwise.
const COURTESY: &str = "好的，謝謝您，祝您有愉快的一天！";

struct Whole {
    simulator: SimulatorThread,
    running: Running,
    _root: tempfile::TempDir,
}

impl Whole {
    async fn start(ai: &str) -> Whole {
        Whole::with("openai", ai).await
    }

    async fn with(provider: &str, ai: &str) -> Whole {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let options = Options {
            channels: vec![ChannelOptions::new(CHANNEL, "whole-secret", "whole-token")],
            ..Options::default()
        };
        let simulator = Simulator::spawn(options, listener).unwrap();
        let root = tempfile::tempdir().unwrap();
        let (url, data) = (simulator.url(), root.path().join("data"));
        let settings = format!(
            r#"
[server]
listen = "127.0.0.1:0"
internal_listen = "127.0.0.1:0"
workers = 2
[store]
path = {data:?}
free_space_floor = "16MiB"
[[channels]]
id = "{CHANNEL}"
secret = "whole-secret"
access_token = "whole-token"
api_base = "{url}"
data_api_base = "{url}"
[ai]
provider = "{provider}"
base_url = "{url}/openai/v1"
model = "m"
debounce = "300ms"
{ai}
"#
        );
        fs::write(root.path().join("hotline.toml"), settings).unwrap();
        fs::create_dir(root.path().join("automation")).unwrap();
        let keywords = r#"
[[keyword]]
id = "shipping_fee"
terms = ["運費"]
reply = [{ type = "text", text = "運費 100 元" }]
[fallback]
reply = [{ type = "text", text = "看不懂" }]
"#;
        fs::write(root.path().join("automation/keywords.toml"), keywords).unwrap();
        fs::create_dir(root.path().join("knowledge")).unwrap();
        let article =
            "---\nid: warranty\ntitle: 茶壺保固\ntags: [保固]\n---\n茶壺保固一年，請保留發票。\n";
        fs::write(root.path().join("knowledge/warranty.md"), article).unwrap();
        let prepared = app::prepare(root.path(), &|_| None).map_err(|faults| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            faults.join("\n")
        });
        let start = Start {
            prepared: prepared.unwrap_or_else(|faults| panic!("{faults}")),
            metrics: None,
        };
        let running = app::start(start).await.unwrap();
        let webhook = format!("http://{}/line/{CHANNEL}/webhook", running.public);
        simulator.platform.set_webhook_url(CHANNEL, Some(&webhook));
        Whole {
            simulator,
            running,
            _root: root,
        }
    }

    fn customer(&self) -> String {
        let platform = &self.simulator.platform;
        let view = platform.create_customer(CHANNEL, None, "zh-TW").unwrap();
        view.user_id.to_string()
    }

    fn says(&self, customer: &str, text: &str) {
        let platform = &self.simulator.platform;
        let action = Action::Text {
            text: text.to_owned(),
            mention: false,
            quoted_message_id: None,
        };
        platform.act(CHANNEL, customer, None, &action).unwrap();
    }

    /// Texts the customer got, in order.
    fn got(&self, customer: &str) -> Vec<String> {
        let entries = self.simulator.platform.journal().entries_since(0);
        let mut texts = Vec::new();
        for entry in entries {
            let What::Call(call) = &entry.what else {
                continue;
            };
            if call.deliveries.iter().any(|one| &*one.to == customer) {
                let messages = call.messages();
                let text = messages.iter().filter_map(|one| one["text"].as_str());
                texts.extend(text.map(str::to_owned));
            }
        }
        texts
    }

    /// Whether LINE was asked to show this customer that an answer is coming.
    fn was_shown(&self, customer: &str) -> bool {
        let entries = self.simulator.platform.journal().entries_since(0);
        entries.iter().any(|entry| match &entry.what {
            What::Call(call) => call.endpoint == "loading" && call.body.contains(customer),
            What::Webhook(_) => false,
        })
    }

    async fn answered(&self, customer: &str) -> Vec<String> {
        let looking = async {
            loop {
                let got = self.got(customer);
                if !got.is_empty() {
                    return got;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let journal = || format!("{:#?}", self.simulator.platform.journal().entries_since(0));
        tokio::time::timeout(SOON, looking)
            .await
            .unwrap_or_else(|_| panic!("the customer gets nothing in time: {}", journal()))
    }

    fn taps(&self, customer: &str, data: &str) {
        let platform = &self.simulator.platform;
        let tap = Action::Postback {
            data: data.to_owned(),
            display_text: None,
            params: None,
        };
        platform.act(CHANNEL, customer, None, &tap).unwrap();
    }

    /// Waits until the server has been asked so often.
    async fn asked(&self, times: u64) {
        let until = Instant::now() + Duration::from_secs(20);
        while self.requests() < times {
            assert!(Instant::now() < until, "the server is not asked");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn requests(&self) -> u64 {
        self.simulator.platform.assistant().last_seq()
    }

    fn set_up(&self, default: Script) {
        self.simulator.platform.assistant().set_up(Setup {
            default,
            ..Setup::default()
        });
    }
}

#[actix_web::test]
async fn a_sure_answer_is_sent_and_an_unsure_one_goes_to_a_person() {
    let whole = Whole::start("").await;
    let (sure, unsure) = (whole.customer(), whole.customer());
    whole.set_up(Script::sure(0.6));
    whole.says(&sure, "想請問一件事");
    assert_eq!(whole.answered(&sure).await, [COURTESY]);
    whole.set_up(Script::sure(0.59));
    whole.says(&unsure, "想請問一件事");
    let got = whole.answered(&unsure).await;
    assert!(got.len() == 1 && got[0] != COURTESY, "{got:?}");
    // With a person: nothing automatic any more.
    whole.says(&unsure, "還在嗎");
    whole.says(&unsure, "運費");
    whole.running.drain().await;
}

#[actix_web::test]
async fn a_keyword_is_answered_without_the_assistant() {
    let whole = Whole::start("").await;
    let customer = whole.customer();
    whole.says(&customer, "運費多少");
    assert_eq!(whole.answered(&customer).await, ["運費 100 元"]);
    assert_eq!(whole.requests(), 0);
    whole.running.drain().await;
}

#[actix_web::test]
async fn an_article_answers_what_it_surely_answers_and_a_person_the_rest() {
    let whole = Whole::with("knowledge", "").await;
    let (first, second) = (whole.customer(), whole.customer());
    whole.says(&first, "請問茶壺保固");
    let got = whole.answered(&first).await;
    assert_eq!(got, ["茶壺保固一年，請保留發票。\n\n參考：茶壺保固"]);
    whole.says(&second, "可以帶貓咪去坐飛機嗎");
    let got = whole.answered(&second).await;
    assert!(got.len() == 1 && !got[0].contains("參考"), "{got:?}");
    assert_eq!(whole.requests(), 0);
    whole.running.drain().await;
}

#[actix_web::test]
async fn health_tells_of_the_assistant() {
    let whole = Whole::start("breaker_failures = 1\ntries = 1\nbreaker_rest = \"5m\"").await;
    let health = async || {
        let url = format!("http://{}/readyz?verbose", whole.running.internal);
        let body = reqwest::get(url).await.unwrap().bytes().await.unwrap();
        serde_json::from_slice::<serde_json::Value>(&body).unwrap()
    };
    assert_eq!(health().await["assistant"]["breaker"], "closed");
    whole.set_up(Script::status(500));
    let customer = whole.customer();
    whole.says(&customer, "想請問一件事");
    whole.answered(&customer).await;
    let sick = health().await;
    assert_eq!(sick["assistant"]["provider"], "openai");
    assert_eq!(sick["assistant"]["breaker"], "open");
    assert_eq!(
        sick["ready"], true,
        "a sick model does not make the node unready"
    );
    whole.running.drain().await;
}

#[actix_web::test]
async fn a_burst_of_bubbles_is_one_question() {
    let whole = Whole::start("").await;
    let customer = whole.customer();
    for text in ["你好我想問", "那個黑色的", "什麼時候會到"] {
        whole.says(&customer, text);
    }
    assert_eq!(whole.answered(&customer).await, [COURTESY]);
    let asked = whole.simulator.platform.assistant().asked_since(0);
    assert_eq!(asked.len(), 1);
    let body = asked[0].body.to_string();
    assert!(body.contains("那個黑色的") && body.contains("什麼時候會到"));
    whole.running.drain().await;
}

#[actix_web::test]
async fn an_answer_after_a_person_took_over_is_dropped() {
    let whole = Whole::start("").await;
    let (first, second) = (whole.customer(), whole.customer());
    whole.set_up(Script {
        delay_ms: 800,
        ..Script::sure(0.9)
    });
    whole.says(&first, "想請問一件事");
    whole.asked(1).await;
    whole.taps(&first, "hotline:handoff");
    let got = whole.answered(&first).await;
    assert!(got.len() == 1 && got[0] != COURTESY, "{got:?}");
    // Whose question left later has its answer: the first one's has come, too.
    whole.says(&second, "想請問一件事");
    assert_eq!(whole.answered(&second).await, [COURTESY]);
    assert_eq!(whole.got(&first), got);
    whole.running.drain().await;
}

#[actix_web::test]
async fn the_answer_to_an_older_question_is_dropped() {
    let whole = Whole::start("").await;
    let customer = whole.customer();
    whole.set_up(Script {
        delay_ms: 800,
        ..Script::sure(0.9)
    });
    whole.says(&customer, "想請問一件事");
    whole.asked(1).await;
    whole.says(&customer, "還有另外一件事");
    assert_eq!(whole.answered(&customer).await, [COURTESY]);
    let asked = whole.simulator.platform.assistant().asked_since(1);
    assert_eq!(asked.len(), 1);
    let body = asked[0].body.to_string();
    assert!(body.contains("想請問一件事") && body.contains("還有另外一件事"));
    // It was the new one's: by then the old one's answer was due long since.
    assert_eq!(whole.got(&customer).len(), 1);
    whole.running.drain().await;
}

#[actix_web::test]
async fn whatever_the_server_does_the_customer_gets_one_answer_in_time() {
    let whole = Whole::start("timeout = \"1s\"\nbreaker_failures = 100").await;
    let mut customers = Vec::new();
    for script in [
        Script::status(500),
        Script::status(401),
        Script::status(429),
        Script::fault(Fault::Html),
        Script::fault(Fault::Truncated),
        Script::fault(Fault::Prose),
        Script::fault(Fault::Empty),
        Script::fault(Fault::Refusal),
        Script::fault(Fault::Close),
        Script::fault(Fault::Hang),
    ] {
        whole.set_up(script.clone());
        let customer = whole.customer();
        whole.says(&customer, "想請問一件事");
        let got = whole.answered(&customer).await;
        assert!(got.len() == 1 && got[0] != COURTESY, "{script:?}: {got:?}");
        customers.push(customer);
    }
    let Whole {
        simulator,
        running,
        _root,
    } = whole;
    running.drain().await;
    for customer in customers {
        let entries = simulator.platform.journal().entries_since(0);
        let sends = entries.iter().filter(|entry| match &entry.what {
            What::Call(call) => call.deliveries.iter().any(|one| *one.to == *customer),
            What::Webhook(_) => false,
        });
        assert_eq!(sends.count(), 1, "exactly once");
    }
}

#[actix_web::test]
async fn who_waits_sees_that_an_answer_is_coming_and_who_does_not_wait_sees_nothing() {
    let whole = Whole::start("").await;
    let (patient, lucky) = (whole.customer(), whole.customer());
    whole.set_up(Script {
        delay_ms: 1_500,
        ..Script::default()
    });
    whole.says(&patient, "想請問一件事");
    assert_eq!(whole.answered(&patient).await, [COURTESY]);
    assert!(whole.was_shown(&patient));
    whole.set_up(Script::default());
    whole.says(&lucky, "運費");
    whole.answered(&lucky).await;
    assert!(!whole.was_shown(&lucky));
    whole.running.drain().await;
}

/// `cargo test --profile ci --features failpoints --test assistant_whole`
#[cfg(feature = "failpoints")]
#[actix_web::test]
async fn a_worker_that_dies_leaves_its_question_to_a_person_and_comes_back() {
    let whole = Whole::start("").await;
    fail::cfg("assistant::answer", "return(毒藥)").unwrap();
    let (unlucky, next) = (whole.customer(), whole.customer());
    whole.says(&unlucky, "這是毒藥嗎");
    let got = whole.answered(&unlucky).await;
    assert!(got.len() == 1 && got[0] != COURTESY, "{got:?}");
    assert_eq!(whole.requests(), 0);
    whole.says(&next, "想請問一件事");
    assert_eq!(whole.answered(&next).await, [COURTESY]);
    fail::remove("assistant::answer");
    whole.running.drain().await;
}
