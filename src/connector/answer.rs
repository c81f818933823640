//! An answer to an outcome and its fields.

use super::way::Trouble;
use crate::config::connectors::{Connector, value_at};
use crate::ports::connector::Answered;
use bytes::BytesMut;
use reqwest::Response;
use serde_json::Value as Json;

/// The body as JSON; what is no JSON is null, so that an outcome may go by the status alone.
///
/// # Errors
/// `Broken`: the connection broke off in it. `TooLong`: it is longer than `most` bytes.
pub(super) async fn body(response: &mut Response, most: usize) -> Result<Json, Trouble> {
    let mut whole = BytesMut::new();
    while let Some(more) = response.chunk().await.map_err(|_| Trouble::Broken)? {
        if whole.len() + more.len() > most {
            return Err(Trouble::TooLong);
        }
        whole.extend_from_slice(&more);
    }
    Ok(serde_json::from_slice(&whole).unwrap_or(Json::Null))
}

/// The first outcome that fits; `None`: none does.
pub(super) fn outcome(connector: &Connector, status: u16, body: &Json) -> Option<Answered> {
    let mut outcomes = connector.outcomes.iter();
    let outcome = outcomes.find(|outcome| outcome.fits(status, body))?;
    let fields = outcome.fields.iter();
    Some(Answered {
        outcome: outcome.name.clone(),
        fields: fields
            .filter_map(|field| Some((field.name.clone(), value_at(field, body)?)))
            .collect(),
    })
}
