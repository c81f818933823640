//! The media port: pictures, sounds and files, from customers and to them.
//!
//! # Contract
//! As [`super::archive`], with its error and its rule for keys; kept apart because media live
//! elsewhere, for another time, and are served to the world under their key.

pub use super::archive::Error;
use futures_util::future::BoxFuture;

/// Keeps media by key.
pub trait Media: Send + Sync + 'static {
    /// Stores an object, atomically and durably.
    fn put(&self, key: &str, bytes: Box<[u8]>) -> BoxFuture<'static, Result<(), Error>>;

    /// Reads an object; `None`: there is none.
    fn get(&self, key: &str) -> BoxFuture<'static, Result<Option<Vec<u8>>, Error>>;

    /// Removes an object; removing what is not there is success.
    fn delete(&self, key: &str) -> BoxFuture<'static, Result<(), Error>>;

    /// Keys that start with the folder `prefix` (whole segments; empty: all), in order.
    fn list(&self, prefix: &str) -> BoxFuture<'static, Result<Vec<String>, Error>>;
}
