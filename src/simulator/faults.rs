//! Faults on demand: what a test or the phone page makes LINE do wrong.
//!
//! Every fault is rolled once per call, before the call is decided, so the journal can say what the
//! caller was told at the moment the call is accepted.

use super::endpoints::Endpoint;
use super::ids::Ids;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Longest injected wait, milliseconds.
const WAIT_MAX_MS: u64 = 600_000;

/// One switched-on fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Fault {
    /// Chance that it strikes a call, 0..1.
    pub probability: f64,
    /// Strikes left; `None`: no end.
    pub count: Option<u64>,
    /// Names of the endpoints it strikes; empty: all.
    pub endpoints: Vec<String>,
    /// How long (latency, hang), milliseconds, at most 600,000.
    pub ms: u64,
    /// Outage only: 500 or 503, or 0 to close the connection.
    pub status: u16,
}

impl Default for Fault {
    fn default() -> Fault {
        Fault {
            probability: 1.0,
            count: None,
            endpoints: Vec::new(),
            ms: 1_000,
            status: 503,
        }
    }
}

/// All faults; absent means off. *Before* strikes ahead of the decision, so nothing is done;
/// *after* strikes behind it, so the call is accepted although the caller is told otherwise.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Faults {
    /// Refuse everything.
    pub outage: Option<Fault>,
    /// Wait, then decide.
    pub latency_before: Option<Fault>,
    /// Decide, then wait, then answer.
    pub latency_after: Option<Fault>,
    /// Hang for `ms`, close, do nothing.
    pub hang_before: Option<Fault>,
    /// Decide, hang for `ms`, close.
    pub hang_after: Option<Fault>,
    /// Close the connection, do nothing.
    pub reset_before: Option<Fault>,
    /// Decide, close the connection.
    pub reset_after: Option<Fault>,
    /// 500, nothing done.
    pub error_before: Option<Fault>,
    /// Decide, then say 500.
    pub error_after: Option<Fault>,
    /// 429 with the text of the rate limit.
    pub rate_limit: Option<Fault>,
    /// 429 with the text of the monthly limit; strikes only counted sends unless endpoints are named.
    pub monthly_limit: Option<Fault>,
    /// Life of reply tokens, milliseconds; `None`: as the simulator was started.
    pub token_life_ms: Option<u64>,
}

/// Why a set of faults is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FaultError {
    /// No endpoint of that name.
    #[error(
        "{fault}.endpoints: no endpoint {name:?}, allowed: {}",
        endpoint_names()
    )]
    Endpoint {
        /// The fault.
        fault: &'static str,
        /// What was named.
        name: String,
    },
    /// Not a chance.
    #[error("{fault}.probability: {found} is not a chance, allowed: 0 to 1")]
    Probability {
        /// The fault.
        fault: &'static str,
        /// What was given.
        found: f64,
    },
    /// Longer than anybody waits.
    #[error("{fault}.ms: {found}, allowed: 0 to {WAIT_MAX_MS} milliseconds")]
    Wait {
        /// The fault.
        fault: &'static str,
        /// What was given.
        found: u64,
    },
    /// Not the status of an outage.
    #[error("outage.status: {0}, allowed: 0 (closes the connection) or 400 to 599")]
    Status(u16),
}

fn endpoint_names() -> String {
    let names: Vec<_> = Endpoint::ALL.iter().map(|known| known.name()).collect();
    names.join(", ")
}

impl Faults {
    /// Every switch by its name in JSON.
    fn each(&self) -> [(&'static str, Option<&Fault>); 11] {
        [
            ("outage", self.outage.as_ref()),
            ("latencyBefore", self.latency_before.as_ref()),
            ("latencyAfter", self.latency_after.as_ref()),
            ("hangBefore", self.hang_before.as_ref()),
            ("hangAfter", self.hang_after.as_ref()),
            ("resetBefore", self.reset_before.as_ref()),
            ("resetAfter", self.reset_after.as_ref()),
            ("errorBefore", self.error_before.as_ref()),
            ("errorAfter", self.error_after.as_ref()),
            ("rateLimit", self.rate_limit.as_ref()),
            ("monthlyLimit", self.monthly_limit.as_ref()),
        ]
    }

    /// Looks at every switch, so that a mistyped one is not taken for one that never strikes.
    ///
    /// # Errors
    /// The first thing that cannot be meant.
    pub fn check(&self) -> Result<(), FaultError> {
        for (name, fault) in self.each() {
            let Some(fault) = fault else { continue };
            let unknown = fault.endpoints.iter().find(|endpoint| {
                let mut all = Endpoint::ALL.iter();
                !all.any(|known| known.name() == endpoint.as_str())
            });
            if let Some(unknown) = unknown {
                return Err(FaultError::Endpoint {
                    fault: name,
                    name: unknown.clone(),
                });
            }
            if !(0.0..=1.0).contains(&fault.probability) {
                return Err(FaultError::Probability {
                    fault: name,
                    found: fault.probability,
                });
            }
            if fault.ms > WAIT_MAX_MS {
                return Err(FaultError::Wait {
                    fault: name,
                    found: fault.ms,
                });
            }
            if name == "outage" && !matches!(fault.status, 0 | 400..=599) {
                return Err(FaultError::Status(fault.status));
            }
        }
        Ok(())
    }
}

/// What is said instead of deciding the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instead {
    /// This status with LINE's text for it.
    Status(u16),
    /// 429, rate limit.
    RateLimit,
    /// 429, monthly limit.
    MonthlyLimit,
    /// The connection is closed.
    Close,
    /// The connection is closed after the wait.
    Hang,
}

