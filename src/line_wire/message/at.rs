//! A place in a JSON document: the value and the way to it. The path is spelt only for a fault.

use serde_json::Value;
use std::fmt::Write;

/// A value and how it was reached.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    /// The value; `None` where a property is absent.
    pub value: Option<&'a Value>,
    parent: Option<&'a At<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> At<'a> {
    /// The document itself.
    pub fn root(value: &'a Value) -> At<'a> {
        At {
            value: Some(value),
            parent: None,
            step: Step::Root,
        }
    }

    /// An element of a list that is itself the document.
    pub fn element(value: &'a Value, index: usize) -> At<'a> {
        At {
            value: Some(value),
            parent: None,
            step: Step::Index(index),
        }
    }

    /// A property, present or not.
    pub fn key(&'a self, key: &'a str) -> At<'a> {
        At {
            value: self.value.and_then(|value| value.get(key)),
            parent: Some(self),
            step: Step::Key(key),
        }
    }

    /// An element of this list.
    pub fn index(&'a self, index: usize) -> At<'a> {
        At {
            value: self.value.and_then(|value| value.get(index)),
            parent: Some(self),
            step: Step::Index(index),
        }
    }

    /// Whether the property is there.
    pub fn present(&self) -> bool {
        self.value.is_some()
    }

    /// The text of a string property.
    pub fn str(&self) -> Option<&'a str> {
        self.value.and_then(Value::as_str)
    }

    /// How many elements a list has; zero for anything else.
    pub fn len(&self) -> usize {
        self.value.and_then(Value::as_array).map_or(0, Vec::len)
    }

    /// The way here, as `template.actions[2].label`.
    pub fn path(&self) -> String {
        let mut path = self.parent.map(At::path).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Key(key) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
            Step::Index(index) => {
                write!(path, "[{index}]").expect("a string takes every write");
            }
        }
        path
    }
}
