//! The report on the terminal.

use super::{Report, machine};
use crate::figures::Latency;
use crate::scenario::Percentile;
use crate::units::{grouped, spoken};
use std::fmt::Write as _;

/// A dozen lines.
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = lines(report, &mut out);
    out
}

fn lines(report: &Report, out: &mut String) -> std::fmt::Result {
    let (ledger, counts) = (&report.ledger, report.counts);
    writeln!(
        out,
        "{} {}: scale {}, seed {}, {} messages, {:.0} s, at most {:.0}/s",
        report.end.word(),
        report.scenario.name,
        report.scenario.scale,
        report.seed,
        grouped(report.messages),
        report.scenario.length().as_secs_f64(),
        report.scenario.peak(),
    )?;
    for doubt in &report.doubts {
        writeln!(out, "invalid  {doubt}")?;
    }
    writeln!(
        out,
        "ledger   accepted {} · answered {} · lost {} · doubled {} · out of order {} · \
         unconfirmed {} · billed {} · 503s {} · failed {}",
        grouped(ledger.accepted),
        grouped(ledger.answered),
        grouped(ledger.lost),
        grouped(ledger.doubled),
        grouped(ledger.out_of_order),
        grouped(ledger.unconfirmed),
        grouped(ledger.billed),
        grouped(counts.refused),
        grouped(counts.failed),
    )?;
    for offence in ledger.offences.iter().take(5) {
        writeln!(
            out,
            "         {}: {} {} {}",
            offence.kind, offence.customer, offence.event, offence.detail
        )?;
    }
    writeln!(out, "ack      {}", percentiles(&report.figures.ack))?;
    writeln!(out, "answer   {}", percentiles(&report.figures.answer))?;
    let health = &report.health;
    writeln!(
        out,
        "generator  lag p99 {}, {:.0} % of {} core(s) ({:.0} µs a message)",
        spoken(report.figures.lag.at(Percentile::P99).unwrap_or(0)),
        health.share() * 100.0,
        health.cores,
        health.cpu_seconds * 1e6 / report.messages as f64,
    )?;
    if let Some(server) = &report.server {
        writeln!(
            out,
            "server     {:.1} CPU seconds ({:.0} µs a message), {:.0} MiB",
            server.cpu_seconds,
            server.cpu_seconds * 1e6 / report.messages as f64,
            server.memory as f64 / 1_048_576.0,
        )?;
    }
    writeln!(out, "machine    {}", machine())?;
    for judged in &report.judged {
        writeln!(
            out,
            "  {} {}: {}",
            if judged.holds { "holds " } else { "BROKEN" },
            judged.threshold,
            judged.threshold.spoken(judged.value),
        )?;
    }
    Ok(())
}

fn percentiles(latency: &Latency) -> String {
    let parts: Vec<String> = Percentile::ALL
        .iter()
        .filter_map(|(name, percentile)| {
            Some(format!("{name} {}", spoken(latency.at(*percentile)?)))
        })
        .collect();
    if parts.is_empty() {
        "nothing measured".to_owned()
    } else {
        parts.join(" · ")
    }
}
