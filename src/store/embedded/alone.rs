//! The folder is locked by one process: what nodes share lies in its memory.

use super::handle::Embedded;
use crate::domain::ids::Incarnation;
use crate::domain::time::Millis;
use crate::ports::store::Error;
use crate::store::local::{Alone, Local};

impl Alone for Embedded {
    fn local(&self) -> &Local {
        &self.local
    }

    fn own(&self) -> Incarnation {
        self.core.incarnation
    }

    fn time(&self) -> Millis {
        self.core.clock.now()
    }

    fn usable(&self) -> Result<(), Error> {
        self.core.alive()
    }
}
