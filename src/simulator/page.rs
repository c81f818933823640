//! The phone page as bytes in the binary. It refuses every name that is not in the table: there is
//! no file system behind it, so no path can climb out.

/// Markup.
const HTML: &str = "text/html; charset=utf-8";
/// Style sheets.
const CSS: &str = "text/css; charset=utf-8";
/// Module scripts; browsers refuse modules of any other type.
const JS: &str = "text/javascript; charset=utf-8";
/// Words.
const JSON: &str = "application/json; charset=utf-8";
/// The page's icon.
const SVG: &str = "image/svg+xml";

/// One line of the table per asset: its name and its type.
macro_rules! assets {
    ($($name:literal => $kind:ident),* $(,)?) => {
        /// Every asset: name relative to the page, bytes, content type.
        const ASSETS: &[(&str, &[u8], &str)] =
            &[$(($name, include_bytes!(concat!("page/", $name)), $kind)),*];
    };
}

assets! {
    "index.html" => HTML,
    "icon.svg" => SVG,
    "tokens.css" => CSS,
    "phone.css" => CSS,
    "bubbles.css" => CSS,
    "panels.css" => CSS,
    "app.js" => JS,
    "actions.js" => JS,
    "api.js" => JS,
    "content.js" => JS,
    "dom.js" => JS,
    "flex-scale.js" => JS,
    "i18n.js" => JS,
    "media.js" => JS,
    "shapes.js" => JS,
    "store.js" => JS,
    "taps.js" => JS,
    "components/action-sheet.js" => JS,
    "components/campaign-panel.js" => JS,
    "components/customer-list.js" => JS,
    "components/fault-panel.js" => JS,
    "components/flex-message.js" => JS,
    "components/image-map.js" => JS,
    "components/journal-view.js" => JS,
    "components/line-sticker.js" => JS,
    "components/message-bubble.js" => JS,
    "components/message-composer.js" => JS,
    "components/phone-frame.js" => JS,
    "components/quick-replies.js" => JS,
    "components/rich-menu.js" => JS,
    "components/template-message.js" => JS,
    "components/thread-view.js" => JS,
    "components/toast-line.js" => JS,
    "components/top-bar.js" => JS,
    "i18n/en.json" => JSON,
    "i18n/zh-CN.json" => JSON,
    "i18n/zh-TW.json" => JSON,
}

