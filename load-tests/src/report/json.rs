//! The report for machines. `schema` rises when a key changes its meaning; keys may be added.

use super::{Report, machine};
use crate::figures::Latency;
use crate::scenario::Percentile;
use serde_json::{Map, Value, json};

/// Version of this form.
const SCHEMA: u32 = 1;

/// Times are microseconds, memory is bytes.
pub fn json(report: &Report) -> Value {
    let ledger = &report.ledger;
    let seconds: Vec<Value> = report
        .figures
        .seconds
        .iter()
        .map(|second| {
            json!({
                "offered": second.offered,
                "accepted": second.accepted,
                "refused": second.refused,
                "answered": second.answered,
                "ack_p99": second.ack.at(Percentile::P99),
                "answer_p50": second.answer.at(Percentile::P50),
                "answer_p99": second.answer.at(Percentile::P99),
            })
        })
        .collect();
    let thresholds: Vec<Value> = report
        .judged
        .iter()
        .map(|judged| {
            json!({
                "threshold": judged.threshold.to_string(),
                "measure": judged.threshold.measure.to_string(),
                "bound": judged.threshold.bound,
                "value": if judged.value.is_nan() { Value::Null } else { json!(judged.value) },
                "holds": judged.holds,
            })
        })
        .collect();
    let offences: Vec<Value> = ledger
        .offences
        .iter()
        .map(|one| {
            json!({"kind": one.kind, "customer": one.customer, "event": one.event,
                "detail": one.detail})
        })
        .collect();
    json!({
        "schema": SCHEMA,
        "version": env!("CARGO_PKG_VERSION"),
        "verdict": report.end.word().to_lowercase(),
        "invalid": report.doubts,
        "scenario": report.scenario.name,
        "scale": report.scenario.scale,
        "seed": report.seed,
        "target": report.target,
        "machine": machine(),
        "messages": report.messages,
        "ledger": {
            "asked": ledger.asked,
            "accepted": ledger.accepted,
            "answered": ledger.answered,
            "lost": ledger.lost,
            "doubled": ledger.doubled,
            "out_of_order": ledger.out_of_order,
            "unconfirmed": ledger.unconfirmed,
            "billed": ledger.billed,
            "violations": ledger.violations,
            "not_accepted": ledger.unanswered_not_accepted,
            "offences": offences,
        },
        "webhooks": {
            "sent": report.counts.sent,
            "refused": report.counts.refused,
            "failed": report.counts.failed,
        },
        "ack": latency(&report.figures.ack),
        "answer": latency(&report.figures.answer),
        "generator": {
            "lag": latency(&report.figures.lag),
            "cpu_seconds": report.health.cpu_seconds,
            "wall_seconds": report.health.wall_seconds,
            "cores": report.health.cores,
            "cpu_share": report.health.share(),
        },
        "server": report.server.map(|server| {
            json!({"cpu_seconds": server.cpu_seconds, "memory": server.memory})
        }),
        "thresholds": thresholds,
        "seconds": seconds,
    })
}

fn latency(latency: &Latency) -> Value {
    let mut all: Map<String, Value> = Percentile::ALL
        .iter()
        .map(|(name, percentile)| ((*name).to_owned(), json!(latency.at(*percentile))))
        .collect();
    all.insert("count".to_owned(), json!(latency.count()));
    Value::Object(all)
}
