//! The rich menu converges, whatever a run before it left behind.

use crate::rig::{answer, channel, long_lived, quick, rig};
use crate::scripted::{Act, Seen, Server};
use hotline::line::rich_menu::{self, RichMenuSpec, Step};
use serde_json::json;
use std::sync::{Arc, Mutex};

/// A LINE that keeps rich menus.
#[derive(Default)]
struct Menus {
    next: usize,
    /// (id, name, has an image)
    all: Vec<(String, String, bool)>,
    default: Option<String>,
}

fn menus() -> (impl Fn(&Seen) -> Act + Send + Sync, Arc<Mutex<Menus>>) {
    let state = Arc::new(Mutex::new(Menus::default()));
    let shared = Arc::clone(&state);
    let handler = move |seen: &Seen| {
        let mut state = shared.lock().unwrap();
        let parts: Vec<&str> = seen.path.split('/').skip(3).collect();
        match (seen.method.as_str(), parts.as_slice()) {
            ("GET", ["richmenu", "list"]) => {
                let all = state.all.iter();
                let list: Vec<_> = all
                    .map(|(id, name, _)| json!({"richMenuId": id, "name": name}))
                    .collect();
                answer(200, &json!({"richmenus": list}).to_string())
            }
            ("POST", ["richmenu", "validate"]) => answer(200, "{}"),
            ("POST", ["richmenu"]) => {
                let menu: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
                state.next += 1;
                let id = format!("richmenu-{}", state.next);
                let name = menu["name"].as_str().unwrap().to_owned();
                state.all.push((id.clone(), name, false));
                answer(200, &json!({"richMenuId": id}).to_string())
            }
            (method, ["richmenu", id, "content"]) => {
                let Some(menu) = state.all.iter_mut().find(|menu| menu.0 == *id) else {
                    return answer(404, "{}");
                };
                if method == "POST" {
                    assert_eq!(seen.header("content-type"), Some("image/png"));
                    menu.2 = true;
                }
                answer(if menu.2 { 200 } else { 404 }, "{}")
            }
            ("GET", ["user", "all", "richmenu"]) => match &state.default {
                Some(id) => answer(200, &json!({"richMenuId": id}).to_string()),
                None => answer(404, "{}"),
            },
            ("POST", ["user", "all", "richmenu", id]) => {
                assert_eq!(seen.header("content-length"), Some("0"));
                assert!(state.all.iter().any(|menu| menu.0 == *id && menu.2));
                state.default = Some((*id).to_owned());
                answer(200, "{}")
            }
            ("DELETE", ["richmenu", id]) => {
                assert_ne!(
                    state.default.as_deref(),
                    Some(*id),
                    "the shown one is not deleted"
                );
                state.all.retain(|menu| menu.0 != *id);
                answer(200, "{}")
            }
            other => panic!("unexpected {other:?}"),
        }
    };
    (handler, state)
}

fn menu(width: u32, chat_bar: &str) -> RichMenuSpec {
    let mut image = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    image.extend(width.to_be_bytes());
    image.extend(500_u32.to_be_bytes());
    RichMenuSpec {
        object: json!({"size": {"width": 1200, "height": 500}, "selected": true, "name": "main",
            "chatBarText": chat_bar, "areas": [
            {"bounds": {"x": 0, "y": 0, "width": 600, "height": 500},
             "action": {"type": "message", "label": "產品", "text": "產品咨询"}}]}),
        image: image.into(),
    }
}

#[tokio::test]
async fn the_rich_menu_converges_and_leaves_others_alone() {
    let (handler, state) = menus();
    let server = Server::start(handler).await;
    let rig = rig(&server.base, long_lived(), quick());
    let client = rig.messenger.client(&channel()).unwrap();
    let foreign = (
        "richmenu-x".to_owned(),
        "main menu of somebody".to_owned(),
        true,
    );
    state.lock().unwrap().all.push(foreign.clone());

    let plan = rich_menu::sync(client, &menu(1200, "選單"), true)
        .await
        .unwrap();
    assert_eq!(
        plan.steps,
        [Step::Created(None), Step::Uploaded, Step::SetDefault]
    );
    assert_eq!(
        state.lock().unwrap().all.len(),
        1,
        "a dry run changes nothing"
    );

    let first = rich_menu::sync(client, &menu(1200, "選單"), false)
        .await
        .unwrap();
    let id = Some("richmenu-1".to_owned());
    assert_eq!(
        first.steps,
        [Step::Created(id), Step::Uploaded, Step::SetDefault]
    );
    let again = rich_menu::sync(client, &menu(1200, "選單"), false)
        .await
        .unwrap();
    assert_eq!(again.steps, [Step::Found("richmenu-1".to_owned())]);

    // A run died after creating: the image is missing.
    state.lock().unwrap().all[1].2 = false;
    let mended = rich_menu::sync(client, &menu(1200, "選單"), false)
        .await
        .unwrap();
    assert_eq!(
        mended.steps,
        [Step::Found("richmenu-1".to_owned()), Step::Uploaded]
    );

    let changed = rich_menu::sync(client, &menu(1200, "服務"), false)
        .await
        .unwrap();
    assert_eq!(
        changed.steps.last(),
        Some(&Step::Deleted("richmenu-1".to_owned()))
    );
    {
        let state = state.lock().unwrap();
        assert_eq!(state.default.as_deref(), Some("richmenu-2"));
        assert_eq!(state.all.len(), 2);
        assert_eq!(state.all[0], foreign);
    }
    let calls = server.seen().len();
    assert!(
        rich_menu::sync(client, &menu(1300, "服務"), false)
            .await
            .is_err()
    );
    assert_eq!(
        server.seen().len(),
        calls,
        "an image of another size is not sent"
    );
}
