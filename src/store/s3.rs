//! The archive port on object storage that speaks S3. Refuses keys that are not plain paths, before
//! anything is asked of the other side; no request lasts or repeats without a bound.

use crate::ports::archive::{Archive, Error, Usage, check_key};
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::TryStreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{BackoffConfig, ClientOptions, ObjectMeta, ObjectStore, ObjectStoreExt};
use object_store::{Error as Refused, RetryConfig};
use std::sync::Arc;
use std::time::Duration;

/// To be connected.
const CONNECT: Duration = Duration::from_secs(5);
/// One request and its answer; an object is at most a few tens of MiB.
const REQUEST: Duration = Duration::from_secs(60);
/// No request is repeated when this is over.
const PATIENCE: Duration = Duration::from_secs(30);
const REPEATS: usize = 3;

/// Where the objects lie.
pub struct Options {
    /// The server; `None`: AWS in the region.
    pub endpoint: Option<String>,
    /// The region requests are signed for.
    pub region: String,
    /// The bucket; it must exist.
    pub bucket: String,
    /// Before every key: segments as keys have, without a slash at either end; empty: nothing.
    pub prefix: String,
    /// Who asks.
    pub access_key: String,
    /// What the requests are signed with.
    pub secret_key: String,
    /// The bucket is named in the path, not in the host's name.
    pub path_style: bool,
    /// Other machines may be asked over plain http, too.
    pub allow_http: bool,
}

/// The settings name nothing that can be asked.
#[derive(Debug, thiserror::Error)]
#[error("object storage cannot be used with these settings: {0}")]
pub struct SettingsError(String);

/// Keeps objects in a bucket.
pub struct S3Archive {
    bucket: Arc<AmazonS3>,
    prefix: Path,
}

impl S3Archive {
    /// Names a bucket. Asks nobody yet.
    ///
    /// # Errors
    /// When the settings do not fit together.
    pub fn new(options: Options) -> Result<S3Archive, SettingsError> {
        let Options { bucket, region, .. } = options;
        let client = ClientOptions::new()
            .with_connect_timeout(CONNECT)
            .with_timeout(REQUEST)
            .with_allow_http(options.allow_http);
        let retry = RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: REPEATS,
            retry_timeout: PATIENCE,
        };
        let mut builder = AmazonS3Builder::new()
            .with_region(region)
            .with_access_key_id(options.access_key)
            .with_secret_access_key(options.secret_key)
            .with_virtual_hosted_style_request(!options.path_style)
            // The one that every server knows.
            .with_disable_bulk_delete(true)
            .with_retry(retry)
            .with_client_options(client);
        if let Some(endpoint) = options.endpoint {
            builder = builder.with_endpoint(match options.path_style {
                true => endpoint,
                false => in_host(&endpoint, &bucket),
            });
        }
        let built = builder.with_bucket_name(bucket).build();
        let prefix = Path::parse(options.prefix).map_err(|error| error.to_string());
        Ok(S3Archive {
            bucket: Arc::new(built.map_err(|error| SettingsError(error.to_string()))?),
            prefix: prefix.map_err(SettingsError)?,
        })
    }

    /// Where an object of a key lies.
    fn place(&self, key: &str) -> Result<Path, Error> {
        check_key(key)?;
        let segments = self.prefix.parts().map(|part| part.as_ref().to_owned());
        let segments = segments.chain(key.split('/').map(str::to_owned));
        Ok(Path::from_iter(segments))
    }

    /// Everything below a prefix of whole segments.
    fn below(&self, prefix: &str) -> BoxFuture<'static, Result<Vec<ObjectMeta>, Error>> {
        let from = match prefix {
            "" => Ok(self.prefix.clone()),
            _ => self.place(prefix),
        };
        let (bucket, named) = (self.bucket.clone(), prefix.to_owned());
        async move {
            let from = from?;
            let listed = bucket.list(Some(&from)).try_collect::<Vec<_>>().await;
            listed.map_err(|error| failed(&named, &error))
        }
        .boxed()
    }
}

/// `https://host` → `https://bucket.host`.
fn in_host(endpoint: &str, bucket: &str) -> String {
    match endpoint.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{bucket}.{rest}"),
        None => endpoint.to_owned(),
    }
}

fn failed(key: &str, error: &Refused) -> Error {
    Error::Io {
        key: key.to_owned(),
        detail: error.to_string(),
    }
}

impl Archive for S3Archive {
    fn put(&self, key: &str, bytes: Box<[u8]>) -> BoxFuture<'static, Result<(), Error>> {
        let (bucket, place, key) = (self.bucket.clone(), self.place(key), key.to_owned());
        async move {
            let done = bucket.put(&place?, Vec::from(bytes).into()).await;
            done.map(|_| ()).map_err(|error| failed(&key, &error))
        }
        .boxed()
    }

    fn get(&self, key: &str) -> BoxFuture<'static, Result<Option<Vec<u8>>, Error>> {
        let (bucket, place, key) = (self.bucket.clone(), self.place(key), key.to_owned());
        async move {
            let found = match bucket.get(&place?).await {
                Ok(found) => found.bytes().await,
                Err(error) => Err(error),
            };
            match found {
                Ok(bytes) => Ok(Some(bytes.into())),
                Err(Refused::NotFound { .. }) => Ok(None),
                Err(error) => Err(failed(&key, &error)),
            }
        }
        .boxed()
    }

    fn delete(&self, key: &str) -> BoxFuture<'static, Result<(), Error>> {
        let (bucket, place, key) = (self.bucket.clone(), self.place(key), key.to_owned());
        async move {
            match bucket.delete(&place?).await {
                Ok(()) | Err(Refused::NotFound { .. }) => Ok(()),
                Err(error) => Err(failed(&key, &error)),
            }
        }
        .boxed()
    }

    fn usage(&self) -> BoxFuture<'static, Result<Usage, Error>> {
        let below = self.below("");
        async move {
            let objects = below.await?;
            Ok(Usage {
                objects: objects.len() as u64,
                bytes: objects.iter().map(|object| object.size).sum(),
            })
        }
        .boxed()
    }

    fn list(&self, prefix: &str) -> BoxFuture<'static, Result<Vec<String>, Error>> {
        let (below, own) = (self.below(prefix), self.prefix.clone());
        async move {
            let objects = below.await?;
            let mut keys: Vec<String> = objects
                .iter()
                .filter_map(|object| {
                    let parts = object.location.prefix_match(&own)?;
                    let parts: Vec<_> = parts.map(|part| part.as_ref().to_owned()).collect();
                    Some(parts.join("/"))
                })
                .collect();
            keys.sort_unstable();
            Ok(keys)
        }
        .boxed()
    }
}
