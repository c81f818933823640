//! line_wire

pub mod message;
pub mod rich_menu;
