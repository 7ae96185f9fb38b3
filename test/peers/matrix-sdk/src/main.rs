//! A device on the published `matrix-sdk` crate that signs in by QR code, or signs another device in.
//!
//! Started by the tests with one of:
//!
//! ```text
//! new-scan <payload>                       existing-scan <session file> <payload>
//! new-generate <homeserver URL>            existing-generate <session file>
//! ```
//!
//! A payload is base64, a session file is in the portable form that `matrix-qr-login session export` writes.
//! What happens is told as JSON, one object a line. The check code is read as a line from stdin.

mod progress;
mod session;

use std::{convert::Infallible, env, fs, process::ExitCode};

use matrix_sdk::{
    Client,
    authentication::oauth::{
        ClientRegistrationData,
        qrcode::{Msc4108IntentData, QrCodeData, QrCodeIntentData},
        registration::{ApplicationType, ClientMetadata, Localized, OAuthGrantType},
    },
    config::RequestConfig,
    ruma::serde::Raw,
};
use progress::{tell_grant, tell_login};
use serde_json::{Value, json};
use session::ExistingSession;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["new-scan", payload] => new_scan(payload).await,
        ["new-generate", homeserver] => new_generate(homeserver).await,
        ["existing-scan", session, payload] => existing_scan(session, payload).await,
        ["existing-generate", session] => existing_generate(session).await,
        _ => Err("unknown arguments".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(json!({ "event": "failure", "message": error.to_string() }));
            ExitCode::FAILURE
        }
    }
}

/// Writes one event.
fn tell(event: Value) {
    println!("{event}");
}

async fn new_scan(payload: &str) -> Result<()> {
    let code = QrCodeData::from_base64(payload)?;
    let QrCodeIntentData::Msc4108 { data: Msc4108IntentData::Reciprocate { server_name }, .. } =
        code.intent_data()
    else {
        return Err("the code is not of an existing device, in the 2024 version".into());
    };
    let client = client(&server_name_or_url(&server_name)).await?;
    let registration = registration_data()?;
    let oauth = client.oauth();
    let login = oauth.login_with_qr_code(Some(&registration)).scan(&code);
    let progress = tell_login(login.subscribe_to_progress());
    run(login, progress).await?;
    tell_signed_in(&client).await
}

async fn new_generate(homeserver: &str) -> Result<()> {
    let client = client(homeserver).await?;
    let registration = registration_data()?;
    let oauth = client.oauth();
    let login = oauth.login_with_qr_code(Some(&registration)).generate();
    let progress = tell_login(login.subscribe_to_progress());
    run(login, progress).await?;
    tell_signed_in(&client).await
}

async fn existing_scan(session: &str, payload: &str) -> Result<()> {
    let code = QrCodeData::from_base64(payload)?;
    let client = existing_device(session).await?;
    let oauth = client.oauth();
    let grant = oauth.grant_login_with_qr_code().scan(&code);
    let progress = tell_grant(grant.subscribe_to_progress());
    run(grant, progress).await?;
    tell(json!({ "event": "done" }));
    Ok(())
}

async fn existing_generate(session: &str) -> Result<()> {
    let client = existing_device(session).await?;
    let oauth = client.oauth();
    let grant = oauth.grant_login_with_qr_code().generate();
    let progress = tell_grant(grant.subscribe_to_progress());
    run(grant, progress).await?;
    tell(json!({ "event": "done" }));
    Ok(())
}

/// Runs a flow to its end, and meanwhile tells its progress.
async fn run<E: std::error::Error + 'static>(
    flow: impl IntoFuture<Output = std::result::Result<(), E>>,
    progress: impl Future<Output = Infallible>,
) -> Result<()> {
    tokio::select! {
        result = flow.into_future() => Ok(result?),
        never = progress => match never {},
    }
}

/// Where a scanned code names a server without a scheme, it is on loopback here, and plain http.
fn server_name_or_url(server_name: &str) -> String {
    if server_name.contains("://") { server_name.to_owned() } else { format!("http://{server_name}") }
}

/// A client as Element X builds it from a scanned code: by server name, or by URL.
async fn client(server_name_or_url: &str) -> Result<Client> {
    let builder = Client::builder()
        .server_name_or_homeserver_url(server_name_or_url)
        .request_config(RequestConfig::short_retry());
    Ok(builder.build().await?)
}

fn registration_data() -> Result<ClientRegistrationData> {
    let home_page = Localized::new("https://peer.example/".parse()?, []);
    let mut metadata =
        ClientMetadata::new(ApplicationType::Native, vec![OAuthGrantType::DeviceCode], home_page);
    metadata.client_name = Some(Localized::new("matrix-rust-sdk".to_owned(), []));
    Ok(Raw::new(&metadata)?.into())
}

/// Restores a device that has not published keys yet, and gives it the account's secrets.
async fn existing_device(path: &str) -> Result<Client> {
    let session: ExistingSession = serde_json::from_str(&fs::read_to_string(path)?)?;
    let client = client(&session.base_url).await?;
    let secrets = serde_json::from_value(session.secrets.clone())?;
    client.oauth().restore_session(session.into(), Default::default()).await?;
    client.encryption().import_secrets_bundle(&secrets).await?;
    Ok(client)
}

/// Tells who this device has become, and what it thinks of itself.
async fn tell_signed_in(client: &Client) -> Result<()> {
    let encryption = client.encryption();
    let status = encryption.cross_signing_status().await;
    let device = encryption.get_own_device().await?;
    tell(json!({
        "event": "done",
        "base_url": client.homeserver(),
        "user_id": client.user_id(),
        "device_id": client.device_id(),
        "has_cross_signing_keys": status.is_some_and(|status| status.is_complete()),
        "verified": device.is_some_and(|device| device.is_verified_with_cross_signing()),
        "backup_enabled": encryption.backups().are_enabled().await,
    }));
    Ok(())
}
