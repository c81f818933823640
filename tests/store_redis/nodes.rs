//! Several nodes on one server: who is there, who is gone, and what they share.

use super::*;
use hotline::domain::ids::Incarnation;
use hotline::domain::time::Span;
use hotline::line::limiter::Limiter;
use std::sync::Arc;
use std::time::Instant;

/// Longer than a presence lasts and a list is old.
const LIMIT: Duration = Duration::from_secs(20);

/// Asks again until it is so, for a bounded time.
async fn soon(what: &str, so: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(LIMIT, until(so)).await;
    waited.unwrap_or_else(|_| panic!("not within {LIMIT:?}: {what}"));
}

fn with_level(server: &Server, readable: u32) -> Result<Redis, OpenError> {
    let mut options = server.options();
    options.readable_level = readable;
    Redis::open(options)
}

fn sees(store: &Redis, other: Incarnation) -> bool {
    store.nodes().iter().any(|node| node.incarnation == other)
}

#[test]
fn nodes_see_each_other_and_who_closes_is_gone_at_once() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let (one, two) = (server.open(), server.open());
    run(async {
        let (first, second) = (one.incarnation(), two.incarnation());
        assert!(sees(&two, first), "it was there before");
        soon("the other is seen", || sees(&one, second)).await;
        assert!(!one.is_gone(second) && !two.is_gone(first));
        two.close().await.unwrap();
        let held = server.say(&["EVAL", COUNT_NODES, "0"]);
        assert_eq!(number(&held), 1, "its presence was taken away");
        soon("it is gone", || one.is_gone(second)).await;
        assert_eq!((one.departures(), one.nodes().len()), (1, 1));
        assert!(!one.is_gone(first));
    });
}

#[test]
fn an_observer_sees_the_nodes_and_no_node_sees_it() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let one = server.open();
    let options = Options {
        observer: true,
        ..server.options()
    };
    run(async {
        let visitor = Redis::open(options).unwrap();
        let (first, visits) = (one.incarnation(), visitor.incarnation());
        assert!(sees(&visitor, first) && !sees(&visitor, visits));
        assert!(!visitor.is_gone(visits));
        landed(one.commit(put("a", None, 1, "x").owing(5)).await, 1);
        let claimed = visitor.claim_due(Millis(9), Millis(99), 9).await;
        assert!(claimed.is_err(), "{claimed:?}");
        let claimed = one.claim_due(Millis(9), Millis(99), 9).await.unwrap();
        assert_eq!(claimed.items, [due("a", 5)]);
        // What it may do it does: what it was asked for is written.
        landed(visitor.commit(put("b", None, 1, "x")).await, 1);
        let two = server.open();
        soon("it goes on looking", || sees(&visitor, two.incarnation())).await;
        assert_eq!(number(&server.say(&["EVAL", COUNT_NODES, "0"])), 2);
        visitor.close().await.unwrap();
        two.close().await.unwrap();
        soon("a list was read since", || one.departures() > 0).await;
        assert_eq!(one.departures(), 1, "of the node, not of the visitor");
    });
}

const COUNT_NODES: &str = "return redis.call('ZCARD', redis.call('KEYS', '*}nodes')[1])";

#[test]
fn a_node_that_dies_is_gone_when_its_presence_ends_and_not_before() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let (one, two) = (server.open(), server.open());
    run(async {
        let second = two.incarnation();
        soon("the other is seen", || sees(&one, second)).await;
        let died = Instant::now();
        drop(two);
        soon("it is gone", || one.is_gone(second)).await;
        let waited = died.elapsed();
        // Its last sign was at most a second old (and the machine may be slow).
        let expected = Duration::from_millis(2_500)..Duration::from_secs(8);
        assert!(expected.contains(&waited), "{waited:?}");
        assert_eq!(one.departures(), 1);
    });
}

#[test]
fn one_never_seen_is_gone_only_by_a_list_read_after_the_question() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let one = server.open();
    run(async {
        // Born at the same time as `one`: it may have joined after the list was read.
        let stranger = Incarnation(one.incarnation().0 ^ 1);
        assert!(!one.is_gone(stranger), "nothing was read since");
        soon("it is gone", || one.is_gone(stranger)).await;
        assert_eq!(one.departures(), 1, "what it had begun wants looking after");
        let ancient = Incarnation(7);
        assert!(one.is_gone(ancient), "it had joined before any list");
        let two = server.open();
        // The list of `one` may be older than `two`.
        soon("the newcomer is seen", || {
            assert!(!one.is_gone(two.incarnation()));
            sees(&one, two.incarnation())
        })
        .await;
    });
}

