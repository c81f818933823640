//! Faults: what is wrong in a config folder, each one line that can be acted on.
//!
//! Reading never stops at the first fault: an operator mends a file once, not ten times.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

/// Whether the config can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It cannot.
    Fault,
    /// It can, but look here.
    Warning,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file, as reached from the working directory.
    pub file: Arc<str>,
    /// Line, from 1; 0 when the finding is about the whole file.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The key as a path, such as `server.listen` or `channels[0].secret`.
    pub key: String,
    /// What stands there; secrets are never shown.
    pub found: String,
    /// What may stand there.
    pub allowed: String,
    /// Fault or warning.
    pub severity: Severity,
}

impl Fault {
    /// Whether it stops the config from being used.
    pub fn is_fault(&self) -> bool {
        self.severity == Severity::Fault
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        f.write_str(": ")?;
        if self.severity == Severity::Warning {
            f.write_str("warning: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "found {}", self.found)?;
        if !self.allowed.is_empty() {
            write!(f, ", allowed: {}", self.allowed)?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}

/// A place in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line, from 1; 0 for the whole file.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// The findings of one reading, in the order they were met until they are sorted.
#[derive(Debug, Default)]
pub struct Findings(RefCell<Vec<Fault>>);

impl Findings {
    /// Notes a fault.
    pub fn fault(&self, file: &Arc<str>, at: Place, key: &str, found: &str, allowed: &str) {
        self.note(file, at, key, found, allowed, Severity::Fault);
    }

    /// Notes a warning.
    pub fn warn(&self, file: &Arc<str>, at: Place, key: &str, found: &str, allowed: &str) {
        self.note(file, at, key, found, allowed, Severity::Warning);
    }

    fn note(
        &self,
        file: &Arc<str>,
        at: Place,
        key: &str,
        found: &str,
        allowed: &str,
        severity: Severity,
    ) {
        self.push(Fault {
            file: file.clone(),
            line: at.line,
            column: at.column,
            key: key.to_owned(),
            found: found.to_owned(),
            allowed: allowed.to_owned(),
            severity,
        });
    }

    /// Notes a finding made elsewhere.
    pub fn push(&self, fault: Fault) {
        self.0.borrow_mut().push(fault);
    }

    /// Whether a fault was found; warnings do not count.
    pub fn any_fault(&self) -> bool {
        self.0.borrow().iter().any(Fault::is_fault)
    }

    /// All findings by file and line: `Ok(warnings)`, or `Err` of everything when there is a fault.
    pub fn verdict(self) -> Result<Vec<Fault>, Vec<Fault>> {
        let failed = self.any_fault();
        let mut all = self.0.into_inner();
        all.sort_by(|a, b| {
            (&a.file, a.line, a.column, &a.key).cmp(&(&b.file, b.line, b.column, &b.key))
        });
        all.dedup();
        if failed { Err(all) } else { Ok(all) }
    }
}
