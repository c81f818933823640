//! Bounded places, dying workers, questions nobody waits for.

use crate::bench::{question, within};
use futures_util::future::{BoxFuture, join_all};
use hotline::assistant::{Answers, Condition};
use hotline::domain::time::Span;
use hotline::domain::verdict::{By, Draft, Failing, Verdict};
use hotline::ports::assistant::{AssistantStage, Question};
use hotline::stages::assistant::{Assistant, WAITING};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Answers when it is let; dies of some questions.
struct Slow {
    gate: Semaphore,
    under_way: AtomicUsize,
    most: AtomicUsize,
}

struct UnderWay<'a>(&'a Slow);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Shared(Arc<Slow>);

impl Answers for Shared {
    fn answer(&self, question: Question) -> BoxFuture<'static, Verdict> {
        assert!(&*question.text != "poison at once", "dies");
        let slow = self.0.clone();
        Box::pin(async move {
            let now = slow.under_way.fetch_add(1, Ordering::SeqCst) + 1;
            let _under_way = UnderWay(&slow);
            slow.most.fetch_max(now, Ordering::SeqCst);
            if &*question.text == "poison" {
                tokio::task::yield_now().await;
                panic!("dies on the way");
            }
            slow.gate.acquire().await.unwrap().forget();
            Verdict::Answered(Draft {
                text: question.text,
                confidence: 80,
                by: By::Model,
                sources: Box::default(),
                needs_human: false,
            })
        })
    }

    fn condition(&self) -> Condition {
        Condition {
            provider: "knowledge",
            breaker: None,
            format: None,
        }
    }
}

fn stage(places: usize, open: usize) -> (Assistant, Arc<Slow>) {
    let slow = Arc::new(Slow {
        gate: Semaphore::new(open),
        under_way: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
    });
    let places = NonZeroUsize::new(places).unwrap();
    (Assistant::new(Arc::new(Shared(slow.clone())), places), slow)
}

fn is_answered(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Answered(_))
}

const SOON: Duration = Duration::from_secs(10);

#[actix_web::test]
async fn no_more_are_worked_on_than_there_are_places() {
    let (stage, slow) = stage(3, 0);
    let all = join_all((0..20).map(|n| stage.ask(question(&n.to_string()))));
    let let_go = async {
        within(SOON, async || {
            (slow.under_way.load(Ordering::SeqCst) == 3).then_some(())
        })
        .await;
        slow.gate.add_permits(20);
    };
    let (verdicts, ()) = futures_util::future::join(all, let_go).await;
    assert!(verdicts.iter().all(is_answered));
    assert_eq!(slow.most.load(Ordering::SeqCst), 3);
    assert_eq!(stage.health().unwrap().in_flight, 0);
}

#[actix_web::test]
async fn one_too_many_is_told_at_once() {
    let (stage, slow) = stage(1, 0);
    let asks = (0..WAITING + 2).map(|n| stage.ask(question(&n.to_string())));
    let open = async {
        within(SOON, async || {
            (stage.health().unwrap().waiting == WAITING).then_some(())
        })
        .await;
        slow.gate.add_permits(WAITING + 2);
    };
    let (verdicts, ()) = futures_util::future::join(join_all(asks), open).await;
    let full = verdicts
        .iter()
        .filter(|verdict| **verdict == Verdict::Failed(Failing::Full));
    assert_eq!(full.count(), 1);
    assert_eq!(
        verdicts
            .iter()
            .filter(|verdict| is_answered(verdict))
            .count(),
        WAITING + 1
    );
}

#[actix_web::test]
async fn who_waits_for_a_place_waits_no_longer_than_he_is_patient() {
    let (stage, slow) = stage(1, 0);
    let mut impatient = question("b");
    impatient.patience = Span(50);
    let first = stage.ask(question("a"));
    let second = async {
        let verdict = stage.ask(impatient).await;
        slow.gate.add_permits(1);
        verdict
    };
    let (first, second) = futures_util::future::join(first, second).await;
    assert!(is_answered(&first));
    assert_eq!(second, Verdict::Failed(Failing::Full));
}

#[actix_web::test]
async fn a_worker_that_dies_costs_one_question_and_comes_back() {
    let (stage, _) = stage(4, usize::MAX >> 4);
    for poison in ["poison", "poison at once"] {
        let texts = ["a", poison, "b", "c"];
        let verdicts = join_all(texts.map(|text| stage.ask(question(text)))).await;
        for (text, verdict) in texts.iter().zip(&verdicts) {
            match *text == poison {
                true => assert_eq!(*verdict, Verdict::Failed(Failing::Died)),
                false => assert!(is_answered(verdict), "{text}: {verdict:?}"),
            }
        }
        assert!(is_answered(&stage.ask(question("d")).await));
    }
    within(SOON, async || {
        let health = stage.health().unwrap();
        (health.restarts == 2 && health.workers >= 4).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_question_nobody_waits_for_is_let_go_of() {
    let (stage, slow) = stage(1, 0);
    let asked = actix_rt::spawn(stage.ask(question("a")));
    within(SOON, async || {
        (slow.under_way.load(Ordering::SeqCst) == 1).then_some(())
    })
    .await;
    asked.abort();
    within(SOON, async || {
        (slow.under_way.load(Ordering::SeqCst) == 0).then_some(())
    })
    .await;
    slow.gate.add_permits(1);
    assert!(is_answered(&stage.ask(question("b")).await));
}

#[actix_web::test]
async fn a_worker_that_hangs_is_answered_for_in_time() {
    let (stage, slow) = stage(1, 0);
    let mut impatient = question("a");
    impatient.patience = Span(50);
    assert_eq!(
        stage.ask(impatient).await,
        Verdict::Failed(Failing::Timeout)
    );
    within(SOON, async || {
        (slow.under_way.load(Ordering::SeqCst) == 0).then_some(())
    })
    .await;
    slow.gate.add_permits(1);
    assert!(is_answered(&stage.ask(question("b")).await));
}