#[test]
fn nobody_is_gone_because_the_server_was_away() {
    if !installed() {
        return;
    }
    let mut server = Server::with(&["--appendonly", "yes", "--appendfsync", "always"]);
    let (one, two) = (server.open(), server.open());
    run(async {
        let (first, second) = (one.incarnation(), two.incarnation());
        soon("the other is seen", || sees(&one, second)).await;
        let age = |store: &Redis, other| {
            let nodes = store.nodes();
            let node = nodes.iter().find(|node| node.incarnation == other);
            node.map_or(Span::secs(99), |node| node.age)
        };
        server.kill();
        soon("their signs are old", || {
            assert!(!one.is_gone(second) && !two.is_gone(first));
            age(&one, second) > Span(5_500)
        })
        .await;
        server.again();
        soon("both are back", || {
            assert!(!one.is_gone(second) && !two.is_gone(first));
            age(&one, second) < Span::secs(2) && age(&two, first) < Span::secs(2)
        })
        .await;
        assert_eq!((one.departures(), two.departures()), (0, 0));
    });
}

#[test]
fn nobody_is_gone_because_the_server_lost_the_list() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let (one, two) = (server.open(), server.open());
    run(async {
        soon("both are seen", || {
            one.nodes().len() == 2 && two.nodes().len() == 2
        })
        .await;
        // As after a failover to a replica that was behind.
        for _ in 0..3 {
            let lose = "return redis.call('DEL', redis.call('KEYS', '*}nodes')[1])";
            assert_eq!(server.say(&["EVAL", lose, "0"]), ":1");
            soon("they are back", || {
                number(&server.say(&["EVAL", COUNT_BACK, "0"])) == 2
            })
            .await;
        }
        soon("both are seen", || {
            one.nodes().len() == 2 && two.nodes().len() == 2
        })
        .await;
        assert!(!one.is_gone(two.incarnation()) && !two.is_gone(one.incarnation()));
        assert_eq!((one.departures(), two.departures()), (0, 0));
    });
}

const COUNT_BACK: &str = "local k = redis.call('KEYS', '*}nodes')[1] \
                          return k and redis.call('ZCARD', k) or 0";

#[test]
fn presence_leases_and_budgets_pass_when_memory_is_full() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let one = server.open();
    run(async {
        assert_eq!(server.say(&["CONFIG", "SET", "maxmemory", "1"]), "+OK");
        let two = server.open();
        soon("a newcomer is seen", || sees(&one, two.incarnation())).await;
        assert!(one.hold("pool", revision(1), Span::secs(9)).await.unwrap());
        assert!(!two.hold("pool", revision(2), Span::secs(9)).await.unwrap());
        let rate = Rate {
            per_second: 10,
            burst: 5,
        };
        assert_eq!(two.draw("main", 9, rate).await.unwrap().granted, 5);
        let refused = one.commit(put("a", None, 1, "x")).await;
        assert!(matches!(refused, Err(Error::Full { .. })), "it is full");
    });
}

#[test]
fn a_level_is_in_force_when_all_read_it_and_then_none_who_does_not_may_come() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let old = with_level(&server, 1).unwrap();
    let new = with_level(&server, 2).unwrap();
    run(async {
        soon("the newer is seen", || sees(&old, new.incarnation())).await;
        assert_eq!((old.level(), new.level()), (1, 1));
        let levels: BTreeSet<u32> = new.nodes().iter().map(|node| node.level).collect();
        assert_eq!(levels, BTreeSet::from([1, 2]));
        old.close().await.unwrap();
        soon("the level rises", || new.level() == 2).await;
        let refused = with_level(&server, 1).err();
        let expected = OpenError::Level {
            prefix: "hotline".into(),
            found: 2,
            readable: 1,
        };
        assert_eq!(refused, Some(expected));
        assert_eq!(with_level(&server, 3).unwrap().level(), 2);
    });
}

