//! Keeps the account's default rich menu as the config wants it.
//!
//! A menu and its image cannot be changed, only replaced. So the name carries a digest of both:
//! an identical menu is found again, a changed one is made new, shown, and only then are our older
//! ones deleted. Every step can be repeated; a run that died half-way is finished by the next.
//! Menus whose name is not ours are never touched.
//! Source: Messaging API reference, "Rich menu".

use crate::line::api::{CallError, Client, Endpoint};
use crate::line_wire::api::{RichMenuIdBody, RichMenuListBody};
use crate::line_wire::message::Fault;
use crate::line_wire::rich_menu::{Image, check_with_image};
use bytes::Bytes;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Hex digits of the digest in a menu's name.
const DIGEST: usize = 16;

/// The menu the config wants.
#[derive(Clone, Debug)]
pub struct RichMenuSpec {
    /// The menu object as LINE's reference writes it; `name` is the prefix of our names.
    pub object: Value,
    /// The PNG or JPEG file.
    pub image: Bytes,
}

/// One thing done, or to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The wanted menu is there.
    Found(String),
    /// Made the menu; the id is unknown in a dry run.
    Created(Option<String>),
    /// Gave the menu its image.
    Uploaded,
    /// Made it the default for everybody.
    SetDefault,
    /// Deleted an older menu of ours.
    Deleted(String),
}

/// What was done; in a dry run, what would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The name with the digest.
    pub name: String,
    /// The steps, in order. Only [`Step::Found`]: everything was as it should be.
    pub steps: Vec<Step>,
}

/// Why the menu is not as wanted.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// Menu or image break LINE's limits; nothing was sent.
    #[error("rich menu is not valid: {}", .0.first().map(ToString::to_string).unwrap_or_default())]
    Invalid(Vec<Fault>),
    /// LINE could not be asked or said no.
    #[error("rich menu: {doing}: {source}")]
    Call {
        /// Which step.
        doing: &'static str,
        /// What happened.
        source: CallError,
    },
}

/// Makes LINE's default menu the wanted one. A dry run only reads and validates.
///
/// # Errors
/// See [`SyncError`]. Steps done before it stay done; the next run goes on from there.
pub async fn sync(
    client: &Client,
    desired: &RichMenuSpec,
    dry_run: bool,
) -> Result<Report, SyncError> {
    let image = check_with_image(&desired.object, &desired.image).map_err(SyncError::Invalid)?;
    let (prefix, name, object) = named(desired);
    let during = |doing| move |source| SyncError::Call { doing, source };

    let list: RichMenuListBody = client
        .get(Endpoint::RichMenu, &["v2", "bot", "richmenu", "list"])
        .await
        .map_err(during("listing menus"))?;
    let (wanted, older): (Vec<_>, Vec<_>) = list
        .richmenus
        .into_iter()
        .filter(|menu| is_ours(&menu.name, &prefix))
        .partition(|menu| menu.name == name);
    let mut wanted = wanted.into_iter().map(|menu| menu.rich_menu_id);
    let found = wanted.next();
    let mut steps = Vec::new();

    let id = if let Some(id) = found {
        steps.push(Step::Found(id.clone()));
        let path = ["v2", "bot", "richmenu", &id, "content"];
        let has_image = client
            .has_data(Endpoint::RichMenu, &path)
            .await
            .map_err(during("looking for the image"))?;
        if !has_image {
            upload(client, &id, image, desired, dry_run).await?;
            steps.push(Step::Uploaded);
        }
        Some(id)
    } else {
        let path = ["v2", "bot", "richmenu", "validate"];
        client
            .post(Endpoint::RichMenu, &path, Some(&object))
            .await
            .map_err(during("validating the menu"))?;
        let id = if dry_run {
            None
        } else {
            let path = ["v2", "bot", "richmenu"];
            let made = client
                .post(Endpoint::RichMenu, &path, Some(&object))
                .await
                .map_err(during("creating the menu"))?;
            let made: RichMenuIdBody = serde_json::from_slice(&made)
                .map_err(|_| during("creating the menu")(CallError::Unreadable))?;
            upload(client, &made.rich_menu_id, image, desired, dry_run).await?;
            Some(made.rich_menu_id)
        };
        steps.push(Step::Created(id.clone()));
        steps.push(Step::Uploaded);
        id
    };

    // A menu made just now cannot be the default yet: nothing to ask.
    let is_new = matches!(steps.first(), Some(Step::Created(_)));
    let is_default = !is_new
        && default_menu(client)
            .await
            .map_err(during("reading the default"))?
            == id;
    if !is_default {
        if let (Some(id), false) = (&id, dry_run) {
            let path = ["v2", "bot", "user", "all", "richmenu", id.as_str()];
            client
                .post(Endpoint::RichMenu, &path, None)
                .await
                .map_err(during("setting the default"))?;
        }
        steps.push(Step::SetDefault);
    }
    for id in wanted.chain(older.into_iter().map(|menu| menu.rich_menu_id)) {
        if !dry_run {
            client
                .delete(Endpoint::RichMenu, &["v2", "bot", "richmenu", &id])
                .await
                .map_err(during("deleting an older menu"))?;
        }
        steps.push(Step::Deleted(id));
    }
    Ok(Report { name, steps })
}

