//! Guided dialogues of the sample shop in the whole server: webhook in, LINE calls out, the simulated
//! shop's order service beside it.

use hotline::app::{self, Running, Start};
use hotline::config::BaseUrl;
use hotline::simulator::orders::{Fault, Order, Orders, Script, Setup};
use hotline::simulator::{Action, ChannelOptions, Options, Simulator, SimulatorThread, What};
use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

const CHANNEL: &str = "main";
const SOON: Duration = Duration::from_secs(40);

struct Whole {
    simulator: SimulatorThread,
    running: Running,
    root: tempfile::TempDir,
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

impl Whole {
    async fn start() -> Whole {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let options = Options {
            channels: vec![ChannelOptions::new(CHANNEL, "whole-secret", "whole-token")],
            ..Options::default()
        };
        let simulator = Simulator::spawn(options, listener).unwrap();
        let root = tempfile::tempdir().unwrap();
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
        copied(&sample.join("automation"), &root.path().join("automation"));
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
"#
        );
        fs::write(root.path().join("hotline.toml"), settings).unwrap();
        let prepared = app::prepare(root.path(), &|_| None).map_err(|faults| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            faults.join("\n")
        });
        let prepared = prepared.unwrap_or_else(|faults| panic!("{faults}"));
        let shop = BaseUrl::parse(&format!("{url}/shop")).unwrap();
        prepared.automation.ask_here(&shop);
        let metrics = None;
        let running = app::start(Start { prepared, metrics }).await.unwrap();
        let webhook = format!("http://{}/line/{CHANNEL}/webhook", running.public);
        simulator.platform.set_webhook_url(CHANNEL, Some(&webhook));
        Whole {
            simulator,
            running,
            root,
        }
    }

    fn orders(&self) -> &Orders {
        self.simulator.platform.orders()
    }

    fn order(&self, number: &str) -> Order {
        let mut orders = self.orders().orders().into_iter();
        orders.find(|order| order.number == number).unwrap()
    }

    fn customer(&self) -> Customer<'_> {
        let platform = &self.simulator.platform;
        let view = platform.create_customer(CHANNEL, None, "zh-TW").unwrap();
        Customer {
            whole: self,
            id: view.user_id.to_string(),
            read: 0,
        }
    }

    /// Messages a customer got, each with its texts.
    fn got(&self, customer: &str) -> Vec<Value> {
        let entries = self.simulator.platform.journal().entries_since(0);
        let mut messages = Vec::new();
        for entry in entries {
            let What::Call(call) = &entry.what else {
                continue;
            };
            if call.deliveries.iter().any(|one| &*one.to == customer) {
                messages.extend(call.messages());
            }
        }
        messages
    }

    async fn ends(self) {
        self.running.drain().await;
    }
}

struct Customer<'w> {
    whole: &'w Whole,
    id: String,
    read: usize,
}

