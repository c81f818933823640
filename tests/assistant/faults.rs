//! A server that fails: each failure has its name, comes in time, and is not paid for twice.

use crate::bench::{Bench, draft, question, within};
use hotline::domain::time::Span;
use hotline::domain::verdict::{Failing, Verdict};
use hotline::simulator::assistant::{Fault, Script, Setup};
use std::time::{Duration, Instant};

fn always(script: Script) -> Setup {
    Setup {
        default: script,
        ..Setup::default()
    }
}

#[actix_web::test]
async fn each_failure_has_its_name() {
    for (script, failing, requests) in [
        (Script::fault(Fault::Html), Failing::Malformed, 1),
        (Script::fault(Fault::Truncated), Failing::Malformed, 1),
        (Script::fault(Fault::NoChoices), Failing::Malformed, 1),
        (Script::fault(Fault::Prose), Failing::Malformed, 1),
        (Script::fault(Fault::Empty), Failing::Malformed, 1),
        (Script::fault(Fault::Huge), Failing::Server, 2),
        (Script::fault(Fault::Close), Failing::Server, 2),
        (Script::status(500), Failing::Server, 2),
        (Script::status(503), Failing::Server, 2),
        (Script::status(401), Failing::Server, 1),
        (Script::status(404), Failing::Server, 1),
        (Script::status(302), Failing::Server, 2),
        (Script::status(429), Failing::Throttled, 2),
    ] {
        let bench = Bench::model(&[]);
        bench.set_up(always(script.clone()));
        let verdict = bench.ask(question("你好嗎")).await;
        assert_eq!(verdict, Verdict::Failed(failing), "{script:?}");
        assert_eq!(bench.requests(), requests, "{script:?}");
    }
}

#[actix_web::test]
async fn a_request_nobody_understands_is_given_up_after_the_ladder() {
    let bench = Bench::model(&[]);
    bench.set_up(always(Script::status(400)));
    let verdict = bench.ask(question("你好嗎")).await;
    assert_eq!(verdict, Verdict::Failed(Failing::Server));
    assert!((2..=8).contains(&bench.requests()), "{}", bench.requests());
    // It was not the manner's fault: the best one is tried first again.
    bench.set_up(Setup::default());
    draft(bench.ask(question("你好嗎")).await);
    assert_eq!(bench.health().format, Some("json_schema"));
}

#[actix_web::test]
async fn nobody_listens() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let bench = Bench::with(&[], |server| {
        server.base_url = hotline::config::BaseUrl::parse(&url).unwrap();
    });
    let verdict = bench.ask(question("你好嗎")).await;
    assert_eq!(verdict, Verdict::Failed(Failing::Server));
}

#[actix_web::test]
async fn a_failure_that_passes_is_tried_again() {
    let bench = Bench::model(&[]);
    for first in [
        Script::status(500),
        Script::fault(Fault::Close),
        Script::status(429),
        Script {
            retry_after: Some(0),
            ..Script::status(503)
        },
    ] {
        let before = bench.requests();
        bench.script([first.clone(), Script::sure(0.7)]);
        let draft = draft(bench.ask(question("你好嗎")).await);
        assert_eq!(
            (draft.confidence, bench.requests() - before),
            (70, 2),
            "{first:?}"
        );
    }
}

#[actix_web::test]
async fn a_server_that_wants_to_be_left_alone_is() {
    let bench = Bench::model(&[]);
    bench.script([Script {
        retry_after: Some(30),
        ..Script::status(429)
    }]);
    let throttled = Verdict::Failed(Failing::Throttled);
    assert_eq!(bench.ask(question("你好嗎")).await, throttled);
    assert_eq!(bench.ask(question("你好嗎")).await, throttled);
    assert_eq!(bench.requests(), 1);
}

#[actix_web::test]
async fn a_hanging_or_slow_server_does_not_outlast_the_patience() {
    let slow = Script {
        delay_ms: 60_000,
        ..Script::default()
    };
    for script in [Script::fault(Fault::Hang), slow] {
        let bench = Bench::model(&[]);
        bench.script([script]);
        let mut question = question("你好嗎");
        question.patience = Span(700);
        let begun = Instant::now();
        let verdict = bench.ask(question).await;
        assert_eq!(verdict, Verdict::Failed(Failing::Timeout));
        let took = begun.elapsed();
        let bounds = Duration::from_millis(600)..Duration::from_millis(1_700);
        assert!(bounds.contains(&took), "{took:?}");
    }
}

#[actix_web::test]
async fn a_sick_server_is_left_alone_and_found_well_again() {
    let bench = Bench::with(&[], |server| {
        server.breaker.failures = 3;
        server.tries = 1;
    });
    bench.set_up(always(Script::status(500)));
    for _ in 0..3 {
        let verdict = bench.ask(question("你好嗎")).await;
        assert_eq!(verdict, Verdict::Failed(Failing::Server));
    }
    assert_eq!(bench.health().breaker, Some("open"));
    let open = Verdict::Failed(Failing::BreakerOpen);
    assert_eq!(bench.ask(question("你好嗎")).await, open);
    assert_eq!(bench.requests(), 3);
    // Its next probe fails, the one after it does not.
    let patience = Duration::from_secs(10);
    within(patience, async || {
        let verdict = bench.ask(question("你好嗎")).await;
        (verdict == Verdict::Failed(Failing::Server)).then_some(())
    })
    .await;
    assert_eq!(bench.health().breaker, Some("open"));
    bench.set_up(Setup::default());
    within(patience, async || {
        let verdict = bench.ask(question("你好嗎")).await;
        matches!(verdict, Verdict::Answered(_)).then_some(())
    })
    .await;
    assert_eq!(bench.health().breaker, Some("closed"));
}

#[actix_web::test]
async fn a_wish_to_be_left_alone_for_ages_harms_nobody() {
    for status in [429, 503] {
        let bench = Bench::model(&[]);
        bench.set_up(always(Script {
            retry_after: Some(u64::MAX),
            ..Script::status(status)
        }));
        let failing = match status {
            429 => Failing::Throttled,
            _ => Failing::Server,
        };
        let verdict = bench.ask(question("你好嗎")).await;
        assert_eq!(verdict, Verdict::Failed(failing), "{status}");
        assert_eq!(bench.requests(), 1);
    }
}

#[actix_web::test]
async fn what_a_question_waited_before_does_not_make_the_server_sick() {
    let bench = Bench::with(&[], |server| server.breaker.failures = 1);
    bench.set_up(always(Script::fault(Fault::Hang)));
    let timeout = Verdict::Failed(Failing::Timeout);
    for (patience, requests) in [(100, 0), (700, 1)] {
        let mut late = question("你好嗎");
        late.patience = Span(patience);
        assert_eq!(bench.ask(late).await, timeout, "{patience}");
        assert_eq!(bench.requests(), requests, "{patience}");
        assert_eq!(bench.health().breaker, Some("closed"), "{patience}");
    }
}
