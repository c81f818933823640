//! One value per runtime thread: workers have a runtime each, and a connection driven by another
//! thread's runtime waits for that thread. A value of a runtime that has ended is never used.

use std::cell::RefCell;
use std::sync::{Arc, Weak};
use std::thread::LocalKey;
use tokio::runtime::{Handle, Id};

/// What a thread keeps for its runtime.
pub(super) struct Here<T> {
    runtime: Id,
    alive: Weak<()>,
    value: T,
}

/// A place for it.
pub(super) type Slot<T> = RefCell<Option<Here<T>>>;

/// The value of this thread's runtime, built when there is none.
pub(super) fn here<T: Clone, E>(
    slot: &'static LocalKey<Slot<T>>,
    build: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let runtime = Handle::current().id();
    slot.with_borrow_mut(|here| {
        if let Some(here) = here
            && here.runtime == runtime
            && here.alive.strong_count() > 0
        {
            return Ok(here.value.clone());
        }
        let value = build()?;
        let token = Arc::new(());
        let alive = Arc::downgrade(&token);
        // Holds the token as long as the runtime lives.
        tokio::spawn(async move {
            std::future::pending::<()>().await;
            drop(token);
        });
        *here = Some(Here {
            runtime,
            alive,
            value: value.clone(),
        });
        Ok(value)
    })
}
