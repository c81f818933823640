//! Flows as written: what is built of them, and what is refused at which line.

use super::*;
use crate::config::fault::Findings;
use crate::domain::handoff::Reason;
use crate::domain::playbook::Act;

fn read(text: &str) -> (Flows, Connectors, Vec<String>) {
    let findings = Findings::default();
    let documents = [Document::parse("f.toml", text, &|_| None, &findings)];
    let roots = [Section::root(&documents[0], &findings)];
    let mut connectors = Connectors::default();
    connectors.read_services(&roots[0]);
    connectors.read_connectors(&roots[0]);
    let flows = Flows::read(&roots, &documents, &connectors);
    flows.tell(&findings);
    let [root] = roots;
    root.finish();
    let (Ok(all) | Err(all)) = findings.verdict();
    (
        flows,
        connectors,
        all.iter().map(ToString::to_string).collect(),
    )
}

const BASE: &str = r#"[[slot]]
id = "number"
kind = "pattern"
pattern = '[A-Z]{0,4}[0-9]{6,16}'
remember = true
[[slot]]
id = "sure"
kind = "yes_no"
[[service]]
id = "orders"
base = "http://127.0.0.1:1"
allow = ["127.0.0.1"]
[[connector]]
id = "order"
service = "orders"
path = "/orders/{slot.number}"
[[connector.outcome]]
name = "found"
status = [200]
fields = { status = "/status" }
[[connector.outcome]]
name = "not_found"
status = [404]
"#;

/// The steps of one flow after [`BASE`], which has 23 lines; they begin at line 26.
fn flow(steps: &str) -> String {
    format!("{BASE}[[flow]]\nid = \"f\"\n{steps}")
}

const ASK: &str =
    "[[flow.step]]\nid = \"ask\"\nask = \"number\"\nprompt = [{ type = \"text\", text = \"?\" }]\n";
const SURE: &str = "[[flow.step]]\nid = \"sure\"\nask = \"sure\"\nprompt = [{ type = \"text\", text = \"{slot.number}?\" }]\n";
const END: &str = "[[flow.step]]\nid = \"end\"\nend = \"complete\"\n";

#[test]
fn a_flow_is_steps_by_number_and_slots_by_name() {
    let (flows, _, faults) = read(&flow(&format!(
        "timeout = \"1h\"\nmax_failures = 2\n{ASK}{SURE}\
         [[flow.step]]\nid = \"which\"\nbranch = \"sure\"\ncases = {{ yes = \"look\", no = \"end\" }}\n\
         [[flow.step]]\nid = \"look\"\ncall = \"order\"\non = {{ found = \"tell\", not_found = \"again\" }}\nfailed = \"person\"\n\
         [[flow.step]]\nid = \"again\"\nforget = [\"number\"]\nsay = [{{ type = \"text\", text = \"no {{slot.number}}\" }}]\nnext = \"ask\"\n\
         [[flow.step]]\nid = \"tell\"\nsay = [{{ type = \"text\", text = \"is {{call.status}}\" }}]\nnext = \"end\"\n\
         [[flow.step]]\nid = \"person\"\nend = \"handoff\"\nreason = \"ai_failed\"\n{END}"
    )));
    assert!(faults.is_empty(), "{faults:#?}");
    let flow = flows.named("f").unwrap();
    assert_eq!((flow.timeout.0, flow.max_failures), (3_600_000, 2));
    let names: Vec<&str> = flow.slots.iter().map(|slot| &*slot.name).collect();
    assert_eq!(names, ["number", "sure"]);
    assert!(flow.slots[0].remember && !flow.slots[1].remember);
    assert!(matches!(
        flow.steps[0].act,
        Act::Ask {
            slot: 0,
            next: 1,
            ..
        }
    ));
    let Act::Branch { otherwise, .. } = &flow.steps[2].act else {
        panic!("{:?}", flow.steps[2]);
    };
    assert_eq!(
        *otherwise,
        flow.step("end").unwrap(),
        "all values have a way"
    );
    assert!(matches!(&flow.steps[4].act, Act::Again { forget, next: 0, .. } if **forget == [0]));
    let person = &flow.steps[flow.step("person").unwrap()].act;
    assert!(matches!(
        person,
        Act::End {
            handoff: Some(Reason::AiFailed),
            ..
        }
    ));
    let value = flows.read_slot(flow, 0, "訂單 tw-1234567", false);
    assert_eq!(value, Reading::Found("TW1234567".into()));
    assert_eq!(flows.read_slot(flow, 9, "tw1234567", true), Reading::Absent);
}

