//! line

pub mod api;
pub mod breaker;
pub mod limiter;
pub mod profile;
pub mod quota;
pub mod rich_menu;
pub mod sender;
pub mod tokens;
