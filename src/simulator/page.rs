//! The phone page's files. Placeholder: an index that says where the control API is.

/// A file of the page by name, with its content type.
pub fn file(name: &str) -> Option<(&'static [u8], &'static str)> {
    const INDEX: &str = "<!doctype html><meta charset=\"utf-8\"><title>LINE simulator</title>\
        <p>LINE simulator. Control API: <a href=\"/sim/state\">/sim/state</a></p>\n";
    matches!(name, "" | "index.html").then_some((INDEX.as_bytes(), "text/html; charset=utf-8"))
}
