//! Tells pages that something has happened, as Server-Sent Events. What it was they ask then.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Response;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::emulator::Emulator;
use crate::http::body::AnswerBody;

/// What happens within this time is one happening.
const GATHERED: Duration = Duration::from_millis(250);
/// Time alone changes something, too: devices fall silent, codes expire.
const AT_LEAST_EVERY: Duration = Duration::from_secs(20);

/// A page that loses the stream comes back after a second.
const HAPPENED: &[u8] = b"retry: 1000\nevent: happened\ndata:\n\n";
const ENDED: &[u8] = b"event: ended\ndata:\n\n";

pub(crate) fn answer(emulator: &Arc<Emulator>) -> Response<AnswerBody> {
    let (sender, events) = mpsc::channel(1);
    tokio::spawn(tell(Arc::clone(emulator), sender));
    let mut response = Response::new(AnswerBody::Stream(events));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response
}

async fn tell(emulator: Arc<Emulator>, page: mpsc::Sender<Bytes>) {
    let happened = async {
        let mut seen = emulator.changes();
        while page.send(Bytes::from_static(HAPPENED)).await.is_ok() {
            sleep(GATHERED).await;
            let _ = timeout(AT_LEAST_EVERY, emulator.changes_beyond(Some(seen))).await;
            seen = emulator.changes();
        }
    };
    tokio::select! {
        () = happened => {}
        () = page.closed() => {}
        () = emulator.stopping() => {
            let _ = page.send(Bytes::from_static(ENDED)).await;
        }
    }
}
