//! Tells what the SDK reports of a sign-in, and hands it what a person would.

use std::{convert::Infallible, future::pending, pin::pin};

use futures_util::{Stream, StreamExt};
use matrix_sdk::authentication::oauth::qrcode::{
    CheckCodeSender, GeneratedQrProgress, GrantLoginProgress, LoginProgress, QrProgress,
};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

use crate::tell;

/// What happens until the channel is secure, which depends on who shows the QR code.
pub trait Establishing {
    fn tell(self) -> impl Future<Output = ()>;
}

impl Establishing for QrProgress {
    async fn tell(self) {
        tell(json!({ "event": "check_code", "check_code": format!("{:02}", self.check_code) }));
    }
}

impl Establishing for GeneratedQrProgress {
    async fn tell(self) {
        match self {
            Self::QrReady(code) => tell(json!({ "event": "qr", "payload": code.to_base64() })),
            Self::QrScanned(sender) => {
                tell(json!({ "event": "check_code_required" }));
                enter_check_code(sender).await;
            }
        }
    }
}

async fn enter_check_code(sender: CheckCodeSender) {
    let mut line = String::new();
    BufReader::new(stdin()).read_line(&mut line).await.expect("stdin is readable");
    let code = line.trim().parse().expect("a check code is a number");
    sender.send(code).await.expect("the check code is wanted once");
}

pub async fn tell_login<Q: Establishing>(progress: impl Stream<Item = LoginProgress<Q>>) -> Infallible {
    let mut progress = pin!(progress);
    while let Some(state) = progress.next().await {
        match state {
            LoginProgress::Starting | LoginProgress::Done => (),
            LoginProgress::EstablishingSecureChannel(establishing) => establishing.tell().await,
            LoginProgress::WaitingForToken { user_code } => {
                tell(json!({ "event": "waiting_for_consent", "user_code": user_code }));
            }
            LoginProgress::SyncingSecrets => tell(json!({ "event": "signed_in" })),
        }
    }
    pending().await
}

pub async fn tell_grant<Q: Establishing>(progress: impl Stream<Item = GrantLoginProgress<Q>>) -> Infallible {
    let mut progress = pin!(progress);
    while let Some(state) = progress.next().await {
        match state {
            GrantLoginProgress::Starting | GrantLoginProgress::Done => (),
            GrantLoginProgress::EstablishingSecureChannel(establishing) => establishing.tell().await,
            GrantLoginProgress::WaitingForAuth { verification_uri, continuation_sender } => {
                tell(json!({ "event": "verification", "verification_uri": verification_uri }));
                continuation_sender.confirm().await.expect("the confirmation is wanted once");
            }
            GrantLoginProgress::SyncingSecrets => tell(json!({ "event": "device_online" })),
        }
    }
    pending().await
}
