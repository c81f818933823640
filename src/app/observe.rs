//! Connects what the rooms report to the metrics.

use crate::domain::ids::ChannelId;
use crate::line::api::{Endpoint, Observer, StatusClass};
use crate::line::breaker::State;
use crate::store::{embedded, redis};
use crate::telemetry::meter;
use std::time::Duration;

/// The store's figures.
pub(super) struct StoreFigures;

impl embedded::Observer for StoreFigures {
    fn batch(&self, commits: usize, _bytes: usize, seconds: f64, sync_seconds: f64) {
        meter::store_batch(commits, seconds, sync_seconds);
    }

    fn checkpoint(&self, _entities: usize, seconds: f64) {
        meter::store_checkpoint(seconds);
    }
}

impl redis::Figures for StoreFigures {
    fn pipeline(&self, commits: usize, seconds: f64) {
        meter::store_pipeline(commits, seconds);
    }

    fn conflict(&self) {
        meter::store_conflict();
    }

    fn resent(&self) {
        meter::store_resent();
    }
}

/// The LINE edge's figures.
pub(super) struct LineFigures;

impl Observer for LineFigures {
    fn called(&self, channel: &ChannelId, endpoint: Endpoint, class: StatusClass, took: Duration) {
        meter::line_call(channel, endpoint.name(), class.name(), took.as_secs_f64());
    }

    fn held_back(&self, channel: &ChannelId, why: &'static str) {
        meter::line_held_back(channel, why);
    }

    fn breaker(&self, channel: &ChannelId, state: State) {
        meter::breaker(channel, state != State::Closed);
    }
}