#[test]
fn each_fault_of_a_flow_is_named_at_its_line() {
    let call = "[[flow.step]]\nid = \"look\"\ncall = \"order\"\non = { found = \"end\", not_found = \"end\" }\nfailed = \"end\"\n";
    let cases = [
        (flow(""), "f.toml:24: flow[0].step: found 0 steps"),
        (
            flow(&format!("{ASK}next = \"ende\"\n{END}")),
            "f.toml:30: flow[0].step[0].next: found \"ende\", allowed: the id of a step, such as \"end\"",
        ),
        (
            flow(&format!("{}{END}", ASK.replace("\"number\"", "\"nummer\""))),
            "f.toml:28: flow[0].step[0].ask: found \"nummer\", allowed: \"number\" (did you mean that?)",
        ),
        (
            flow(ASK),
            "f.toml:26: flow[0].step[0].next: found nothing, allowed: the id of a step: no step follows",
        ),
        (
            flow(&format!("{ASK}{END}{END}")),
            "f.toml:33: flow[0].step[2].id: found \"end\" a second time",
        ),
        (
            flow(&format!("{ASK}next = \"ask\"\n")),
            "f.toml:26: flow[0].step[0].id: found \"ask\", a dead end",
        ),
        (
            flow(&format!(
                "{ASK}{}{END}",
                call.replace("\"order\"", "\"ordr\"")
            )),
            "f.toml:32: flow[0].step[1].call: found \"ordr\", allowed: \"order\" (did you mean that?)",
        ),
        (
            flow(&format!(
                "{ASK}{}{END}",
                call.replace("found = \"end\",", "fnd = \"end\",")
            )),
            "f.toml:33: flow[0].step[1].on.fnd: found \"fnd\", no outcome of \"order\"",
        ),
        (
            flow(&format!("{call}{END}")),
            "f.toml:26: flow[0].step[0]: found the slot \"number\", which nobody asked for on some way here",
        ),
        (
            flow(
                &format!("{ASK}{call}{END}").replace("not_found = \"end\"", "not_found = \"ask\""),
            ),
            "f.toml:26: flow[0].step[0].id: found a circle that asks nothing anew: ask → look",
        ),
        (
            flow(&format!(
                "{ASK}[[flow.step]]\nid = \"which\"\nbranch = \"number\"\ncases = {{ A1 = \"end\" }}\n{END}"
            )),
            "f.toml:30: flow[0].step[1].otherwise: found nothing",
        ),
        (
            flow(&format!(
                "{ASK}{SURE}[[flow.step]]\nid = \"which\"\nbranch = \"sure\"\ncases = {{ maybe = \"end\" }}\notherwise = \"end\"\n{END}"
            )),
            "f.toml:37: flow[0].step[2].cases.maybe: found \"maybe\", which the slot cannot be",
        ),
        (
            flow(&format!(
                "{ASK}[[flow.step]]\nid = \"again\"\nforget = [\"number\"]\nnext = \"end\"\n{END}"
            )),
            "f.toml:30: flow[0].step[1].next: found \"end\", allowed: a step that asks for a slot which is forgotten here",
        ),
        (
            flow(&format!(
                "{ASK}{END}say = [{{ type = \"text\", text = \"{{slot.nmber}}\" }}]\n"
            )),
            "f.toml:33: flow[0].step[1].say[0].text: found the unknown variable {slot.nmber}",
        ),
        (
            flow(&format!(
                "{ASK}{END}say = [{{ type = \"text\", text = \"{{slot.sure}}!\" }}]\n"
            )),
            "f.toml:30: flow[0].step[1]: found the slot \"sure\", which this flow never asks for",
        ),
        (
            flow(&format!("{ASK}{END}ask = \"sure\"\n")),
            "f.toml:31: flow[0].step[1].id: found ask and end",
        ),
        (
            flow(&format!("max_failures = 0\n{ASK}{END}")),
            "f.toml:26: flow[0].max_failures: found 0",
        ),
        (
            flow(&format!("timeout = \"1s\"\n{ASK}{END}")),
            "f.toml:26: flow[0].timeout: found \"1s\", allowed: a duration like \"30m\"",
        ),
        (
            format!(
                "{}[[flow]]\nid = \"f\"\n{END}",
                flow(&format!("{ASK}{END}"))
            ),
            "f.toml:34: flow[1].id: found \"f\" a second time",
        ),
        (
            "[[slot]]\nid = \"a\"\nkind = \"pattern\"\npattern = '['\n".to_owned(),
            "f.toml:4: slot[0].pattern: found \"[\":",
        ),
        (
            "[[slot]]\nid = \"a\"\nkind = \"choice\"\noptions = { a = [\"x\"], b = [\"x\"] }\n"
                .to_owned(),
            "f.toml:4: slot[0].options: found \"x\" for two values",
        ),
        (
            "[[slot]]\nid = \"a\"\nkind = \"number\"\n".to_owned(),
            "f.toml:3: slot[0].kind: found \"number\", allowed: \"pattern\"",
        ),
    ];
    for (text, expected) in cases {
        let (_, _, faults) = read(&text);
        assert!(
            faults.iter().any(|fault| fault.starts_with(expected)),
            "{text}\nexpected {expected}\n{faults:#?}"
        );
    }
}

