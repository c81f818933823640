//! Asks a sentinel where the master is.

use super::address::{Address, Way};
use super::errors::Trouble;
use super::reply::{array, bytes};
use redis::{AsyncConnectionConfig, Pipeline, Value};

/// Where the sentinel believes the master of this name to be.
///
/// # Errors
/// It does not answer, or knows no such master.
pub async fn ask(
    sentinel: &Way,
    name: &str,
    config: &AsyncConnectionConfig,
) -> Result<Address, Trouble> {
    let mut call = Pipeline::new();
    call.cmd("SENTINEL")
        .arg("GET-MASTER-ADDR-BY-NAME")
        .arg(name);
    // Credentials belong to the data servers: a sentinel that wants none would not accept them.
    let said = match once(&sentinel.anonymous(), &call, config).await {
        Err(trouble) if trouble.said.contains("NOAUTH") => {
            once(&sentinel.undivided(), &call, config).await?
        }
        said => said?,
    };
    let said = said.into_iter().next().unwrap_or_default();
    let parts = array(said, "an address").unwrap_or_default();
    let mut parts = parts
        .into_iter()
        .map(|part| String::from_utf8(bytes(part)?).ok());
    let (host, port) = (parts.next().flatten(), parts.next().flatten());
    let port = port.and_then(|port| port.parse().ok());
    match (host, port) {
        (Some(host), Some(port)) => Ok(Address::of(&host, port, &sentinel.address())),
        _ => Err(Trouble::nobody(&format!(
            "the sentinel {} knows no master {name:?}",
            sentinel.address()
        ))),
    }
}

/// Asks over a connection made for it; the first answer that is an error is the error.
pub async fn once(
    way: &Way,
    pipe: &Pipeline,
    config: &AsyncConnectionConfig,
) -> Result<Vec<Value>, Trouble> {
    let no = |error| Trouble {
        unknown: false,
        ..Trouble::outside(&error)
    };
    let mut connection = way.dial(config).await.map_err(no)?;
    let said = connection.send_packed_commands(pipe, 0, pipe.len()).await;
    let said = said.map_err(no)?.into_iter().map(|answer| match answer {
        Value::ServerError(error) => Err(Trouble::answered(&error)),
        answer => Ok(answer),
    });
    said.collect()
}
