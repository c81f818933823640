//! `hotline check`: each fault is found, at its line, and all of them in one pass.

use hotline::cli::check;
use std::path::Path;
use tempfile::TempDir;

const CHANNEL: &str = "[[channels]]\nid = \"main\"\nsecret = \"s\"\naccess_token = \"t\"\n";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    std::fs::create_dir_all(dir.path().join("automation")).unwrap();
    dir
}

/// The findings as lines, without the folder before the file names.
fn checked(dir: &Path) -> (u8, String) {
    let mut out = Vec::new();
    let code = check::run(dir, &|_| None, &mut out).unwrap();
    let prefix = format!("{}/", dir.display());
    (code, String::from_utf8(out).unwrap().replace(&prefix, ""))
}

#[test]
fn each_bad_setting_is_named_with_its_line() {
    let cases = [
        (
            "[server]\nlisten = \"abc\"\n",
            "hotline.toml:2: server.listen: found \"abc\", allowed: an address like 127.0.0.1:8080",
        ),
        (
            "[server]\nlisten = 8080\n",
            "hotline.toml:2: server.listen: found 8080, allowed: an address like 127.0.0.1:8080",
        ),
        (
            "[server]\nlisten = \"127.0.0.1:9464\"\n",
            "hotline.toml:1: server.internal_listen: found \"127.0.0.1:9464\", which is the public listener too",
        ),
        (
            "[server]\nlisen = \"127.0.0.1:1\"\n",
            "hotline.toml:2: server.lisen: found an unknown key, allowed: \"listen\" (did you mean that?)",
        ),
        (
            "[server]\n\nworkers = 0\n",
            "hotline.toml:3: server.workers: found 0, allowed: a whole number from 1 to 64",
        ),
        (
            "[server]\nworkers = 2.5\n",
            "hotline.toml:2: server.workers: found 2.5, allowed: a whole number from 1 to 64",
        ),
        (
            "[server]\nbody_cap = \"2\"\n",
            "hotline.toml:2: server.body_cap: found \"2\", allowed: a size like \"2MiB\", from 64KiB to 64MiB",
        ),
        (
            "[server]\nbody_cap = \"1GiB\"\n",
            "hotline.toml:2: server.body_cap: found \"1GiB\", allowed: a size",
        ),
        (
            "[server]\nmax_in_flight = -1\n",
            "hotline.toml:2: server.max_in_flight: found -1, allowed: a whole number from 1 to 65536",
        ),
        (
            "[server]\ndrain_timeout = 25\n",
            "hotline.toml:2: server.drain_timeout: found 25, allowed: a duration like \"20s\", from 1s to 10m",
        ),
        (
            "server = 1\n",
            "hotline.toml:1: server: found 1, allowed: a table",
        ),
        (
            "[store]\nkind = \"sqlite\"\n",
            "hotline.toml:2: store.kind: found \"sqlite\", allowed: \"embedded\" | \"redis\"",
        ),
        (
            "[store]\npath = \"\"\n",
            "hotline.toml:2: store.path: found \"\", allowed: 1 to 1024 characters",
        ),
        (
            "[store]\nkind = \"redis\"\n",
            "hotline.toml:1: store.url: found nothing, allowed: one of: url, urls",
        ),
        (
            "[store]\nkind = \"redis\"\nurl = \"http://h\"\n",
            "hotline.toml:3: store.url: found something else (not shown), allowed: redis://host:port",
        ),
        (
            "[store]\nkind = \"redis\"\nurl = \"redis://h\"\nurls = [\"redis://h\"]\n",
            "hotline.toml:3: store.url: found 2 of them",
        ),
        (
            "[store]\nkind = \"redis\"\nurl = \"redis://h\"\npartitions = 100\n",
            "hotline.toml:4: store.partitions: found 100, allowed: a power of two from 1 to 4096",
        ),
        (
            "[store]\nkind = \"redis\"\nsentinels = [\"redis://h\"]\n",
            "hotline.toml:3: store.sentinels: found \"sentinels\" alone",
        ),
        (
            "[store]\nfree_space_floor = \"1B\"\n",
            "hotline.toml:2: store.free_space_floor: found \"1B\", allowed: a size",
        ),
        (
            "[sending]\nlate_answers = \"maybe\"\n",
            "hotline.toml:2: sending.late_answers: found \"maybe\", allowed: \"wait\" | \"push\" | \"drop\"",
        ),
        (
            "[sending]\nmax_wait = \"1s\"\n",
            "hotline.toml:2: sending.max_wait: found \"1s\", allowed: a duration like \"20s\", from 10s to 24h",
        ),
        (
            "[privacy]\nkeep_archive = \"1h\"\n",
            "hotline.toml:2: privacy.keep_archive: found \"1h\", allowed: \"forever\", or a duration like \"90d\", from 1d to 3650d",
        ),
        (
            "[sending]\nagents_quota_share = 1.5\n",
            "hotline.toml:2: sending.agents_quota_share: found 1.5, allowed: a number from 0 to 1",
        ),
        (
            "[sending]\nagents_quota_share = nan\n",
            "hotline.toml:2: sending.agents_quota_share: found NaN, allowed: a number from 0 to 1",
        ),
        (
            "[sending]\nfetch_profile = \"yes\"\n",
            "hotline.toml:2: sending.fetch_profile: found \"yes\", allowed: true or false",
        ),
        (
            "[ai]\nprovider = \"openai\"\n",
            "hotline.toml:1: ai.model: found nothing, allowed: the model's name",
        ),
        (
            "[ai]\nbase_url = \"http://example.com\"\n",
            "hotline.toml:2: ai.base_url: found \"http://example.com\", allowed: an https:// URL",
        ),
        (
            "[ai]\nprovider = \"openai\"\nmodel = \"m\"\n",
            "hotline.toml:1: ai.api_key: found nothing, allowed: \"${NAME}\" of the variable",
        ),
        (
            "[ai]\ndebounce = \"2s\"\n",
            "hotline.toml:2: ai.debounce: found \"2s\", allowed: a duration like \"20s\", from 300ms to 800ms",
        ),
        (
            "[ai]\nmax_tokens = 9\n",
            "hotline.toml:2: ai.max_tokens: found 9, allowed: a whole number from 64 to 8192",
        ),
        (
            "[ai]\nbreaker_rest = \"1h\"\n",
            "hotline.toml:2: ai.breaker_rest: found \"1h\", allowed: a duration like \"20s\", from 1s to 5m",
        ),
        (
            "[ai]\npersonna = \"x\"\n",
            "hotline.toml:2: ai.personna: found an unknown key, allowed: \"persona\" (did you mean that?)",
        ),
        (
            "[ai]\ncontext_messages = 51\n",
            "hotline.toml:2: ai.context_messages: found 51, allowed: a whole number from 0 to 50",
        ),
        (
            "[logging]\nlevel = \"loud\"\n",
            "hotline.toml:2: logging.level: found \"loud\", allowed: \"error\" |",
        ),
        (
            "[console]\ntitle = \"x\"\n",
            "hotline.toml:2: console.title: found an unknown key, allowed: no keys in this version",
        ),
        (
            "[serber]\n",
            "hotline.toml:1: serber: found an unknown key, allowed: \"server\" (did you mean that?)",
        ),
        (
            "[server]\nlisten = \"a\n",
            "hotline.toml:2: found invalid basic string",
        ),
    ];
    for (text, expected) in cases {
        let dir = folder(&[("hotline.toml", &format!("{text}{CHANNEL}"))]);
        let (code, out) = checked(dir.path());
        assert_eq!(code, 1, "{text}");
        assert!(
            out.lines().any(|line| line.starts_with(expected)),
            "{text}\nexpected: {expected}\n{out}"
        );
    }
}

