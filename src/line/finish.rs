//! Work that is finished although whoever waits for it goes away.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Polled in its owner's place, which costs nothing; dropped before its end it becomes a task of its
/// own on this thread.
pub(super) struct Finish<F: Future + 'static>(Option<Pin<Box<F>>>);

impl<F: Future + 'static> Finish<F> {
    pub(super) fn new(work: F) -> Finish<F> {
        Finish(Some(Box::pin(work)))
    }
}

impl<F: Future + 'static> Future for Finish<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let work = self.0.as_mut().expect("is not polled after its end");
        let polled = work.as_mut().poll(context);
        if polled.is_ready() {
            self.0 = None;
        }
        polled
    }
}

impl<F: Future + 'static> Drop for Finish<F> {
    fn drop(&mut self) {
        // Outside of an arbiter, or in one that unwinds, there is no place for a task; commits
        // are durable or not without us. While an arbiter ends, a task is taken and dropped at once.
        if let Some(work) = self.0.take()
            && !std::thread::panicking()
            && actix_rt::Arbiter::try_current().is_some()
        {
            actix_rt::spawn(async move { drop(work.await) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[test]
    fn what_is_given_up_is_finished() {
        actix_rt::System::new().block_on(async {
            let (go, gone) = oneshot::channel::<()>();
            let (done, end) = oneshot::channel();
            let mut work = Box::pin(Finish::new(async move {
                let _ = gone.await;
                let _ = done.send(7);
            }));
            let polled = std::future::poll_fn(|context| Poll::Ready(work.as_mut().poll(context)));
            assert!(polled.await.is_pending());
            drop(work);
            go.send(()).unwrap();
            assert_eq!(end.await, Ok(7));
        });
    }

    #[test]
    fn what_has_ended_is_not_begun_again() {
        actix_rt::System::new().block_on(async {
            assert_eq!(Finish::new(async { 3 }).await, 3);
        });
    }
}