#[test]
fn a_node_that_missed_a_raised_level_takes_no_more_work() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let old = with_level(&server, 1).unwrap();
    run(async {
        landed(old.commit(put("a", None, 1, "x")).await, 1);
        let raise = "return redis.call('SET', \
                     (string.gsub(redis.call('KEYS', '*}nodes')[1], 'nodes$', 'level')), '2')";
        assert_eq!(server.say(&["EVAL", raise, "0"]), "+OK");
        let end = Instant::now() + LIMIT;
        let mut n = 1;
        while old.commit(put("a", Some(n), n + 1, "x")).await.is_ok() {
            assert!(Instant::now() < end, "it still works");
            n += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let why = old.health().closed.unwrap();
        assert!(
            why.contains("level 2") && !old.health().accepting(),
            "{why}"
        );
    });
}

#[test]
fn nodes_draw_from_one_budget_and_count_on_one_counter() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let (one, two) = (server.open(), server.open());
    run(async {
        let rate = Rate {
            per_second: 200,
            burst: 30,
        };
        let begun = Instant::now();
        let mut all = 0;
        while begun.elapsed() < Duration::from_millis(300) {
            let (a, b) = tokio::join!(one.draw("main", 9, rate), two.draw("main", 9, rate));
            all += a.unwrap().granted + b.unwrap().granted;
            let most = 30.0 + (begun.elapsed().as_secs_f64() + 0.002) * 200.0;
            assert!(f64::from(all) <= most, "{all} of {most}");
        }
        assert!(all > 60, "{all}");
        two.shrink("main").await.unwrap();
        assert!(one.draw("main", 9, rate).await.unwrap().granted <= 2);
        let mut told = BTreeSet::new();
        for n in 0..20 {
            let (a, b) = (revision(2 * n), revision(2 * n + 1));
            let (a, b) = tokio::join!(one.count("c", 1, a), two.count("c", 1, b));
            told.extend([a.unwrap(), b.unwrap()]);
        }
        assert_eq!(told, (1..=40).collect());
        // Asked again elsewhere, as a node does that takes over.
        let again = two.count("c", 1, revision(0)).await.unwrap();
        assert!(again <= 2, "{again}");
    });
}

#[test]
fn nodes_send_together_no_faster_than_one_may_and_none_is_kept_out() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let nodes: Vec<Arc<Redis>> = (0..3).map(|_| Arc::new(server.open())).collect();
    run(async {
        for node in &nodes {
            soon("all are seen", || node.nodes().len() == 3).await;
        }
        let limiters: Vec<Limiter> = nodes
            .iter()
            .map(|node| {
                let limiter = Limiter::new(400);
                limiter.share(node.clone(), "line/reply/main".into());
                limiter
            })
            .collect();
        let begun = Instant::now();
        let mut sent = [0u32; 3];
        while begun.elapsed() < Duration::from_millis(1_500) {
            for (sent, limiter) in sent.iter_mut().zip(&limiters) {
                *sent += u32::from(limiter.try_take(nodes[0].now()).is_ok());
            }
            let all: u32 = sent.iter().sum();
            // Burst, inflow, and the credit of each.
            let most = 100.0 + (begun.elapsed().as_secs_f64() + 0.002) * 400.0 + 3.0 * 4.0;
            assert!(f64::from(all) <= most, "{all} of {most}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let all: u32 = sent.iter().sum();
        assert!(all >= 400, "{sent:?}");
        assert!(sent.iter().all(|sent| sent * 8 >= all), "{sent:?}");
    });
}

#[test]
fn hints_reach_other_nodes_also_after_the_connection_was_lost() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let mut apart = server.options();
    apart.prefix = "another".into();
    let (one, two) = (server.open(), server.open());
    let stranger = Redis::open(apart).unwrap();
    run(async {
        let mut elsewhere = stranger.hints();
        for topic in ["before", "after"] {
            let mut hints = two.hints();
            // Until the other listens, what is said is lost.
            soon("a hint is heard", || {
                one.hint(topic, b"payload");
                hints.try_recv().is_ok_and(|hint| {
                    assert_eq!(
                        (hint.from, &*hint.payload),
                        (one.incarnation(), &b"payload"[..])
                    );
                    &*hint.topic == topic
                })
            })
            .await;
            assert!(number(&server.say(&["CLIENT", "KILL", "TYPE", "pubsub"])) >= 2);
        }
        assert!(
            elsewhere.try_recv().is_err(),
            "other stores have other channels"
        );
    });
}