impl Customer<'_> {
    fn act(&self, action: &Action) {
        let platform = &self.whole.simulator.platform;
        platform.act(CHANNEL, &self.id, None, action).unwrap();
    }

    /// Says something and reads until the words come.
    async fn says(&mut self, text: &str, expected: &str) -> String {
        self.act(&Action::Text {
            text: text.to_owned(),
            mention: false,
            quoted_message_id: None,
        });
        self.reads(text, expected).await
    }

    /// Taps a button that sends this data and reads until the words come.
    async fn taps(&mut self, data: &str, expected: &str) -> String {
        self.act(&Action::Postback {
            data: data.to_owned(),
            display_text: None,
            params: None,
        });
        self.reads(data, expected).await
    }

    async fn reads(&mut self, after: &str, expected: &str) -> String {
        let looking = async {
            loop {
                let got = self.whole.got(&self.id);
                let new: Vec<String> = got[self.read..].iter().map(ToString::to_string).collect();
                let new = new.join("\n");
                if new.contains(expected) {
                    self.read = got.len();
                    return new;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        match tokio::time::timeout(SOON, looking).await {
            Ok(new) => new,
            Err(_) => panic!(
                "after {after:?} {expected:?} does not come: {:#?}",
                self.whole.got(&self.id)
            ),
        }
    }
}

#[actix_web::test]
async fn an_order_is_really_tracked() {
    let whole = Whole::start().await;
    let mut customer = whole.customer();
    let shown = customer.says("查詢訂單 TW20260101005", "已出貨").await;
    assert!(
        shown.contains("阿里山高山烏龍") && shown.contains("明天 18:00 前"),
        "{shown}"
    );
    // A later flow of the same conversation knows the number.
    let shown = customer.says("我要改地址", "已出貨").await;
    assert!(
        shown.contains("TW20260101005") && shown.contains("完整收件地址"),
        "{shown}"
    );
    whole.ends().await;
}

#[actix_web::test]
async fn an_address_is_changed_by_the_menu_and_only_after_a_yes() {
    let whole = Whole::start().await;
    let mut customer = whole.customer();
    customer
        .taps("menu:main:2:2", "請輸入要修改的訂單編號")
        .await;
    customer.says("0912345678", "這不像訂單編號").await;
    customer.says("ｔｗ-2026-0101-006", "完整收件地址").await;
    customer.says("台北市", "地址好像不完整").await;
    let asked = customer
        .says("改到新北市板橋區文化路一段 188 號 5 樓", "要送出嗎")
        .await;
    assert!(
        asked.contains("新北市板橋區文化路一段 188 號 5 樓"),
        "{asked}"
    );
    assert_eq!(
        whole.order("TW20260101006").address,
        "台北市大同區示範路 88 號"
    );
    customer.says("確認修改", "已將訂單 TW20260101006").await;
    assert_eq!(
        whole.order("TW20260101006").address,
        "新北市板橋區文化路一段 188 號 5 樓"
    );
    let posts = whole.orders().asked_since(0);
    let posts: Vec<_> = posts
        .iter()
        .filter(|asked| asked.method == "POST")
        .collect();
    assert_eq!(posts.len(), 1);
    assert!(posts[0].key.as_deref().is_some_and(|key| !key.is_empty()));
    whole.ends().await;
}

#[actix_web::test]
async fn a_corrected_number_is_confirmed_anew_before_anything_is_cancelled() {
    let whole = Whole::start().await;
    let mut customer = whole.customer();
    customer
        .taps("flow:cancel_order", "請輸入要取消的訂單編號")
        .await;
    customer.says("TW20260101006", "確定要取消嗎").await;
    let asked = customer
        .says("打錯了 應該是 TW20260101008", "確定要取消嗎")
        .await;
    assert!(asked.contains("TW20260101008"), "{asked}");
    customer.says("確定取消", "TW20260101008 已取消").await;
    assert_eq!(whole.order("TW20260101006").status, "paid");
    assert_eq!(whole.order("TW20260101008").status, "cancelled");
    // Corrected after the end: the yes of before is not good for another order.
    let asked = customer
        .says("打錯了 應該是 TW20260101006", "確定要取消嗎")
        .await;
    assert!(asked.contains("TW20260101006"), "{asked}");
    assert_eq!(whole.order("TW20260101006").status, "paid");
    customer.says("不要", "訂單保留").await;
    whole.ends().await;
}

#[actix_web::test]
async fn a_return_asks_only_what_is_missing() {
    let whole = Whole::start().await;
    let mut customer = whole.customer();
    customer
        .says("我要退貨 顏色跟圖片差太多", "請輸入訂單編號")
        .await;
    let done = customer.says("訂單TW20260101007", "RT000001").await;
    assert!(done.contains("原因：顏色跟圖片差太多"), "{done}");
    assert_eq!(whole.order("TW20260101007").status, "returning");
    whole.ends().await;
}

#[actix_web::test]
async fn a_repair_is_filed() {
    let whole = Whole::start().await;
    let mut customer = whole.customer();
    customer.taps("menu:main:3:2", "請問是哪一項商品").await;
    customer.says("電茶壺", "請描述").await;
    customer.says("加熱到一半就跳電", "聯絡電話").await;
    let done = customer.says("0912-345-678", "RP000001").await;
    assert!(
        done.contains("0912345678") && done.contains("加熱到一半就跳電"),
        "{done}"
    );
    whole.ends().await;
}

#[actix_web::test]
async fn an_order_nobody_knows_is_asked_again_and_then_a_person_takes_over() {
    let whole = Whole::start().await;
    let mut customer = whole.customer();
    customer.says("查物流", "請輸入訂單編號").await;
    for number in ["TW99999991", "TW99999992"] {
        let again = customer.says(number, "查不到訂單").await;
        assert!(
            again.contains(number) && again.contains("請輸入訂單編號"),
            "{again}"
        );
    }
    customer.says("TW99999993", "返回自助服務").await;
    // And the customer may leave the line.
    customer.taps("hotline:back", "已回到自助服務").await;
    whole.ends().await;
}

#[actix_web::test]
async fn a_shop_that_is_down_ends_with_a_person_and_one_answer() {
    let whole = Whole::start().await;
    whole.orders().set_up(Setup {
        any: true,
        default: Script {
            status: Some(503),
            ..Script::default()
        },
    });
    let mut customer = whole.customer();
    let told = customer
        .says("查詢訂單 TW20260101005", "返回自助服務")
        .await;
    assert!(
        told.contains("我請專人幫您確認訂單 TW20260101005"),
        "{told}"
    );
    assert_eq!(
        told.matches("返回自助服務").count(),
        2,
        "label and shown text, once: {told}"
    );
    // One that answers nothing at all is given up in time.
    whole.orders().set_up(Setup {
        default: Script {
            fault: Some(Fault::Hang),
            ..Script::default()
        },
        ..Setup::default()
    });
    let mut other = whole.customer();
    other
        .says("查詢訂單 TW20260101005", "我請專人幫您確認")
        .await;
    whole.ends().await;
}

#[actix_web::test]
async fn a_flow_that_a_reload_took_away_ends_kindly() {
    let whole = Whole::start().await;
    let mut customer = whole.customer();
    customer.says("查物流", "請輸入訂單編號").await;
    let file = whole.root.path().join("automation/flows.toml");
    let flows = fs::read_to_string(&file).unwrap();
    // A faulty file changes nothing.
    fs::write(
        &file,
        flows.replace("next = \"lookup\"", "next = \"nowhere\""),
    )
    .unwrap();
    whole.running.reload_off_loop().await;
    customer.says("運費多少", "運費標準").await;
    customer.says("等一下", "不急").await;
    let renamed = flows.replace("id = \"order_tracking\"", "id = \"order_watch\"");
    fs::write(&file, &renamed).unwrap();
    for name in [
        "menu.toml",
        "intents.toml",
        "services.toml",
        "keywords.toml",
    ] {
        let path = whole.root.path().join("automation").join(name);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(
            &path,
            text.replace("flow = \"order_tracking\"", "flow = \"order_watch\""),
        )
        .unwrap();
    }
    let renamed = renamed.replace("flow = \"order_tracking\"", "flow = \"order_watch\"");
    fs::write(&file, renamed).unwrap();
    whole.running.reload_off_loop().await;
    customer
        .says("TW20260101005", "剛才的服務流程已經更新")
        .await;
    whole.ends().await;
}
