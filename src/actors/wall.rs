//! Wall time, by which opening hours and seasons of rules go.

use crate::domain::time::Millis;

/// What people's clocks show at this moment of store time.
#[cfg(not(feature = "failpoints"))]
pub(super) fn wall(now: Millis) -> Millis {
    now
}

/// The same, moved by the milliseconds in `HOTLINE_WALL_SHIFT`: a dialogue of a Wednesday afternoon can
/// be tried on any night.
#[cfg(feature = "failpoints")]
pub(super) fn wall(now: Millis) -> Millis {
    static SHIFT: std::sync::LazyLock<i64> = std::sync::LazyLock::new(|| {
        let shift = std::env::var("HOTLINE_WALL_SHIFT").ok();
        shift.and_then(|ms| ms.parse().ok()).unwrap_or(0)
    });
    Millis(now.0.saturating_add_signed(*SHIFT))
}
