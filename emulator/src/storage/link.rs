//! The link of the devices, which all parts share: as slow as a test wants it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

#[derive(Debug, Default)]
pub struct Link {
    /// When what was let through so far has passed.
    busy_until: Mutex<Option<Instant>>,
}

impl Link {
    /// Waits until so many bytes have passed, behind those that came before.
    pub async fn pass(&self, bytes: u64, bytes_per_second: u64) {
        if bytes_per_second == 0 {
            return;
        }
        // At least a byte a second and at most some MiB at once: no duration is out of range.
        let takes = Duration::from_secs_f64(bytes as f64 / bytes_per_second as f64);
        sleep_until(self.slot(Instant::now(), takes)).await;
    }

    fn slot(&self, now: Instant, takes: Duration) -> Instant {
        let mut busy_until = self.busy_until.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = busy_until.unwrap_or(now).max(now) + takes;
        *busy_until = Some(passed);
        passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn all_together_are_as_fast_as_the_link() {
        let (link, began) = (Link::default(), Instant::now());
        let parts = (0..4).map(|_| async {
            for _ in 0..5 {
                link.pass(1_000, 2_000).await;
            }
        });
        futures_util::future::join_all(parts).await;
        assert_eq!(began.elapsed().as_secs(), 10);
        link.pass(1_000_000, 0).await;
        assert_eq!(began.elapsed().as_secs(), 10, "without a limit nothing waits");
        tokio::time::advance(Duration::from_secs(60)).await;
        link.pass(2_000, 2_000).await;
        assert_eq!(began.elapsed().as_secs(), 71, "what nobody used is gone");
    }
}
