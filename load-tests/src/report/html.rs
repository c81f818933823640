//! The report for people: one file, no script, no address but its own.

use super::chart::{Line, draw};
use super::{Report, machine};
use crate::figures::{Latency, Second};
use crate::scenario::Percentile;
use crate::units::{grouped, spoken};
use crate::verdict::End;
use std::fmt::Write as _;

const STYLE: &str = "
:root{--bg:#fff;--text:#1b1f23;--quiet:#5c6670;--line:#e3e7ea;--a:#0a7d3c;--b:#2f6fd0;--c:#b54708;--ok:#0a7d3c;--danger:#b42318;--warn:#8a5300}
@media (prefers-color-scheme:dark){:root{--bg:#15181b;--text:#e6e9ec;--quiet:#9aa4ad;--line:#2b3136;--a:#4cc38a;--b:#7fb0ff;--c:#f0a35e;--ok:#4cc38a;--danger:#ff8a80;--warn:#f0c060}}
body{margin:0 auto;max-width:900px;padding:24px 16px;background:var(--bg);color:var(--text);font:14px/1.5 'PingFang TC','Noto Sans TC','Microsoft JhengHei',system-ui,sans-serif}
h1{font-size:20px;margin:0 0 4px}h2{font-size:16px;margin:32px 0 8px}p{margin:4px 0;color:var(--quiet)}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}th{font-weight:400;color:var(--quiet);text-align:left}th,td{padding:4px 24px 4px 0}td{text-align:right}td.word{text-align:left}
.pass{color:var(--ok)}.fail{color:var(--danger)}.invalid{color:var(--warn)}
.counts{display:flex;flex-wrap:wrap;gap:16px 32px}.counts div{min-width:88px}.counts b{display:block;font-size:20px;font-weight:600;font-variant-numeric:tabular-nums}.counts span{color:var(--quiet)}.counts .bad b{color:var(--danger)}
figure{margin:16px 0}figcaption{color:var(--quiet)}svg{width:100%;height:auto}path{fill:none;stroke-width:1.5}.grid{stroke:var(--line)}.axis,.label{font-size:12px;fill:var(--quiet)}
path.a{stroke:var(--a)}path.b{stroke:var(--b)}path.c{stroke:var(--c)}.label.a{fill:var(--a)}.label.b{fill:var(--b)}.label.c{fill:var(--c)}
@media print{body{max-width:none}}
";

/// The whole page.
pub fn html(report: &Report) -> String {
    let mut out = String::with_capacity(32 * 1_024);
    // Writing to a String cannot fail.
    let _ = page(report, &mut out);
    out
}

fn page(report: &Report, out: &mut String) -> std::fmt::Result {
    let scenario = &report.scenario;
    let (class, word) = match report.end {
        End::Pass => ("pass", "✓ pass"),
        End::Fail => ("fail", "✗ a threshold failed"),
        End::Invalid => ("invalid", "! invalid run"),
    };
    let name = escaped(&scenario.name);
    write!(
        out,
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{name}: {word}</title><style>{STYLE}</style>\
         <h1>{name} <span class=\"{class}\">{word}</span></h1><p>{}</p>\
         <p>scale {} · seed {} · {} messages in {:.0} s · at most {:.0} a second</p><p>{}</p>",
        escaped(&scenario.title),
        scenario.scale,
        report.seed,
        grouped(report.messages),
        scenario.length().as_secs_f64(),
        scenario.peak(),
        escaped(&machine()),
    )?;
    for doubt in &report.doubts {
        write!(out, "<p class=\"invalid\">{}</p>", escaped(doubt))?;
    }
    ledger(report, out)?;
    thresholds(report, out)?;
    latencies(report, out)?;
    charts(&report.figures.seconds, out);
    usage(report, out)
}

fn ledger(report: &Report, out: &mut String) -> std::fmt::Result {
    let ledger = &report.ledger;
    out.push_str("<h2>Ledger</h2><div class=\"counts\">");
    // The last column: whether more than none is a fault.
    for (label, count, fault) in [
        ("accepted", ledger.accepted, false),
        ("answered", ledger.answered, false),
        ("lost", ledger.lost, true),
        ("doubled", ledger.doubled, true),
        ("out of order", ledger.out_of_order, true),
        ("unconfirmed", ledger.unconfirmed, true),
        ("billed", ledger.billed, false),
        ("503s", report.counts.refused, false),
        ("failed", report.counts.failed, true),
    ] {
        let bad = if fault && count > 0 {
            " class=\"bad\""
        } else {
            ""
        };
        write!(
            out,
            "<div{bad}><b>{}</b><span>{label}</span></div>",
            grouped(count)
        )?;
    }
    out.push_str("</div><p>From LINE's side alone: the simulator's journal of every webhook and every call.</p>");
    for offence in &ledger.offences {
        write!(
            out,
            "<p class=\"fail\">{}: {} {} {}</p>",
            offence.kind,
            escaped(&offence.customer),
            escaped(&offence.event),
            escaped(&offence.detail)
        )?;
    }
    Ok(())
}

fn thresholds(report: &Report, out: &mut String) -> std::fmt::Result {
    out.push_str("<h2>Thresholds</h2><table>");
    for judged in &report.judged {
        let (class, word) = match judged.holds {
            true => ("pass", "✓ holds"),
            false => ("fail", "✗ broken"),
        };
        write!(
            out,
            "<tr><th>{}<td>{}<td class=\"word {class}\">{word}",
            escaped(&judged.threshold.to_string()),
            judged.threshold.spoken(judged.value),
        )?;
    }
    out.push_str("</table>");
    Ok(())
}

fn latencies(report: &Report, out: &mut String) -> std::fmt::Result {
    out.push_str("<h2>Latency from the intended time</h2><table><tr><th>");
    for (name, _) in Percentile::ALL {
        write!(out, "<th>{name}")?;
    }
    for (label, latency) in [
        ("webhook answered", &report.figures.ack),
        ("LINE accepted the answer", &report.figures.answer),
        ("generator's own lag", &report.figures.lag),
    ] {
        row(label, latency, out)?;
    }
    out.push_str("</table><p>Warm-up left out, except for the lag. Answers are read from the journal, which counts whole milliseconds; they are rounded up.</p>");
    Ok(())
}

fn row(label: &str, latency: &Latency, out: &mut String) -> std::fmt::Result {
    write!(out, "<tr><th>{label}")?;
    for (_, percentile) in Percentile::ALL {
        let value = latency.at(percentile).map_or("–".to_owned(), spoken);
        write!(out, "<td>{value}")?;
    }
    Ok(())
}

fn charts(seconds: &[Second], out: &mut String) {
    let line = |label, class, value: &dyn Fn(&Second) -> Option<f64>| Line {
        label,
        class,
        values: seconds.iter().map(value).collect(),
    };
    let mut rates = vec![
        line("offered", "b", &|second| Some(second.offered as f64)),
        line("answered", "a", &|second| Some(second.answered as f64)),
    ];
    if seconds.iter().any(|second| second.refused > 0) {
        rates.push(line("503", "c", &|second| Some(second.refused as f64)));
    }
    let time = |latency: &Latency, percentile| latency.at(percentile).map(|us| us as f64);
    let times = [
        line("answer p99", "c", &|second| {
            time(&second.answer, Percentile::P99)
        }),
        line("answer p50", "a", &|second| {
            time(&second.answer, Percentile::P50)
        }),
        line("ack p99", "b", &|second| time(&second.ack, Percentile::P99)),
    ];
    out.push_str("<h2>Second by second</h2>");
    out.push_str(&draw("messages a second", &rates, |value| {
        grouped(value as u64)
    }));
    let spoken = |value: f64| spoken(value as u64);
    out.push_str(&draw(
        "latency of the messages of that second",
        &times,
        spoken,
    ));
}

fn usage(report: &Report, out: &mut String) -> std::fmt::Result {
    let messages = report.messages as f64;
    let health = &report.health;
    write!(
        out,
        "<h2>What it took</h2><table><tr><th>generator and simulated LINE<td>{:.0} % of {} core(s)\
         <td>{:.0} µs a message",
        health.share() * 100.0,
        health.cores,
        health.cpu_seconds * 1e6 / messages,
    )?;
    if let Some(server) = &report.server {
        write!(
            out,
            "<tr><th>server<td>{:.1} CPU s<td>{:.0} µs a message<td>{:.0} MiB",
            server.cpu_seconds,
            server.cpu_seconds * 1e6 / messages,
            server.memory as f64 / 1_048_576.0,
        )?;
    }
    out.push_str("</table></html>\n");
    Ok(())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
