//! How long it takes to establish a channel of either version, with both devices in this process.

use std::time::Instant;

use serde_json::json;
use vodozemac::{
    ecies::{self, Ecies, InboundCreationResult, OutboundCreationResult},
    hpke::{
        BidirectionalCreationResult, HpkeRecipientChannel, HpkeSenderChannel, InitialMessage,
        InitialResponse, RecipientCreationResult, SenderCreationResult,
    },
};

use crate::{Result, digits};

const LOGIN_INITIATE: &[u8] = b"MATRIX_QR_CODE_LOGIN_INITIATE";
const LOGIN_OK: &[u8] = b"MATRIX_QR_CODE_LOGIN_OK";
const AAD: &[u8] = b"additional data";

/// Prints the milliseconds of each of so many channels.
pub fn bench(times: usize) -> Result<()> {
    println!("{}", json!({ "msc4388": timed(times, hpke)?, "msc4108-2024": timed(times, ecies)? }));
    Ok(())
}

fn timed(times: usize, establish: fn() -> Result<bool>) -> Result<Vec<f64>> {
    let measure = |_| {
        let start = Instant::now();
        if !establish()? {
            return Err("the check codes differ".into());
        }
        Ok(start.elapsed().as_secs_f64() * 1000.0)
    };
    (0..times).map(measure).collect()
}

/// From both key pairs to both check codes; messages are text in between, as in the rendezvous session.
fn hpke() -> Result<bool> {
    let g = HpkeRecipientChannel::new();
    let SenderCreationResult { channel: s, message } =
        HpkeSenderChannel::new().establish_channel(g.public_key(), LOGIN_INITIATE, AAD)?;
    let initiate = InitialMessage::decode(&message.encode())?;
    let RecipientCreationResult { channel: g, .. } = g.establish_channel(&initiate, AAD)?;
    let BidirectionalCreationResult { channel: g, message } =
        g.establish_bidirectional_channel(LOGIN_OK, AAD);
    let ok = InitialResponse::decode(&message.encode())?;
    let BidirectionalCreationResult { channel: s, .. } = s.establish_bidirectional_channel(&ok, AAD)?;
    Ok(digits(g.check_code()) == digits(s.check_code()))
}

fn ecies() -> Result<bool> {
    let g = Ecies::new();
    let OutboundCreationResult { ecies: mut s, message } =
        Ecies::new().establish_outbound_channel(g.public_key(), LOGIN_INITIATE)?;
    let initiate = ecies::InitialMessage::decode(&message.encode())?;
    let InboundCreationResult { ecies: mut g, .. } = g.establish_inbound_channel(&initiate)?;
    let ok = ecies::Message::decode(&g.encrypt(LOGIN_OK).encode())?;
    s.decrypt(&ok)?;
    Ok(digits(g.check_code()) == digits(s.check_code()))
}
