//! Laws of the spool: what the store does not take is taken all the same, in order, once.

mod house;

#[path = "spool/crowds.rs"]
mod crowds;
#[path = "spool/draining.rs"]
mod draining;
#[path = "spool/hall.rs"]
mod hall;
#[path = "spool/kept.rs"]
mod kept;
#[path = "spool/outages.rs"]
mod outages;
#[path = "spool/tricky.rs"]
mod tricky;
