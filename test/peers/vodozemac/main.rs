//! The secure channel of MSC4388 as the published `vodozemac` crate makes it: device G or device S.
//!
//! Started with `g`, or with `s <public key of G>`; with `bench <times>` it is `bench.rs`. Reads one command a line from stdin and answers each with
//! one line on stdout, both JSON. Keys and additional data are hex, messages are text as they stand in the
//! rendezvous session. A failing command is answered by `{"error": ...}` and leaves the channel as it was,
//! unless it is one of the handshake's, which end it.

mod bench;

use std::io::{BufRead, stdin};

use serde::Deserialize;
use serde_json::{Value, json};
use vodozemac::{
    Curve25519PublicKey,
    hpke::{
        BidirectionalCreationResult, CheckCode, DigitMode, EstablishedHpkeChannel, HpkeRecipientChannel,
        HpkeSenderChannel, InitialMessage, InitialResponse, Message, RecipientCreationResult,
        SenderCreationResult, UnidirectionalRecipientChannel, UnidirectionalSenderChannel,
    },
};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[derive(Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
enum Command {
    /// S: makes the first message.
    Initiate {
        plaintext: String,
        aad: String,
    },
    /// G: opens it.
    ReceiveInitiate {
        message: String,
        aad: String,
    },
    /// G: answers it.
    Respond {
        plaintext: String,
        aad: String,
    },
    /// S: opens the answer.
    ReceiveResponse {
        message: String,
        aad: String,
    },
    Seal {
        plaintext: String,
        aad: String,
    },
    Open {
        message: String,
        aad: String,
    },
}

/// How far the channel has come. What it can't do yet, or no longer, has no arm in `step`.
enum Channel {
    Sender(HpkeSenderChannel, Curve25519PublicKey),
    Initiating(UnidirectionalSenderChannel),
    Recipient(HpkeRecipientChannel),
    Initiated(UnidirectionalRecipientChannel),
    Established(EstablishedHpkeChannel),
    Ended,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut channel = match arguments[..] {
        ["g"] => {
            let recipient = HpkeRecipientChannel::new();
            println!("{}", json!({ "public_key": to_hex(recipient.public_key().as_bytes()) }));
            Channel::Recipient(recipient)
        }
        ["s", public_key] => {
            let public_key = Curve25519PublicKey::from_slice(&from_hex(public_key)?)?;
            Channel::Sender(HpkeSenderChannel::new(), public_key)
        }
        ["bench", times] => return bench::bench(times.parse()?),
        _ => return Err("unknown arguments".into()),
    };
    for line in stdin().lock().lines() {
        let answer = match step(&mut channel, serde_json::from_str(&line?)?) {
            Ok(answer) => answer,
            Err(error) => json!({ "error": error.to_string() }),
        };
        println!("{answer}");
    }
    Ok(())
}

fn step(channel: &mut Channel, command: Command) -> Result<Value> {
    if let Channel::Established(established) = channel {
        return match command {
            Command::Seal { plaintext, aad } => {
                let message = established.seal(plaintext.as_bytes(), &from_hex(&aad)?);
                Ok(json!({ "message": message.encode() }))
            }
            Command::Open { message, aad } => {
                let plaintext = established.open(&Message::decode(&message)?, &from_hex(&aad)?)?;
                Ok(json!({ "plaintext": String::from_utf8(plaintext)? }))
            }
            _ => Err("the channel is established".into()),
        };
    }
    // Each state of the handshake is used up by its one command.
    let (next, answer) = match (std::mem::replace(channel, Channel::Ended), command) {
        (Channel::Sender(sender, public_key), Command::Initiate { plaintext, aad }) => {
            let SenderCreationResult { channel, message } =
                sender.establish_channel(public_key, plaintext.as_bytes(), &from_hex(&aad)?)?;
            (Channel::Initiating(channel), json!({ "message": message.encode() }))
        }
        (Channel::Recipient(recipient), Command::ReceiveInitiate { message, aad }) => {
            let RecipientCreationResult { channel, message } =
                recipient.establish_channel(&InitialMessage::decode(&message)?, &from_hex(&aad)?)?;
            (Channel::Initiated(channel), json!({ "plaintext": String::from_utf8(message)? }))
        }
        (Channel::Initiated(initiated), Command::Respond { plaintext, aad }) => {
            let BidirectionalCreationResult { channel, message } =
                initiated.establish_bidirectional_channel(plaintext.as_bytes(), &from_hex(&aad)?);
            let check_code = digits(channel.check_code());
            let answer = json!({ "message": message.encode(), "check_code": check_code });
            (Channel::Established(channel), answer)
        }
        (Channel::Initiating(initiating), Command::ReceiveResponse { message, aad }) => {
            let response = InitialResponse::decode(&message)?;
            let BidirectionalCreationResult { channel, message } =
                initiating.establish_bidirectional_channel(&response, &from_hex(&aad)?)?;
            let check_code = digits(channel.check_code());
            let answer = json!({ "plaintext": String::from_utf8(message)?, "check_code": check_code });
            (Channel::Established(channel), answer)
        }
        _ => return Err("it is not the turn of this command".into()),
    };
    *channel = next;
    Ok(answer)
}

fn digits(check_code: &CheckCode) -> String {
    format!("{:02}", check_code.to_digit(DigitMode::NoLeadingZero))
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(hex: &str) -> Result<Vec<u8>> {
    let pairs = (0..hex.len()).step_by(2).map(|i| hex.get(i..i + 2).ok_or("hex has pairs of digits"));
    pairs.map(|pair| Ok(u8::from_str_radix(pair?, 16)?)).collect()
}
