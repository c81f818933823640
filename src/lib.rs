//! Hotline: the conversation router for LINE Official Accounts.
//!
//! # Map of the house
//!
//! An arrow between rooms only goes down; rooms on one floor do not know each other.
//!
//! | floor | rooms | what lives there |
//! |---|---|---|
//! | 7 | [`cli`] | arguments to one subcommand per file |
//! | 6 | [`app`] | composition root: builds the concrete things, start order, drain order |
//! | 5 | [`server`], [`simulator`] | listeners; a faithful LINE platform for `demo`, tests and load tests |
//! | 4 | [`line`], [`stages`] | the LINE edge; supervised workers |
//! | 3 | [`actors`], [`store`], [`automation`], [`assistant`], [`connector`] | thin shells; bodies of the ports; the matcher; answers in a model's words; calls to other systems |
//! | 2 | [`ports`], [`config`], [`line_wire`], [`telemetry`] | what the house asks of the world; settings; LINE's wire types; metrics and logs |
//! | 1 | [`domain`] | the conversation: pure, synchronous, deterministic |
//!
//! The life of a message is told in `README.md`; the three steps *decide, commit, release* are
//! consecutive lines in [`actors::conversation`].

// The library speaks through tracing; people are spoken to in `cli`.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod actors;
pub mod app;
pub mod assistant;
pub mod automation;
pub mod cli;
pub mod config;
pub mod connector;
pub mod domain;
pub mod line;
pub mod line_wire;
pub mod ports;
pub mod server;
pub mod simulator;
pub mod stages;
pub mod store;
pub mod telemetry;
