//! The links and the clips that are played.

/// How a link breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Never,
    /// All connections are reset, and new ones refused.
    Reset,
    /// Nothing arrives any more, and nobody is told.
    Silence,
    /// The device loses its power with it.
    Power,
    /// As [`How::Reset`]; and what arrives is sometimes not confirmed.
    LostAnswers,
}

#[derive(Clone, Debug)]
pub struct Cell {
    /// Bytes in a millisecond.
    pub rate: f64,
    /// The rate is a tenth of that in every other stretch of so many milliseconds; 0 never.
    pub shift: u64,
    /// For so many milliseconds it is there, and then not.
    pub up: u64,
    pub down: u64,
    /// Nearly the same each time, or by chance.
    pub is_regular: bool,
    pub how: How,
    pub round_trip: u64,
    pub most_per_connection: f64,
    pub clips: Vec<u64>,
}

const SMALLEST_PART: f64 = 5.0 * 1_048_576.0;

impl Cell {
    /// One of the cells, always the same for its number. Each carries a smallest part between two breaks.
    pub fn new(number: u64) -> Cell {
        let mut random = fastrand::Rng::with_seed(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x11f0);
        loop {
            // 0.5 to 50 Mbit/s, each size as likely as the other.
            let rate = 62.5 * 100f64.powf(random.f64());
            let how = [How::Never, How::Reset, How::Reset, How::Silence, How::Power, How::LostAnswers]
                [random.usize(0..6)];
            let up = random.u64(8..=120) * 1_000;
            let down = if random.bool() { random.u64(1..=6) } else { random.u64(6..=30) } * 1_000;
            let is_regular = random.bool();
            let shift =
                if how == How::Never || random.u8(0..6) == 0 { random.u64(20..=120) * 1_000 } else { 0 };
            let round_trip = [20, 60, 150, 400, 800][random.usize(0..5)];
            let share = [f64::MAX, f64::MAX, f64::MAX, rate / 2.0, rate / 4.0][random.usize(0..5)];
            let clips = if random.bool() {
                vec![random.u64(30..=300) * 1_000_000]
            } else {
                (0..random.u64(2..=6)).map(|_| random.u64(6..=60) * 1_000_000).collect()
            };
            let total: u64 = clips.iter().sum();
            // Not one that decides by its first stretch.
            let shift = if total as f64 / rate < 4.0 * shift as f64 { 0 } else { shift };
            let slowest = rate.min(share) / if shift > 0 { 10.0 } else { 1.0 };
            let window = up as f64 - 5.0 * round_trip as f64 - 500.0;
            let is_fit =
                how == How::Never || slowest * window > if is_regular { 1.25 } else { 1.6 } * SMALLEST_PART;
            let takes = total as f64 / rate;
            if is_fit && (60_000.0..3_600_000.0).contains(&takes) {
                let rate_at_most = share;
                return Cell {
                    rate,
                    shift,
                    up,
                    down,
                    is_regular,
                    how,
                    round_trip,
                    most_per_connection: rate_at_most,
                    clips,
                };
            }
        }
    }

    pub fn rate_at(&self, time: u64) -> f64 {
        let is_slow = self.shift > 0 && time / self.shift % 2 == 1;
        if is_slow { self.rate / 10.0 } else { self.rate }
    }

    pub fn next_shift(&self, time: u64) -> u64 {
        time.checked_div(self.shift).map_or(u64::MAX, |shifts| (shifts + 1) * self.shift)
    }

    /// When it goes down and comes back, for a day.
    pub fn turns(&self, random: &mut fastrand::Rng) -> Vec<u64> {
        let (mut turns, mut time) = (Vec::new(), 0);
        while self.how != How::Never && time < 86_400_000 {
            for mean in [self.up, self.down] {
                // By chance from a half to one and a half, or by an eighth: where breaks come by the clock, one of the
                // fixed settings fits between them by luck.
                let most = if self.is_regular { mean / 8 } else { mean / 2 };
                time += random.u64(mean - most..=mean + most).max(1);
                turns.push(time);
            }
        }
        turns
    }

    pub fn total(&self) -> u64 {
        self.clips.iter().sum()
    }
}
