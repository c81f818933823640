//! Laws of a rate that several nodes share.

use super::*;
use crate::store::memory::Memory;

const RATE: Rate = Rate {
    per_second: 1_000,
    burst: 250,
};

fn node(store: &Memory) -> Arc<Common> {
    Arc::new(Common::new(Arc::new(store.clone()), "main".into(), RATE))
}

fn on_one_thread(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(test);
}

/// Lets the draws under way end.
async fn answered() {
    for _ in 0..5 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn an_idle_node_sends_at_once_and_pays_with_its_next_draw() {
    on_one_thread(async {
        let node = node(&Memory::new());
        assert_eq!(node.try_take(), Some(Ok(())));
        assert_eq!(node.stock().debt, 1);
        answered().await;
        let stock = node.stock();
        assert_eq!((stock.debt, stock.tokens), (0, SMALLEST));
    });
}

#[test]
fn nodes_together_keep_to_the_rate() {
    on_one_thread(async {
        let store = Memory::new();
        let nodes = [node(&store), node(&store), node(&store)];
        let begun = Instant::now();
        let mut sent = 0;
        while begun.elapsed() < Duration::from_millis(700) {
            for node in &nodes {
                // The store knows of one.
                node.stock().nodes = 3;
                sent += u32::from(node.try_take() == Some(Ok(())));
            }
            answered().await;
            // Burst, inflow, and the credit of each.
            let inflow = begun.elapsed().as_millis() as u32 + 2;
            assert!(sent <= RATE.burst + inflow + 3 * 10, "{sent}");
        }
        assert!(sent >= 450, "{sent}");
        for node in &nodes {
            node.stock().nodes = 3;
            while node.try_take() == Some(Ok(())) {}
        }
        // All were refused just now: together they may count on about what there is.
        let rates = nodes
            .each_ref()
            .map(|node| node.rate(&Bucket::default(), Millis(1)));
        let all: u64 = rates.iter().sum();
        assert!((999..=1_500).contains(&all), "{rates:?}");
    });
}

#[test]
fn a_busy_node_draws_seldom_and_an_idle_one_little() {
    on_one_thread(async {
        let node = node(&Memory::new());
        for _ in 0..100 {
            assert_eq!(node.try_take(), Some(Ok(())));
            answered().await;
        }
        assert!(node.stock().portion >= 32, "{}", node.stock().portion);
        while node.stock().portion > SMALLEST {
            let end = node.stock().until.into();
            tokio::time::sleep_until(end).await;
            assert_eq!(node.try_take(), Some(Ok(())));
            answered().await;
        }
    });
}

#[test]
fn a_node_keeps_to_its_share_while_the_store_does_not_answer() {
    on_one_thread(async {
        let store = Memory::new();
        let node = node(&store);
        store.close().await.unwrap();
        assert_eq!(
            node.try_take(),
            Some(Ok(())),
            "on credit, nothing is known yet"
        );
        answered().await;
        assert_eq!(node.try_take(), None);
        node.stock().nodes = 4;
        assert_eq!(node.own_share().per_second, 250);
        assert_eq!(node.rate(&Bucket::default(), Millis(1)), 250);
        answered().await;
        store.restart();
        assert_eq!(node.try_take(), None, "it asks again");
        answered().await;
        assert_eq!(node.try_take(), Some(Ok(())));
    });
}

#[test]
fn a_429_of_one_node_slows_all() {
    on_one_thread(async {
        let store = Memory::new();
        let (one, two) = (node(&store), node(&store));
        one.throttled();
        answered().await;
        let credit = (0..100)
            .take_while(|_| two.try_take() == Some(Ok(())))
            .count();
        assert_eq!(credit, 10);
        answered().await;
        assert!(two.stock().scarce);
    });
}
