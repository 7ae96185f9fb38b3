//! A session in the portable form, as far as `matrix-sdk` restores one.

use matrix_sdk::{
    SessionMeta, SessionTokens,
    authentication::oauth::{ClientId, OAuthSession, UserSession},
};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
pub struct ExistingSession {
    pub base_url: String,
    #[serde(flatten)]
    meta: SessionMeta,
    #[serde(flatten)]
    tokens: SessionTokens,
    oauth: Registration,
    pub secrets: Value,
}

#[derive(Deserialize)]
struct Registration {
    client_id: ClientId,
}

impl From<ExistingSession> for OAuthSession {
    fn from(ExistingSession { meta, tokens, oauth, .. }: ExistingSession) -> Self {
        Self { client_id: oauth.client_id, user: UserSession { meta, tokens } }
    }
}
