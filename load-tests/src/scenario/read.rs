//! Reads a scenario file; tells every fault with file and key.

use super::{Arrivals, Limits, Line, MAX_MESSAGES, Phase, Pick, Scenario, Shape, Text, Threshold};
use crate::units;
use serde::Deserialize;
use std::fmt;
use std::time::Duration;

/// What is wrong with a scenario, one sentence each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<String>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    #[serde(default)]
    seed: u64,
    #[serde(default = "one")]
    scale: f64,
    arrivals: String,
    customers: usize,
    pick: String,
    settle: String,
    phase: Vec<PhaseFile>,
    #[serde(default)]
    line: LineFile,
    text: Vec<TextFile>,
    #[serde(default)]
    generator: GeneratorFile,
    thresholds: toml::Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PhaseFile {
    name: String,
    #[serde(rename = "for")]
    length: String,
    from: f64,
    to: f64,
    shape: Option<String>,
    #[serde(default = "yes")]
    measured: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LineFile {
    latency: Option<String>,
    rate_scale: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextFile {
    weight: u32,
    text: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct GeneratorFile {
    lag_p99: Option<String>,
    cpu_share: Option<String>,
}

fn one() -> f64 {
    1.0
}

fn yes() -> bool {
    true
}

/// Collects faults under the name of one file.
struct Check<'a> {
    file: &'a str,
    faults: Vec<String>,
}

impl Check<'_> {
    fn fault(&mut self, key: &str, what: impl fmt::Display) {
        self.faults.push(format!("{}: {key}: {what}", self.file));
    }

    fn must(&mut self, fine: bool, key: &str, what: impl fmt::Display) {
        if !fine {
            self.fault(key, what);
        }
    }

    /// The value, or its default and a fault.
    fn take<T: Default>(&mut self, key: &str, value: Result<T, String>) -> T {
        value.unwrap_or_else(|what| {
            self.fault(key, what);
            T::default()
        })
    }

    fn word<T: Copy>(&mut self, key: &str, value: &str, known: &[(&str, T)]) -> T {
        if let Some((_, found)) = known.iter().find(|(name, _)| *name == value) {
            return *found;
        }
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        self.fault(key, format!("{value:?} is not one of {}", names.join(", ")));
        known[0].1
    }

    fn phase(&mut self, place: usize, file: PhaseFile) -> Phase {
        let key = |name: &str| format!("phase[{place}].{name}");
        let length = self.take(&key("for"), units::duration(&file.length));
        self.must(
            length >= Duration::from_millis(10) || length.is_zero(),
            &key("for"),
            "is shorter than 10ms",
        );
        for (name, rate) in [("from", file.from), ("to", file.to)] {
            let fine = (0.0..=1_000_000.0).contains(&rate);
            self.must(fine, &key(name), format!("{rate} is not from 0 to 1000000"));
        }
        let shape = file.shape.as_deref().unwrap_or("linear");
        let shapes = [
            ("linear", Shape::Linear),
            ("exponential", Shape::Exponential),
        ];
        let shape = self.word(&key("shape"), shape, &shapes);
        self.must(
            shape == Shape::Linear || (file.from > 0.0 && file.to > 0.0),
            &key("shape"),
            "exponential never reaches 0: from and to must be above it",
        );
        Phase {
            name: file.name,
            length,
            from: file.from,
            to: file.to,
            shape,
            measured: file.measured,
        }
    }

    fn thresholds(&mut self, table: &toml::Table) -> Vec<Threshold> {
        let mut all = Vec::new();
        for (name, value) in table {
            let key = format!("thresholds.{name}");
            match value.as_str().map(|text| Threshold::parse(name, text)) {
                Some(Ok(threshold)) => all.push(threshold),
                Some(Err(what)) => self.fault(&key, what),
                None => self.fault(&key, "is not a text like \"== 0\" or \"< 200ms\""),
            }
        }
        all
    }
}

/// Reads a scenario. `file` is how faults call it.
///
/// # Errors
/// Every fault, or the first when the file is no TOML of this form.
pub fn read(name: &str, file: &str, text: &str) -> Result<Scenario, Faults> {
    let raw: File = toml::from_str(text)
        .map_err(|error| Faults(vec![format!("{file}: {}", error.to_string().trim_end())]))?;
    let mut check = Check {
        file,
        faults: Vec::new(),
    };
    check.must(
        raw.scale > 0.0 && raw.scale <= 100.0,
        "scale",
        format!("{} is not above 0 and at most 100", raw.scale),
    );
    check.must(
        (1..=10_000_000).contains(&raw.customers),
        "customers",
        format!("{} is not from 1 to 10000000", raw.customers),
    );
    let arrivals = [
        ("poisson", Arrivals::Poisson),
        ("uniform", Arrivals::Uniform),
    ];
    let arrivals = check.word("arrivals", &raw.arrivals, &arrivals);
    let picks = [
        ("each", Pick::Each),
        ("uniform", Pick::Uniform),
        ("zipf", Pick::Zipf),
    ];
    let pick = check.word("pick", &raw.pick, &picks);
    let settle = check.take("settle", units::duration(&raw.settle));
    check.must(!raw.phase.is_empty(), "phase", "there is none");
    let phases: Vec<Phase> = raw
        .phase
        .into_iter()
        .enumerate()
        .map(|(place, phase)| check.phase(place, phase))
        .collect();
    let some = raw.text.iter().any(|text| text.weight > 0);
    check.must(some, "text", "there is none with a weight above 0");
    let mut texts = Vec::new();
    for (place, TextFile { weight, text }) in raw.text.into_iter().enumerate() {
        let units = text.encode_utf16().count();
        let fine = (1..=5_000).contains(&units) && weight <= 1_000_000;
        let what = "needs 1 to 5000 UTF-16 units and a weight of at most 1000000";
        check.must(fine, &format!("text[{place}]"), what);
        texts.push(Text { weight, text });
    }
    let latency = raw.line.latency.as_deref().unwrap_or("0ms");
    let latency = check.take("line.latency", units::duration(latency));
    let rate_scale = raw.line.rate_scale.unwrap_or(1.0);
    check.must(
        rate_scale > 0.0 && rate_scale <= 1_000.0,
        "line.rate_scale",
        format!("{rate_scale} is not above 0 and at most 1000"),
    );
    let lag = raw.generator.lag_p99.as_deref().unwrap_or("5ms");
    let cpu = raw.generator.cpu_share.as_deref().unwrap_or("80%");
    let limits = Limits {
        lag_p99: check.take("generator.lag_p99", units::duration(lag)),
        cpu_share: check.take("generator.cpu_share", units::share(cpu)),
    };
    let thresholds = check.thresholds(&raw.thresholds);
    let scenario = Scenario {
        name: name.to_owned(),
        title: raw.title,
        seed: raw.seed,
        scale: raw.scale,
        arrivals,
        customers: raw.customers,
        pick,
        settle,
        phases,
        line: Line {
            latency,
            rate_scale,
        },
        texts,
        limits,
        thresholds,
    };
    if check.faults.is_empty() {
        let messages = scenario.messages();
        check.must(
            (1.0..=MAX_MESSAGES).contains(&messages),
            "phase",
            format!("the curve holds {messages:.0} messages, not 1 to {MAX_MESSAGES:.0}"),
        );
    }
    if check.faults.is_empty() {
        Ok(scenario)
    } else {
        Err(Faults(check.faults))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::SHIPPED;

    fn faults_of(from: &str, to: &str) -> Vec<String> {
        let text = SHIPPED[0].1;
        assert!(text.contains(from), "{from}");
        let changed = text.replacen(from, to, 1);
        match read("x", "my/x.toml", &changed) {
            Ok(_) => Vec::new(),
            Err(Faults(faults)) => faults,
        }
    }

    #[test]
    fn every_fault_names_file_and_key() {
        for (from, to, key) in [
            ("arrivals = \"poisson\"", "arrivals = \"often\"", "arrivals"),
            ("pick = \"uniform\"", "pick = \"me\"", "pick"),
            ("customers = 400", "customers = 0", "customers"),
            ("settle = \"20s\"", "settle = \"20\"", "settle"),
            ("for = \"4s\"", "for = \"soon\"", "phase[0].for"),
            ("to = 400", "to = -1", "phase[2].to"),
            (
                "from = 20\n",
                "shape = \"exponential\"\nfrom = 0\n",
                "phase[0].shape",
            ),
            ("latency = \"20ms\"", "latency = \"20\"", "line.latency"),
            ("text = \"選單\"", "text = \"\"", "text[5]"),
            ("lost = \"== 0\"", "lost = 0", "thresholds.lost"),
            ("lost = \"== 0\"", "lots = \"== 0\"", "thresholds.lots"),
            (
                "ack_p99 = \"< 200ms\"",
                "ack_p99 = \"< 200\"",
                "thresholds.ack_p99",
            ),
        ] {
            let faults = faults_of(from, to);
            let head = format!("my/x.toml: {key}: ");
            assert!(
                faults.iter().any(|fault| fault.starts_with(&head)),
                "{faults:?}"
            );
        }
    }

    #[test]
    fn unknown_keys_are_refused_with_their_line() {
        let faults = faults_of("seed = 1", "sead = 1");
        assert!(faults[0].starts_with("my/x.toml: "), "{faults:?}");
        assert!(
            faults[0].contains("sead") && faults[0].contains("line 4"),
            "{faults:?}"
        );
    }

    #[test]
    fn all_faults_are_told_in_one_pass() {
        let text = SHIPPED[0]
            .1
            .replace("\"uniform\"", "\"me\"")
            .replace("\"20s\"", "\"20\"");
        let Err(Faults(faults)) = read("x", "x", &text) else {
            panic!("two faults");
        };
        assert_eq!(faults.len(), 2, "{faults:?}");
    }
}