#[test]
fn each_bad_channel_is_named_with_its_line() {
    let cases = [
        (
            "",
            "hotline.toml:1: channels: found no channel, allowed: 1 to 64 channels",
        ),
        (
            "[[channels]]\nid = \"Main\"\nsecret = \"s\"\naccess_token = \"t\"\n",
            "hotline.toml:2: channels[0].id: found \"Main\", allowed: 1 to 32 of a-z 0-9 _ -",
        ),
        (
            "[[channels]]\nsecret = \"s\"\naccess_token = \"t\"\n",
            "hotline.toml:1: channels[0].id: found nothing",
        ),
        (
            "[[channels]]\nid = \"a\"\naccess_token = \"t\"\n",
            "hotline.toml:1: channels[0].secret: found nothing",
        ),
        (
            "[[channels]]\nid = \"a\"\nsecret = \"\"\naccess_token = \"t\"\n",
            "hotline.toml:3: channels[0].secret: found \"\"",
        ),
        (
            "[[channels]]\nid = \"a\"\nsecret = \"pre-${X}\"\naccess_token = \"t\"\n",
            "hotline.toml:3: channels[0].secret: found something else (not shown)",
        ),
        (
            "[[channels]]\nid = \"a\"\nsecret = \"s\"\nsecrets = [\"s\"]\naccess_token = \"t\"\n",
            "hotline.toml:4: channels[0].secrets: found secret and secrets, allowed: one of them",
        ),
        (
            "[[channels]]\nid = \"a\"\nsecrets = [\"1\", \"2\", \"3\"]\naccess_token = \"t\"\n",
            "hotline.toml:3: channels[0].secrets: found a list of 3, allowed: a list of 1 to 2 strings",
        ),
        (
            "[[channels]]\nid = \"a\"\nsecret = \"s\"\n",
            "hotline.toml:1: channels[0].access_token: found nothing",
        ),
        (
            "[[channels]]\nid = \"a\"\nsecret = \"s\"\naccess_token = \"stateless\"\n",
            "hotline.toml:1: channels[0].channel_id: found nothing",
        ),
        (
            "[[channels]]\nid = \"a\"\nsecret = \"s\"\naccess_token = \"t\"\ndestination = \"U1\"\n",
            "hotline.toml:5: channels[0].destination: found \"U1\", allowed: U and 32 of 0-9 a-f",
        ),
        (
            "[[channels]]\nid = \"a\"\nsecret = \"s\"\naccess_token = \"t\"\napi_base = \"http://api.line.me\"\n",
            "hotline.toml:5: channels[0].api_base: found \"http://api.line.me\", allowed: an https:// URL",
        ),
        (
            "[[channels]]\nid = \"a\"\nsecret = \"s\"\naccess_token = \"t\"\ngroups = \"some\"\n",
            "hotline.toml:5: channels[0].groups: found \"some\", allowed: \"when_addressed\" | \"ignore\" | \"all\"",
        ),
        (
            "[[channels]]\nid = \"a\"\nsecret = \"s\"\naccess_token = \"t\"\ngroup_call_words = [\"\"]\n",
            "hotline.toml:5: channels[0].group_call_words[0]: found \"\", allowed: strings of 1 to 20 characters",
        ),
        (
            "[[channels]]\nid = \"a\"\nsecret = \"s\"\naccess_token = \"t\"\n[[channels]]\nid = \"a\"\nsecret = \"s\"\naccess_token = \"t\"\n",
            "hotline.toml:6: channels[1].id: found \"a\", taken by the channel at line 1",
        ),
    ];
    for (text, expected) in cases {
        let dir = folder(&[("hotline.toml", text)]);
        let (code, out) = checked(dir.path());
        assert_eq!(code, 1, "{text}");
        assert!(
            out.lines().any(|line| line.starts_with(expected)),
            "{text}\nexpected: {expected}\n{out}"
        );
    }
}

