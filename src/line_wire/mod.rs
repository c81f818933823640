//! line_wire
