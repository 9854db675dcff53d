//! What is counted between two instants: answers, latencies, and the CPU time of the registrar.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::client::Answered;

const LONGEST: Duration = Duration::from_secs(60);
const SIGNIFICANT_DIGITS: u8 = 3;

pub struct Meter {
    start: Instant,
    end: Option<Instant>,
    pub answers: u64,
    /// In nanoseconds, of the requests that were due in that time.
    pub latencies: Histogram<u64>,
    process: Option<u32>,
    /// Of that process and of this one.
    first: Option<[CpuTime; 2]>,
    last: Option<[CpuTime; 2]>,
}

impl Meter {
    /// Without an end it counts until `end_now`.
    pub fn start(start: Instant, end: Option<Instant>, process: Option<u32>) -> Self {
        let longest = LONGEST.as_nanos() as u64;
        Meter {
            start,
            end,
            answers: 0,
            latencies: Histogram::new_with_bounds(1, longest, SIGNIFICANT_DIGITS)
                .expect("these bounds are in order"),
            process,
            first: end.is_none().then(|| cpu_times(process)),
            last: None,
        }
    }

    pub fn end(&self) -> Instant {
        self.end.unwrap_or(self.start + LONGEST)
    }

    pub fn end_now(&mut self) {
        self.end = Some(Instant::now());
        self.last = Some(cpu_times(self.process));
    }

    /// To be called now and then; false from the end on.
    pub fn tick(&mut self, now: Instant) -> bool {
        if now >= self.start && self.first.is_none() {
            self.first = Some(cpu_times(self.process));
        }
        let is_over = self.end.is_some_and(|end| now >= end);
        if is_over && self.last.is_none() {
            self.last = Some(cpu_times(self.process));
        }
        !is_over
    }

    /// Adds answers that have just come.
    pub fn count(&mut self, now: Instant, answers: &[Answered]) {
        let is_inside = |at: Instant| at >= self.start && self.end.is_none_or(|end| at < end);
        if is_inside(now) {
            self.answers += answers.len() as u64;
        }
        for answered in answers.iter().filter(|answered| is_inside(answered.due)) {
            let latency = now.saturating_duration_since(answered.due);
            self.latencies.saturating_record(latency.as_nanos() as u64);
        }
    }

    pub fn seconds(&self) -> f64 {
        (self.end() - self.start).as_secs_f64()
    }

    /// CPU time spent meanwhile: of the process that was named, and of this one.
    pub fn cpu_times(&self) -> [CpuTime; 2] {
        let (Some(first), Some(last)) = (self.first, self.last) else {
            return [CpuTime::default(); 2];
        };
        [0, 1].map(|who: usize| CpuTime {
            user_seconds: last[who].user_seconds - first[who].user_seconds,
            system_seconds: last[who].system_seconds - first[who].system_seconds,
        })
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub struct CpuTime {
    pub user_seconds: f64,
    pub system_seconds: f64,
}

fn cpu_times(process: Option<u32>) -> [CpuTime; 2] {
    [process.unwrap_or(0), std::process::id()].map(cpu_time)
}

/// CPU time of a process so far (proc(5), `stat`); none when there is no such process.
fn cpu_time(process: u32) -> CpuTime {
    const USER: usize = 11; // counted behind the name, which may hold anything
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let numbers = stat.rsplit_once(") ").map_or("", |(_, numbers)| numbers);
    let mut fields = numbers.split(' ').skip(USER);
    let mut seconds = || {
        let ticks = fields.next().and_then(|ticks| ticks.parse::<f64>().ok());
        ticks.unwrap_or(0.0) / TICKS_PER_SECOND
    };
    CpuTime {
        user_seconds: seconds(),
        system_seconds: seconds(),
    }
}