const RULE: &str = "[[keyword]]\nid = \"a\"\nterms = [\"運費\"]\n";

#[test]
fn each_bad_automation_file_is_named_with_its_line() {
    let text = "reply = [{ type = \"text\", text = \"x\" }]\n";
    let twice = format!("{RULE}{text}[[keyword]]\nid = \"b\"\nterms = [\n  \"运 费\",\n]\n{text}");
    let same_id = format!("{RULE}{text}[[keyword]]\nid = \"a\"\nterms = [\"地址\"]\n{text}");
    let many = format!(
        "reply = [{}]\n",
        "{ type = \"text\", text = \"x\" },".repeat(6)
    );
    let long = format!(
        "reply = [\n  {{ type = \"text\",\n    text = \"{}\" }},\n]\n",
        "長".repeat(5_001)
    );
    let label = "reply = [{ type = \"text\", text = \"x\", quick_replies = [\n  { label = \"ok\", text = \"x\" },\n  { label = \"十二三四五六七八九十一二三四五六七八九十一\", text = \"x\" },\n] }]\n";
    let buttons = "reply = [{ type = \"buttons\", alt_text = \"a\", text = \"t\", actions = [\n  { label = \"x\" },\n] }]\n";
    let uri = "reply = [{ type = \"buttons\", alt_text = \"a\", text = \"t\", actions = [\n  { label = \"x\",\n    uri = \"ftp://x\" },\n] }]\n";
    let misspelt = "reply = [{ type = \"buttons\", alt_txt = \"a\", text = \"t\", actions = [{ label = \"x\", text = \"x\" }] }]\n";
    let with = |reply: &str| format!("{RULE}{reply}");
    let cases = [
        (with(""), "automation/k.toml:1: keyword[0].reply: found nothing"),
        (with("reply = \"x\"\n"), "automation/k.toml:4: keyword[0].reply: found \"x\", allowed: a list of 1 to 5 messages"),
        (with(&many), "automation/k.toml:4: keyword[0].reply: found 6 messages"),
        (with(&long), "automation/k.toml:6: keyword[0].reply[0].text: found"),
        (with("reply = [{ type = \"txt\", text = \"x\" }]\n"), "automation/k.toml:4: keyword[0].reply[0].type: found \"txt\", allowed: \"text\" (did you mean that?) (LINE: "),
        (with("reply = [{ type = \"text\", text = \"x\", txet = 1 }]\n"), "automation/k.toml:4: keyword[0].reply[0].txet: found an unknown key, allowed: \"text\" (did you mean that?) (LINE: "),
        (with(label), "automation/k.toml:6: keyword[0].reply[0].quick_replies[1].label: found 21 characters, allowed: at most 20 characters (LINE: "),
        (with(buttons), "automation/k.toml:5: keyword[0].reply[0].actions[0].label: found no action, allowed: one of text, uri, data"),
        (with(uri), "automation/k.toml:6: keyword[0].reply[0].actions[0].uri: found scheme \"ftp\", allowed: scheme http, https, line, tel (LINE: "),
        (with(misspelt), "automation/k.toml:4: keyword[0].reply[0].alt_txt: found an unknown key, allowed: \"alt_text\" (did you mean that?)"),
        (twice, "automation/k.toml:8: keyword \"b\" terms: found \"运 费\", the same as a term of \"a\""),
        (same_id, "automation/k.toml:6: keyword[1].id: found \"a\", taken by"),
        (format!("[[keyword]]\nid = \"a\"\nterms = [\"!?\"]\n{text}"), "automation/k.toml:3: keyword \"a\" terms: found \"!?\", allowed: a word with letters or digits"),
        (format!("[[keyword]]\nid = \"a\"\nterms = []\n{text}"), "automation/k.toml:3: keyword[0].terms: found a list of 0"),
        (format!("[[keyword]]\nid = \"A b\"\nterms = [\"x\"]\n{text}"), "automation/k.toml:2: keyword[0].id: found \"A b\""),
        (format!("[fallbak]\n{text}"), "automation/k.toml:1: fallbak: found an unknown key, allowed: \"fallback\" (did you mean that?)"),
        ("[[synonyms]]\nwords = [\"運費\", \"郵資\"]\n[[synonyms]]\nwords = [\"邮资\", \"寄費\"]\n".to_owned(), "automation/k.toml:4: synonyms[1].words: found \"邮资\", already at"),
        ("[rich_menu]\nname = \"main\"\n".to_owned(), "automation/k.toml:1: rich_menu.image: found nothing"),
        ("[rich_menu]\nname = \"main\"\nimage = \"no.png\"\n".to_owned(), "automation/k.toml:3: rich_menu.image: found"),
        ("[rich_menu]\n[[rich_menu.group]]\nlabel = \"x\"\nentries = [\n  { label = \"y\", keyword = \"pric\" },\n]\n".to_owned(), "automation/k.toml:5: rich_menu.group[0].entries[0].keyword: found \"pric\", allowed: the id of a keyword rule"),
        ("[rich_menu]\n[[rich_menu.group]]\nlabel = \"x\"\nentries = [\n  { label = \"y\", flow = \"f\" },\n]\n".to_owned(), "automation/k.toml:5: rich_menu.group[0].entries[0].flow: found \"f\", allowed: the id of a [[flow]], of which there is none"),
        ("[rich_menu]\n[[rich_menu.group]]\nlabel = \"x\"\nentries = [\n  { label = \"y\" },\n]\n".to_owned(), "automation/k.toml:5: rich_menu.group[0].entries[0].label: found no action"),
    ];
    for (text, expected) in cases {
        let dir = folder(&[("hotline.toml", CHANNEL), ("automation/k.toml", &text)]);
        let (code, out) = checked(dir.path());
        assert_eq!(code, 1, "{text}");
        assert!(
            out.lines().any(|line| line.starts_with(expected)),
            "{text}\nexpected: {expected}\n{out}"
        );
    }
}