/// Bytes and content type of the asset `name`, a path relative to the page without a leading
/// slash; `""` and `index.html` are the page itself. `None`: there is no such asset.
///
/// `index.html` names its assets under `/sim/page/`; the scripts and words name each other
/// relative to themselves. The control API is called at `/sim/` of the same origin.
pub fn file(name: &str) -> Option<(&'static [u8], &'static str)> {
    let name = if name.is_empty() { "index.html" } else { name };
    ASSETS
        .iter()
        .find(|(known, _, _)| *known == name)
        .map(|(_, bytes, kind)| (*bytes, *kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    /// Longest component, in lines (the law of the page).
    const COMPONENT_LINES: usize = 200;

    fn text(name: &str) -> &'static str {
        let (bytes, _) = file(name).unwrap();
        std::str::from_utf8(bytes).unwrap()
    }

    fn names(kind: &str) -> impl Iterator<Item = &'static str> {
        ASSETS
            .iter()
            .filter(move |(_, _, k)| *k == kind)
            .map(|(name, _, _)| *name)
    }

    fn on_disk(folder: &Path, prefix: &str, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                on_disk(&entry.path(), &format!("{name}/"), found);
            } else {
                found.insert(name);
            }
        }
    }

    #[test]
    fn the_table_holds_every_file_of_the_page_and_nothing_else() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/simulator/page");
        let mut disk = BTreeSet::new();
        on_disk(&folder, "", &mut disk);
        let table: BTreeSet<String> = ASSETS
            .iter()
            .map(|(name, _, _)| (*name).to_owned())
            .collect();
        assert_eq!(disk, table);
        assert_eq!(table.len(), ASSETS.len(), "a name is listed twice");
    }

    #[test]
    fn the_page_answers_to_both_its_names_and_climbs_nowhere() {
        assert_eq!(file(""), file("index.html"));
        assert_eq!(file("").unwrap().1, HTML);
        for name in [
            "../page.rs",
            "/index.html",
            "page/index.html",
            "components",
            "%2e%2e/mod.rs",
        ] {
            assert!(file(name).is_none(), "{name}");
        }
    }

    #[test]
    fn every_asset_the_page_names_exists() {
        let assets: Vec<&str> = text("index.html")
            .split('"')
            .filter_map(|part| part.strip_prefix("/sim/page/"))
            .collect();
        assert!(assets.len() > 2, "the page names no assets: {assets:?}");
        for asset in assets {
            assert!(file(asset).is_some(), "index.html names {asset}");
        }
        for name in names(JS) {
            let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
            for line in text(name).lines().filter(|line| {
                line.contains("from './")
                    || line.contains("from '../")
                    || line.starts_with("import './")
            }) {
                let target = line.split('\'').nth(1).unwrap();
                let path = match (target.strip_prefix("../"), target.strip_prefix("./")) {
                    (Some(rest), _) => rest.to_owned(),
                    (None, Some(rest)) if folder.is_empty() => rest.to_owned(),
                    (None, Some(rest)) => format!("{folder}/{rest}"),
                    (None, None) => panic!("{name}: {line}"),
                };
                assert!(file(&path).is_some(), "{name} imports {path}");
            }
        }
    }

    #[test]
    fn data_never_becomes_markup_and_only_the_api_file_talks() {
        for name in names(JS) {
            let script = text(name);
            for banned in [
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                "new Function",
            ] {
                assert!(!script.contains(banned), "{name} contains {banned}");
            }
            if name != "api.js" {
                for banned in [
                    "fetch(",
                    "EventSource(",
                    "XMLHttpRequest",
                    "sendBeacon",
                    "WebSocket(",
                ] {
                    assert!(!script.contains(banned), "{name} contains {banned}");
                }
            }
        }
        for name in names(CSS) {
            assert!(!text(name).contains("url("), "{name} loads something");
            assert!(!text(name).contains("@import"), "{name} loads something");
        }
    }

    #[test]
    fn components_stay_short() {
        for name in names(JS).filter(|name| name.starts_with("components/")) {
            assert!(
                text(name).lines().count() <= COMPONENT_LINES,
                "{name} is too long"
            );
        }
    }

    #[test]
    fn every_language_says_the_same_things_with_the_same_blanks() {
        fn blanks(words: &str) -> BTreeSet<String> {
            words
                .split('{')
                .skip(1)
                .filter_map(|rest| rest.split_once('}'))
                .map(|(name, _)| name.to_owned())
                .collect()
        }
        let read =
            |name: &str| -> BTreeMap<String, String> { serde_json::from_str(text(name)).unwrap() };
        let first = read("i18n/zh-TW.json");
        for name in ["i18n/zh-CN.json", "i18n/en.json"] {
            let other = read(name);
            assert_eq!(
                first.keys().collect::<Vec<_>>(),
                other.keys().collect::<Vec<_>>(),
                "{name}"
            );
            for (key, words) in &first {
                assert_eq!(blanks(words), blanks(&other[key]), "{name}: {key}");
            }
        }
    }

    #[test]
    fn every_word_the_scripts_ask_for_is_known() {
        let words: BTreeMap<String, String> =
            serde_json::from_str(text("i18n/zh-TW.json")).unwrap();
        for name in names(JS) {
            for asked in text(name)
                .split(" t('")
                .chain(text(name).split("(t('"))
                .chain(text(name).split("{t('"))
                .skip(1)
            {
                let Some((key, _)) = asked.split_once('\'') else {
                    continue;
                };
                let shaped = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
                if shaped && key.contains('.') && !key.ends_with(".js") {
                    assert!(words.contains_key(key), "{name} asks for {key}");
                }
            }
        }
    }
}