async fn upload(
    client: &Client,
    id: &str,
    image: Image,
    desired: &RichMenuSpec,
    dry_run: bool,
) -> Result<(), SyncError> {
    if dry_run {
        return Ok(());
    }
    let path = ["v2", "bot", "richmenu", id, "content"];
    let kind = image.format.content_type();
    client
        .upload(Endpoint::RichMenu, &path, kind, desired.image.clone())
        .await
        .map_err(|source| SyncError::Call {
            doing: "uploading the image",
            source,
        })
}

async fn default_menu(client: &Client) -> Result<Option<String>, CallError> {
    let path = ["v2", "bot", "user", "all", "richmenu"];
    match client
        .get::<RichMenuIdBody>(Endpoint::RichMenu, &path)
        .await
    {
        Ok(menu) => Ok(Some(menu.rich_menu_id)),
        Err(CallError::Status { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Shows a customer a menu of their own; at once, above the default.
///
/// # Errors
/// See [`CallError`].
pub async fn link(client: &Client, user: &str, menu: &str) -> Result<(), CallError> {
    let path = ["v2", "bot", "user", user, "richmenu", menu];
    client.post(Endpoint::RichMenu, &path, None).await.map(drop)
}

/// Gives a customer the default menu again.
///
/// # Errors
/// See [`CallError`].
pub async fn unlink(client: &Client, user: &str) -> Result<(), CallError> {
    let path = ["v2", "bot", "user", user, "richmenu"];
    client.delete(Endpoint::RichMenu, &path).await
}

/// The prefix, the name with the digest, and the object with that name.
fn named(desired: &RichMenuSpec) -> (String, String, String) {
    let mut object = desired.object.clone();
    let prefix = object["name"].as_str().unwrap_or("hotline").to_owned();
    // LINE takes 300 characters; the digest needs its share.
    let prefix = crate::line_wire::message::truncate_graphemes(&prefix, 300 - DIGEST - 1);
    let mut hash = Sha256::new();
    hash.update(object.to_string());
    hash.update(&desired.image);
    let mut name = format!("{prefix}#");
    for byte in hash.finalize().iter().take(DIGEST / 2) {
        write!(name, "{byte:02x}").expect("a string takes every write");
    }
    object["name"] = Value::String(name.clone());
    (prefix.to_owned(), name, object.to_string())
}

/// Whether a name is the prefix, `#` and a digest.
fn is_ours(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('#'))
        .is_some_and(|digest| {
            digest.len() == DIGEST && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
}
