//! Places where a test may end the process; compiled only with the feature `failpoints`, which no
//! release has.
//!
//! `FAILPOINTS` is read as the `fail` crate writes it. `HOTLINE_ABORT_AT=name:count` aborts the
//! process at the `count`-th pass of a place: a panic would only end the task that meets it.

use std::sync::atomic::{AtomicU64, Ordering};

/// Environment variable that names the place and the pass.
const ABORT_AT: &str = "HOTLINE_ABORT_AT";

/// Arms what the environment names. The places stay armed while the value lives.
pub(super) fn arm() -> fail::FailScenario<'static> {
    let scenario = fail::FailScenario::setup();
    if let Ok(wish) = std::env::var(ABORT_AT) {
        match read(&wish) {
            Some((place, pass)) => abort_at(place, pass),
            None => eprintln!("{ABORT_AT}={wish:?} is not place:pass, nothing is armed"),
        }
    }
    scenario
}

fn read(wish: &str) -> Option<(&str, u64)> {
    let (place, pass) = wish.rsplit_once(':')?;
    let pass = pass.parse().ok().filter(|pass| *pass > 0)?;
    (!place.is_empty()).then_some((place, pass))
}

fn abort_at(place: &str, pass: u64) {
    let passed = AtomicU64::new(0);
    let armed = fail::cfg_callback(place, move || {
        if passed.fetch_add(1, Ordering::Relaxed) + 1 == pass {
            std::process::abort();
        }
    });
    if let Err(error) = armed {
        eprintln!("{ABORT_AT}: {place} cannot be armed: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_place_has_colons_of_its_own() {
        assert_eq!(
            read("store::after_commit:5"),
            Some(("store::after_commit", 5))
        );
        assert_eq!(read("store::after_commit"), None);
        assert_eq!(read("store:0"), None);
        assert_eq!(read(":3"), None);
    }
}