/// What will happen to one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Wait before the decision, milliseconds.
    pub before_ms: u64,
    /// Not decided at all; this is said instead.
    pub instead: Option<Instead>,
    /// Wait after the decision, milliseconds.
    pub after_ms: u64,
    /// Decided, but this is said.
    pub said: Option<Instead>,
    /// Name of the fault that strikes, for the journal.
    pub name: Option<&'static str>,
}

/// The switchboard.
#[derive(Debug, Default)]
pub struct Switchboard {
    any: AtomicBool,
    faults: Mutex<Faults>,
}

impl Switchboard {
    /// What is switched on, with the strikes left.
    pub fn get(&self) -> Faults {
        self.faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Replaces all switches.
    pub fn set(&self, faults: Faults) {
        let any = faults != Faults::default();
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) = faults;
        self.any.store(any, Ordering::Release);
    }

    /// Rolls the dice for one call.
    pub fn roll(&self, endpoint: &str, ids: &Ids) -> Plan {
        if !self.any.load(Ordering::Acquire) {
            return Plan::default();
        }
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = matches!(endpoint, "push" | "multicast" | "narrowcast" | "broadcast");
        let mut plan = Plan::default();
        let mut strike = |fault: &mut Option<Fault>, name, only_counted: bool| {
            let fault = fault.as_mut()?;
            let here = if fault.endpoints.is_empty() {
                !only_counted || counted
            } else {
                fault.endpoints.iter().any(|named| named == endpoint)
            };
            if !here || fault.count == Some(0) || ids.chance() >= fault.probability {
                return None;
            }
            fault.count = fault.count.map(|left| left - 1);
            plan.name = Some(name);
            Some((fault.ms.min(WAIT_MAX_MS), fault.status))
        };
        if let Some((_, status)) = strike(&mut faults.outage, "outage", false) {
            plan.instead = Some(match status {
                0 => Instead::Close,
                status => Instead::Status(status),
            });
            return plan;
        }
        let before = strike(&mut faults.latency_before, "latencyBefore", false);
        let after = strike(&mut faults.latency_after, "latencyAfter", false);
        let instead = if let Some((ms, _)) = strike(&mut faults.hang_before, "hangBefore", false) {
            Some((ms, Instead::Hang))
        } else if strike(&mut faults.reset_before, "resetBefore", false).is_some() {
            Some((0, Instead::Close))
        } else if strike(&mut faults.error_before, "errorBefore", false).is_some() {
            Some((0, Instead::Status(500)))
        } else if strike(&mut faults.rate_limit, "rateLimit", false).is_some() {
            Some((0, Instead::RateLimit))
        } else if strike(&mut faults.monthly_limit, "monthlyLimit", true).is_some() {
            Some((0, Instead::MonthlyLimit))
        } else {
            None
        };
        let said = if instead.is_some() {
            None
        } else if let Some((ms, _)) = strike(&mut faults.hang_after, "hangAfter", false) {
            Some((ms, Instead::Hang))
        } else if strike(&mut faults.reset_after, "resetAfter", false).is_some() {
            Some((0, Instead::Close))
        } else if strike(&mut faults.error_after, "errorAfter", false).is_some() {
            Some((0, Instead::Status(500)))
        } else {
            None
        };
        plan.before_ms = before.map_or(0, |(ms, _)| ms);
        plan.after_ms = after.map_or(0, |(ms, _)| ms);
        if let Some((ms, what)) = instead {
            plan.before_ms += ms;
            plan.instead = Some(what);
        }
        if let Some((ms, what)) = said {
            plan.after_ms += ms;
            plan.said = Some(what);
        }
        plan
    }
}
