//! line_wire

pub mod api;
pub mod message;
pub mod rich_menu;