#[test]
fn a_menu_over_the_limits_is_named_at_its_entry() {
    let menu = std::fs::read(sample().join("automation/menu.png")).unwrap();
    let dir = folder(&[
        ("hotline.toml", CHANNEL),
        (
            "automation/menu.toml",
            "[rich_menu]\nname = \"main\"\nchat_bar_text = \"十五個字的長條文字太多了不能放\"\n\
             image = \"menu.png\"\n[[rich_menu.group]]\nlabel = \"x\"\nentries = [\n  \
             { label = \"y\", uri = \"ftp://x\" },\n]\n",
        ),
    ]);
    std::fs::write(dir.path().join("automation/menu.png"), menu).unwrap();
    let (code, out) = checked(dir.path());
    assert_eq!(code, 1);
    assert!(
        out.contains("menu.toml:3: rich_menu.chat_bar_text: "),
        "{out}"
    );
    assert!(
        out.contains("menu.toml:8: rich_menu.group[0].entries[0].uri: "),
        "{out}"
    );
}

#[test]
fn all_faults_of_all_files_come_in_one_pass() {
    let dir = folder(&[
        (
            "hotline.toml",
            "[server]\nlisten = \"abc\"\nworkers = 0\nnonsense = 1\n[[channels]]\nid = \"A\"\n",
        ),
        ("automation/a.toml", "[[keyword]]\nid = \"a\"\n"),
        (
            "automation/b.toml",
            "[[keyword]]\nid = \"b\"\nterms = [\"x\"]\nreply = []\n",
        ),
    ]);
    let (code, out) = checked(dir.path());
    assert_eq!(code, 1);
    for expected in [
        "hotline.toml:2: server.listen",
        "hotline.toml:3: server.workers",
        "hotline.toml:4: server.nonsense",
        "hotline.toml:5: channels[0].secret",
        "hotline.toml:5: channels[0].access_token",
        "hotline.toml:6: channels[0].id",
        "automation/a.toml:1: keyword[0].terms",
        "automation/a.toml:1: keyword[0].reply",
        "automation/b.toml:4: keyword[0].reply",
    ] {
        assert!(out.contains(expected), "{expected}\n{out}");
    }
    assert!(out.ends_with(": 9 faults, 1 warning\n"), "{out}");
}

