//! The laws of the store port, one suite for every body.
//!
//! The laws are in `store_support/laws.rs`, `moving.rs` and `node_laws.rs` (what nodes share). A new body
//! implements [`Body`] and adds one `suite!` line.

#[path = "store_support/mod.rs"]
mod support;

#[path = "store_support/redis.rs"]
mod server;

#[path = "store_support/topology.rs"]
mod topology;

#[path = "store_support/laws.rs"]
mod basics;

#[path = "store_support/moving.rs"]
mod moving;

#[path = "store_support/node_laws.rs"]
mod node_laws;

mod laws {
    pub use super::{basics::*, moving::*, node_laws::*};
}

#[path = "store_support/pages.rs"]
mod pages;

use hotline::ports::store::Store;
use hotline::store::embedded::{Embedded, Options};
use hotline::store::memory::Memory;
use hotline::store::redis::{Durability, Redis};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use support::{options, run};

/// A body under test, kept alive with what it stands on.
pub trait Body {
    /// Whether what it stands on is here; says so where it is not, and the law is skipped.
    fn is_here() -> bool {
        true
    }
    /// A fresh, empty store.
    fn fresh() -> Self;
    /// The store.
    fn store(&self) -> Arc<dyn Store>;
}

struct InMemory(Arc<Memory>);

impl Body for InMemory {
    fn fresh() -> Self {
        InMemory(Arc::new(Memory::new()))
    }
    fn store(&self) -> Arc<dyn Store> {
        self.0.clone()
    }
}

struct OnDisk(
    Arc<Embedded>,
    #[expect(dead_code, reason = "keeps the folder")] tempfile::TempDir,
);

impl OnDisk {
    fn with(change: impl FnOnce(&mut Options)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = options(folder.path());
        change(&mut options);
        OnDisk(Arc::new(Embedded::open(options).unwrap()), folder)
    }
}

impl Body for OnDisk {
    fn fresh() -> Self {
        OnDisk::with(|_| {})
    }
    fn store(&self) -> Arc<dyn Store> {
        self.0.clone()
    }
}

/// The embedded store with a checkpoint after nearly every batch: most reads come from the table.
struct Restless(OnDisk);

impl Body for Restless {
    fn fresh() -> Self {
        Restless(OnDisk::with(|options| options.tuning.checkpoint_bytes = 1))
    }
    fn store(&self) -> Arc<dyn Store> {
        self.0.store()
    }
}

/// The embedded store with a one-bit hash: every third entity collides.
struct Colliding(OnDisk);

impl Body for Colliding {
    fn fresh() -> Self {
        Colliding(OnDisk::with(|options| {
            options.tuning.hash_bits = 1;
            options.tuning.checkpoint_bytes = 600;
        }))
    }
    fn store(&self) -> Arc<dyn Store> {
        self.0.store()
    }
}

/// The Redis store on a server of its own.
struct OnRedis(
    Arc<Redis>,
    #[expect(dead_code, reason = "keeps the server")] server::Server,
);

impl Body for OnRedis {
    fn is_here() -> bool {
        server::installed()
    }
    fn fresh() -> Self {
        let server = server::Server::start();
        OnRedis(Arc::new(server.open()), server)
    }
    fn store(&self) -> Arc<dyn Store> {
        self.0.clone()
    }
}

/// The Redis store on a cluster of three masters with a replica each, which the laws that run at the
/// same time share; each has a prefix of its own.
struct OnCluster(
    Arc<Redis>,
    #[expect(dead_code, reason = "keeps the servers")] Arc<topology::Cluster>,
);

impl Body for OnCluster {
    fn is_here() -> bool {
        server::installed()
    }
    fn fresh() -> Self {
        static SHARED: Mutex<Weak<topology::Cluster>> = Mutex::new(Weak::new());
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let cluster = {
            let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
            let cluster = shared.upgrade();
            let cluster = cluster.unwrap_or_else(|| Arc::new(topology::Cluster::start()));
            *shared = Arc::downgrade(&cluster);
            cluster
        };
        let mut options = cluster.options(Durability::Replicated);
        options.prefix = format!("law{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        OnCluster(Arc::new(Redis::open(options).unwrap()), cluster)
    }
    fn store(&self) -> Arc<dyn Store> {
        self.0.clone()
    }
}

macro_rules! suite {
    ($module:ident, $body:ty) => {
        suite! { $module, $body:
            commit_lands_once_when_sent_twice,
            stale_revision_conflicts_with_the_stored_value,
            unknown_entity_conflicts_with_nothing,
            late_create_after_delete_does_not_resurrect,
            a_new_beginning_names_the_tombstone,
            commits_of_one_entity_apply_in_order,
            of_two_writers_one_wins,
            claimed_due_item_comes_back,
            newest_due_is_claimed_first,
            only_a_commit_settles_its_due_time,
            feed_is_read_in_order_without_gaps,
            erased_words_are_not_read,
            trimmed_feed_is_forgotten,
            a_reader_behind_the_trimmed_goes_on_after_it,
            a_feed_of_large_records_is_read_to_its_end,
            desk_generation_is_another_after_a_change_and_only_then,
            reads_see_what_was_acknowledged,
            two_kinds_may_share_an_id,
            all_of_a_kind_are_listed_and_no_others,
            all_of_a_kind_are_listed_however_many_and_large,
            conversations_are_not_listed,
            a_lazy_commit_lands_without_company,
            a_dropped_future_does_not_cancel,
            a_closed_store_refuses,
            store_time_never_runs_backwards,
            compaction_keeps_what_lives,
            many_threads_commit_at_once,
            what_a_load_saw_does_not_bind_later_commits,
            a_scan_meets_every_entity_whole,
            a_scan_loses_nothing_to_commits_meanwhile,
            this_node_is_there_and_never_gone,
            a_lease_has_one_holder_until_it_lapses_or_is_given_back,
            a_lease_is_given_for_no_longer_than_is_allowed,
            an_operation_is_counted_once,
            many_count_at_once_and_no_two_get_the_same,
            a_counter_that_forgets_nothing_early_says_busy,
            a_budget_gives_no_more_than_its_rate_and_burst,
            a_refusal_slows_a_budget,
            hints_are_heard_by_all_who_listen,
            a_closed_store_holds_no_lease_and_grants_nothing,
        }
    };
    ($module:ident, $body:ty: $($law:ident,)*) => {
        mod $module {
            use super::*;
            $(#[test]
            fn $law() {
                if !<$body>::is_here() {
                    return;
                }
                let body = <$body>::fresh();
                let store = body.store();
                run(laws::$law(&*store));
            })*
        }
    };
}

suite!(memory, InMemory);
suite!(embedded, OnDisk);
suite!(embedded_restless, Restless);
suite!(embedded_colliding, Colliding);
suite!(redis, OnRedis);
suite!(redis_cluster, OnCluster);
