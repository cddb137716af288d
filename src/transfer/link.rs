//! One connection: whole messages in and out, each within its time.
//!
//! Must not: know the order of messages.

use super::wire::{Message, Wire};
use crate::fault::Trouble;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// Why a session ended before its end.
#[derive(Debug)]
pub enum Broken {
    /// Our own disk: stop.
    Trouble(Trouble),
    /// The line was cut or nothing came in time: call again.
    Cut(String),
    /// The other side does not keep to the protocol: call again, but not for ever.
    Violation(String),
    /// The other side says "not now": call again later.
    Later {
        /// Its code.
        code: String,
        /// What was refused, with the code's words.
        what: String,
    },
    /// A person must act before anything goes on.
    Person {
        /// The response code; blank where it is our own finding.
        code: String,
        /// What was refused or found.
        what: String,
    },
}

impl From<Trouble> for Broken {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trouble(trouble) => trouble.fmt(f),
            Self::Cut(what) => write!(f, "the connection broke: {what}"),
            Self::Violation(what) => write!(f, "the other side does not keep to the protocol: {what}"),
            Self::Later { code, what } => write!(f, "the other side says {code}: {what}; later again"),
            Self::Person { code, what } if code.is_empty() => write!(f, "a person must act: {what}"),
            Self::Person { code, what } => write!(f, "the other side says {code}: {what}; a person must act"),
        }
    }
}

impl std::error::Error for Broken {}

/// A connection.
#[derive(Debug)]
pub(super) struct Link<S> {
    stream: S,
    wire: Arc<Wire>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Link<S> {
    /// Over an open stream.
    pub(super) fn new(stream: S, wire: Arc<Wire>) -> Self {
        Self { stream, wire }
    }

    /// Sends a message; it may take as long as an answer.
    pub(super) async fn send(&mut self, message: &Message, patience: Duration) -> Result<(), Broken> {
        let bytes = self.wire.print(message).map_err(|what| Broken::Person {
            code: String::new(),
            what: format!("a message of ours does not fit: {what}"),
        })?;
        let sent = timeout(patience, async {
            self.stream.write_all(&bytes).await?;
            self.stream.flush().await
        });
        match sent.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Broken::Cut(error.to_string())),
            Err(_) => Err(Broken::Cut(format!("{:?} could not be sent in time", message.name))),
        }
    }

    /// The next message, which must begin and end within `patience`.
    pub(super) async fn receive(&mut self, patience: Duration) -> Result<Message, Broken> {
        match timeout(patience, self.read()).await {
            Ok(read) => read,
            Err(_) => Err(Broken::Cut("nothing came in time".to_string())),
        }
    }

    async fn read(&mut self) -> Result<Message, Broken> {
        let cut = |error: std::io::Error| Broken::Cut(error.to_string());
        let mut digits = vec![0_u8; self.wire.length_digits];
        self.stream.read_exact(&mut digits).await.map_err(cut)?;
        let length = self.wire.length(&digits).map_err(Broken::Violation)?;
        let mut bytes = vec![0_u8; length];
        self.stream.read_exact(&mut bytes).await.map_err(cut)?;
        self.wire.parse(&bytes).map_err(Broken::Violation)
    }
}