#[test]
fn a_missing_folder_is_one_fault() {
    let dir = tempfile::tempdir().unwrap();
    let (code, out) = checked(&dir.path().join("nowhere"));
    assert_eq!(code, 1);
    assert_eq!(out.lines().count(), 2, "{out}");
    assert!(
        out.contains("nowhere: found no such folder, allowed: a config folder with hotline.toml"),
        "{out}"
    );
}

#[test]
fn a_socket_path_too_long_is_a_warning() {
    let text = format!("[store]\npath = \"{}\"\n{CHANNEL}", "d".repeat(100));
    let dir = folder(&[("hotline.toml", &text)]);
    let (code, out) = checked(dir.path());
    assert_eq!(code, 0, "{out}");
    assert!(
        out.contains("hotline.toml:2: warning: store.path: found 113 bytes"),
        "{out}"
    );
}

/// A shop with one rule whose reply is the given one.
fn replying(reply: &str) -> TempDir {
    let rule = format!("{RULE}reply = [\n{reply}\n]\n");
    folder(&[("hotline.toml", CHANNEL), ("automation/k.toml", &rule)])
}

#[test]
fn a_fault_in_a_reply_speaks_the_files_words_and_never_lines() {
    let cases = [
        (
            "{ type = \"nonsense\" }",
            "reply[0].type: found \"nonsense\", allowed: \"text\" | \"buttons\" | \"confirm\" | \"carousel\" | \"image\"",
        ),
        (
            "{ type = \"button\" }",
            "reply[0].type: found \"button\", allowed: \"buttons\" (did you mean that?)",
        ),
        (
            "{ text = \"x\" }",
            "reply[0].type: found nothing, allowed: \"text\" | \"buttons\" | \"confirm\"",
        ),
        (
            "{ type = \"text\" }",
            "reply[0].text: found nothing, allowed: a string of at most 5000 UTF-16 units",
        ),
        (
            "{ type = \"text\", text = \"x\", quick_reply = [] }",
            "reply[0].quick_reply: found an unknown key, allowed: \"quick_replies\" (did you mean that?)",
        ),
        (
            "{ type = \"text\", text = \"x\", nonsense = 1 }",
            "reply[0].nonsense: found an unknown key, allowed: \"type\" | \"quick_replies\" | \"sender\"",
        ),
        (
            "{ type = \"buttons\", text = \"t\", actions = [{ label = \"l\", text = \"x\" }] }",
            "reply[0].alt_text: found nothing, allowed: a string of at most 1500 UTF-16 units",
        ),
        (
            "{ type = \"buttons\", alt_text = \"a\", text = \"t\" }",
            "reply[0].actions: found 0 items, allowed: 1 to 4 items",
        ),
        (
            "{ type = \"buttons\", alt_text = \"a\", text = \"t\", actions = [{ text = \"x\" }] }",
            "reply[0].actions[0].label: found nothing, allowed: a string of at most 20 characters",
        ),
        (
            "{ type = \"buttons\", alt_text = \"a\", text = \"t\", thumbnail = \"http://x/y.png\", actions = [{ label = \"l\", text = \"x\" }] }",
            "reply[0].thumbnail: found scheme \"http\", allowed: scheme https",
        ),
        (
            "{ type = \"confirm\", alt_text = \"a\", text = \"t\", actions = [{ label = \"l\", text = \"x\" }] }",
            "reply[0].actions: found 1 items, allowed: exactly 2 items",
        ),
        (
            "{ type = \"text\", text = \"x\", sender = \"me\" }",
            "reply[0].sender: found a string, allowed: a table",
        ),
        // As LINE writes it, LINE's names are the author's.
        (
            "{ type = \"flex\", alt_text = \"a\", contents = { type = \"bubble\" } }",
            "reply[0].alt_text: found an unknown key, allowed: \"altText\" (did you mean that?)",
        ),
        (
            "{ type = \"text\", text = \"x\", quickReply = { items = [{ type = \"action\", action = { type = \"messag\", label = \"l\", text = \"x\" } }] } }",
            "reply[0].quickReply.items[0].action.type: found \"messag\", allowed: \"message\" (did you mean that?)",
        ),
    ];
    for (reply, expected) in cases {
        let (code, out) = checked(replying(reply).path());
        assert_eq!(code, 1, "{reply}");
        let expected = format!("automation/k.toml:5: keyword[0].{expected}");
        assert!(
            out.lines().any(|line| line.starts_with(&expected)),
            "{reply}\nexpected: {expected}\n{out}"
        );
        if !reply.contains("flex") && !reply.contains("quickReply") {
            for word in [
                "quickReply",
                "altText",
                "displayText",
                "template.",
                "action.",
            ] {
                assert!(!out.contains(word), "{reply} is told with {word}:\n{out}");
            }
        }
    }
}

