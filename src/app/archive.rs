//! Opens the archive the config asks for.

use super::refusal::StartError;
use crate::config::settings::{self, Archive as Asked};
use crate::ports::archive::Archive;
use crate::store::archive::FolderArchive;
use crate::store::s3::{Options, S3Archive};
use std::sync::Arc;

/// The archive. A bucket is not asked for yet: a server starts without it, and the housekeeper says
/// what fails.
///
/// # Errors
/// When the folder cannot be had, or the settings of the bucket do not fit together.
pub(super) fn open(store: &settings::Store, asked: &Asked) -> Result<Arc<dyn Archive>, StartError> {
    match asked {
        Asked::Folder => {
            let folder = store.path.join("archive");
            let opened = FolderArchive::open(&folder).map_err(|error| StartError::Listen {
                what: "store.path",
                addr: "archive folder".to_owned(),
                error,
            })?;
            Ok(Arc::new(opened))
        }
        Asked::S3(asked) => {
            let endpoint = asked.endpoint.as_ref();
            let options = Options {
                endpoint: endpoint.map(|url| url.as_str().to_owned()),
                region: asked.region.to_string(),
                bucket: asked.name.to_string(),
                prefix: asked.prefix.to_string(),
                access_key: asked.access_key.expose().to_owned(),
                secret_key: asked.secret_key.expose().to_owned(),
                path_style: asked.path_style,
                // The config has checked who may be asked so.
                allow_http: endpoint.is_some_and(|url| !url.as_str().starts_with("https:")),
            };
            Ok(Arc::new(S3Archive::new(options)?))
        }
    }
}