#[test]
fn a_slot_that_was_forgotten_is_not_used_before_it_is_asked_for_anew() {
    let steps = |next: &str| {
        flow(&format!(
            "{ASK}{SURE}[[flow.step]]\nid = \"which\"\nbranch = \"sure\"\ncases = {{ yes = \"end\", no = \"again\" }}\n\
             [[flow.step]]\nid = \"again\"\nforget = [\"number\", \"sure\"]\nsay = [{{ type = \"text\", text = \"no {{slot.number}}\" }}]\nnext = \"{next}\"\n{END}"
        ))
    };
    let (_, _, faults) = read(&steps("ask"));
    assert!(
        !faults.iter().any(|fault| fault.contains("nobody asked")),
        "{faults:#?}"
    );
    let (_, _, faults) = read(&steps("sure"));
    let expected = "f.toml:30: flow[0].step[1]: found the slot \"number\", which nobody asked for";
    assert!(
        faults.iter().any(|fault| fault.starts_with(expected)),
        "{faults:#?}"
    );
}

#[test]
fn what_is_odd_but_harmless_is_a_warning() {
    let (_, _, faults) = read(&flow(&format!(
        "{ASK}[[flow.step]]\nid = \"look\"\ncall = \"order\"\non = {{ found = \"tell\" }}\nfailed = \"tell\"\n\
         [[flow.step]]\nid = \"tell\"\nend = \"complete\"\nsay = [{{ type = \"text\", text = \"is {{call.status}}\" }}]\n\
         [[flow.step]]\nid = \"lost\"\nend = \"complete\"\n"
    )));
    let all = faults.join("\n");
    for expected in [
        "f.toml:6: warning: slot \"sure\": found a slot no flow asks for",
        "f.toml:30: warning: flow[0].step[1].on: found no way for the outcome \"not_found\"",
        "f.toml:35: warning: flow[0].step[2]: found {call.status}, which is empty on some way here",
        "f.toml:39: warning: flow[0].step[3].id: found \"lost\", which no step leads to",
    ] {
        assert!(all.contains(expected), "{expected}\n{all}");
    }
    assert!(
        faults.iter().all(|fault| fault.contains("warning")),
        "{all}"
    );
}