#[test]
fn a_button_without_an_answer_is_named_where_it_is_written() {
    let reply = "  { type = \"buttons\", alt_text = \"a\", text = \"t\", actions = [\n    \
                 { label = \"l\",\n      data = \"lost\" },\n  ] },";
    let (code, out) = checked(replying(reply).path());
    assert_eq!(code, 0, "{out}");
    assert!(
        out.contains(
            "automation/k.toml:7: warning: keyword[0].reply[0].actions[0].data: found \"lost\", \
             which nothing answers, allowed: the data of a [[postback]]"
        ),
        "{out}"
    );
}

#[test]
fn a_shop_without_a_fallback_is_warned() {
    let reply = "  { type = \"text\", text = \"x\" },";
    let dir = replying(reply);
    let (code, out) = checked(dir.path());
    assert_eq!(code, 0, "{out}");
    let warning = "automation: warning: fallback: found nothing, allowed: one [fallback]";
    assert!(out.lines().any(|line| line.starts_with(warning)), "{out}");
    let fallback = "[fallback]\nreply = [{ type = \"text\", text = \"y\" }]\n";
    std::fs::write(dir.path().join("automation/f.toml"), fallback).unwrap();
    let (_, out) = checked(dir.path());
    assert!(!out.contains("fallback"), "{out}");
}

