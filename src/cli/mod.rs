//! cli

pub mod check;
pub mod explain;
