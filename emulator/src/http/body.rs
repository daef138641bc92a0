//! Answer bodies: whole ones, and those that faults cut, hold or blow up.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;
use tokio::time::{Sleep, sleep};

use super::wire::{Ending, Wire};

const BIG_CHUNK: usize = 64 << 10;
/// Between the last byte of a cut answer and the end of the connection: time to leave the socket.
const BEFORE_ENDING: Duration = Duration::from_millis(30);

pub enum AnswerBody {
    Whole(Bytes),
    /// A JSON string of `left` bytes in all, quotes included.
    Big {
        left: u64,
        opened: bool,
    },
    /// So many bytes in all, as they are read from files. The answer breaks off if they cannot be.
    Content {
        left: u64,
        blocks: mpsc::Receiver<Bytes>,
    },
    /// Whatever comes, until nobody sends any more.
    Stream(mpsc::Receiver<Bytes>),
    /// Fewer bytes than announced, then silence or the end of the connection.
    Cut {
        sent: Bytes,
        then: Option<(Ending, Pin<Box<Sleep>>)>,
        wire: Arc<Wire>,
    },
}

impl AnswerBody {
    pub fn big(bytes: u64) -> Self {
        Self::Big { left: bytes, opened: false }
    }

    pub fn cut(sent: Bytes, then: Option<Ending>, wire: Arc<Wire>) -> Self {
        Self::Cut { sent, then: then.map(|ending| (ending, Box::pin(sleep(BEFORE_ENDING)))), wire }
    }
}

fn next_of_big(left: &mut u64, opened: &mut bool) -> Option<Bytes> {
    if *left == 0 {
        return None;
    }
    let size = usize::try_from(*left).unwrap_or(BIG_CHUNK).min(BIG_CHUNK);
    let mut chunk = vec![b'x'; size];
    if !std::mem::replace(opened, true) {
        chunk[0] = b'"';
    }
    *left -= size as u64;
    if *left == 0 {
        chunk[size - 1] = b'"';
    }
    Some(chunk.into())
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut *self {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Big { left, opened } => {
                Poll::Ready(next_of_big(left, opened).map(|chunk| Ok(Frame::data(chunk))))
            }
            Self::Content { left, blocks } => {
                let block = ready!(blocks.poll_recv(cx));
                *left = left.saturating_sub(block.as_ref().map_or(0, |block| block.len() as u64));
                Poll::Ready(block.map(|block| Ok(Frame::data(block))))
            }
            Self::Stream(blocks) => {
                Poll::Ready(ready!(blocks.poll_recv(cx)).map(|block| Ok(Frame::data(block))))
            }
            Self::Cut { sent, .. } if !sent.is_empty() => {
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(sent)))))
            }
            Self::Cut { then, wire, .. } => {
                if let Some((ending, pause)) = then {
                    ready!(pause.as_mut().poll(cx));
                    wire.end(*ending);
                    *then = None;
                }
                // Silence: the connection's task or the client ends it.
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Big { left, .. } | Self::Content { left, .. } => *left == 0,
            Self::Stream(_) | Self::Cut { .. } => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Big { left, .. } | Self::Content { left, .. } => SizeHint::with_exact(*left),
            Self::Stream(_) | Self::Cut { .. } => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_big_body_is_one_json_string() {
        for bytes in [2, 65_536, 200_001] {
            let (mut left, mut opened, mut text) = (bytes, false, Vec::new());
            while let Some(chunk) = next_of_big(&mut left, &mut opened) {
                text.extend_from_slice(&chunk);
            }
            assert_eq!(text.len() as u64, bytes);
            assert!(serde_json::from_slice::<String>(&text).is_ok());
        }
    }
}