#[test]
fn an_empty_variable_is_told_from_one_that_is_not_set() {
    let text = "[[channels]]\nid = \"main\"\nsecret = \"${EMPTY}\"\naccess_token = \"${UNSET}\"\n";
    let dir = folder(&[("hotline.toml", text)]);
    let mut out = Vec::new();
    let env = |name: &str| (name == "EMPTY").then(String::new);
    let code = check::run(dir.path(), &env, &mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert_eq!(code, 0, "{out}");
    let empty = "channels[0].secret: found \"${EMPTY}\" and the environment variable EMPTY is set, but empty";
    assert!(out.contains(empty), "{out}");
    let unset = "channels[0].access_token: found \"${UNSET}\" and no environment variable UNSET";
    assert!(out.contains(unset), "{out}");
}

#[test]
fn placeholders_are_warned_of_and_never_shown() {
    let channel = |secret: &str, token: &str, more: &str| {
        format!(
            "[[channels]]\nid = \"main\"\nsecret = \"{secret}\"\naccess_token = \"{token}\"\n{more}"
        )
    };
    let good = "0123456789abcdef0123456789abcdef";
    let token = "Ab1/".repeat(43);
    let warned = |text: &str| {
        let (code, out) = checked(folder(&[("hotline.toml", text)]).path());
        assert_eq!(code, 0, "{out}");
        let lines = out.lines().filter(|line| line.contains("channels[0]"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(warned(&channel(good, &token, "")), Vec::<String>::new());
    for (secret, said) in [
        ("change-me-please", "a placeholder (\"change-me\")"),
        ("your-channel-secret", "a placeholder (\"your-\")"),
        ("$LINE_CHANNEL_SECRET", "a variable without its braces"),
        ("0123456789abcdef", "16 characters"),
    ] {
        let lines = warned(&channel(secret, &token, ""));
        let expected =
            format!("hotline.toml:3: warning: channels[0].secret: found {said}, allowed: ");
        assert!(
            lines.len() == 1 && lines[0].starts_with(&expected),
            "{secret}: {lines:?}"
        );
        assert!(!lines[0].contains(secret), "{lines:?}");
    }
    let lines = warned(&channel(good, "short", ""));
    assert!(
        lines[0].contains("channels[0].access_token: found 5 characters"),
        "{lines:?}"
    );
    let stateless = channel(good, "stateless", "channel_id = \"1654321987\"\n");
    assert!(warned(&stateless).is_empty());
    let at_simulator = channel("s", "t", "api_base = \"http://127.0.0.1:8090\"\n");
    assert!(
        warned(&at_simulator).is_empty(),
        "a simulator takes any credential"
    );
}

#[test]
fn a_mistyped_word_is_answered_with_the_nearest_one() {
    let text = format!("[store]\nkind = \"embeded\"\n{CHANNEL}");
    let (_, out) = checked(folder(&[("hotline.toml", &text)]).path());
    let expected = "allowed: \"embedded\" | \"redis\"; did you mean \"embedded\"?";
    assert!(out.contains(expected), "{out}");
}

fn sample() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config")
}

#[test]
fn the_sample_config_warns_of_unset_secrets_and_nothing_else() {
    let (code, out) = checked(&sample());
    assert_eq!(code, 0, "{out}");
    let warnings: Vec<&str> = out
        .lines()
        .filter(|line| line.contains("warning:"))
        .collect();
    assert_eq!(warnings.len(), 2, "{out}");
    for name in ["LINE_CHANNEL_SECRET", "LINE_CHANNEL_ACCESS_TOKEN"] {
        assert!(warnings.iter().any(|line| line.contains(name)), "{out}");
    }
    assert!(
        out.contains("16 keyword rules, 26 articles, rich menu \"main\"; 0 faults, 2 warnings"),
        "{out}"
    );
}

#[test]
fn the_simulators_config_is_good_without_a_word() {
    let (code, out) = checked(&sample().join("simulator"));
    assert_eq!(code, 0, "{out}");
    assert!(out.ends_with("0 faults, 0 warnings\n"), "{out}");
    assert_eq!(out.lines().count(), 1, "{out}");
}
