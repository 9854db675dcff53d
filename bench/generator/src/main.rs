//! Sends requests and counts answers: a closed loop of `outstanding` requests on each of `associations`
//! associations (or, over bare UDP, sockets) for some seconds after a warm-up. Prints one JSON line.
//!
//!     rserpool-generator sctp|kernel|udp --target IP:UDP-PORT [--sctp-port PORT] [--prepare HEX]... --request HEX
//!                        --associations N --outstanding N --seconds N [--source IP] [--cpu-of PID]
//!
//! `--prepare-file` and `--request-file` read messages from the lines of files instead.
//!
//! Or answers them, as quickly as the layer allows:
//!
//!     rserpool-generator echo --reply-bytes N [--sctp-port PORT]

mod echo;
mod sctp;
mod udp;

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use rserpool_sctp::Backend;

/// What to do, from the command line.
pub struct Load {
    pub target: SocketAddr,
    /// Where it is sent from.
    pub source: IpAddr,
    pub sctp_port: u16,
    /// Messages to send once before, each answered, over the associations in turn.
    pub prepare: Vec<Vec<u8>>,
    /// Sent in turn.
    pub requests: Vec<Vec<u8>>,
    /// Process whose CPU time is told.
    pub cpu_of: Option<u32>,
    /// Of an echo.
    pub reply_bytes: usize,
    pub associations: usize,
    pub outstanding: usize,
    pub measured: Duration,
}

/// Answers are not counted before this has passed.
const WARM_UP: Duration = Duration::from_millis(500);

/// Counts the answers between the end of the warm-up and the end of the measurement.
pub struct Meter {
    start: Instant,
    end: Instant,
    answers: u64,
    cpu_of: Option<u32>,
    /// User-mode CPU time of that process at both ends.
    first_ticks: Option<u64>,
    last_ticks: u64,
}

impl Meter {
    pub fn start(load: &Load) -> Self {
        let start = Instant::now() + WARM_UP;
        Meter {
            start,
            end: start + load.measured,
            answers: 0,
            cpu_of: load.cpu_of,
            first_ticks: None,
            last_ticks: 0,
        }
    }

    /// Adds answers that have just come; false when the measurement is over.
    pub fn count(&mut self, answers: u64) -> bool {
        let now = Instant::now();
        if now >= self.start && now < self.end {
            self.first_ticks
                .get_or_insert_with(|| user_ticks(self.cpu_of));
            self.answers += answers;
        }
        if now >= self.end {
            self.last_ticks = user_ticks(self.cpu_of);
        }
        now < self.end
    }
}

/// User-mode CPU time of a process so far, in hundredths of a second (proc(5), `stat`).
fn user_ticks(process: Option<u32>) -> u64 {
    const UTIME: usize = 11; // counted behind the name, which may hold anything
    let stat = process.and_then(|id| std::fs::read_to_string(format!("/proc/{id}/stat")).ok());
    let numbers = stat.as_deref().and_then(|stat| stat.rsplit_once(") "));
    let field = numbers.and_then(|(_, numbers)| numbers.split(' ').nth(UTIME));
    field.and_then(|ticks| ticks.parse().ok()).unwrap_or(0)
}

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let (transport, load) = parse()?;
    let meter = match transport.as_str() {
        "echo" => return echo::serve(load.sctp_port, load.reply_bytes),
        "sctp" => sctp::run(&load, Backend::Udp)?,
        // Without UDP: the target's port means nothing.
        "kernel" => sctp::run(&load, Backend::Kernel)?,
        "udp" => udp::run(&load)?,
        other => {
            return Err(
                format!("there is no transport \"{other}\": sctp, kernel, udp or echo").into(),
            );
        }
    };
    let seconds = load.measured.as_secs_f64();
    let ticks = meter.last_ticks - meter.first_ticks.unwrap_or(meter.last_ticks);
    let user_seconds = ticks as f64 / 100.0;
    let Meter { answers, .. } = meter;
    println!("{{\"answers\":{answers},\"seconds\":{seconds},\"userSeconds\":{user_seconds}}}");
    Ok(())
}

fn parse() -> Result<(String, Load), Error> {
    use lexopt::prelude::*;
    let mut transport = None;
    let mut load = Load {
        target: ([127, 0, 0, 1], 9899).into(),
        source: [127, 0, 0, 1].into(),
        sctp_port: 3863,
        prepare: Vec::new(),
        requests: Vec::new(),
        cpu_of: None,
        reply_bytes: 0,
        associations: 1,
        outstanding: 1,
        measured: Duration::from_secs(2),
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(name) => transport = Some(name.string()?),
            Long("source") => load.source = parser.value()?.parse()?,
            Long("target") => load.target = parser.value()?.parse()?,
            Long("sctp-port") => load.sctp_port = parser.value()?.parse()?,
            Long("prepare") => load.prepare.push(bytes_of(&parser.value()?.string()?)?),
            Long("request") => load.requests.push(bytes_of(&parser.value()?.string()?)?),
            Long("prepare-file") => load.prepare = lines_of(&parser.value()?.string()?)?,
            Long("request-file") => load.requests = lines_of(&parser.value()?.string()?)?,
            Long("cpu-of") => load.cpu_of = Some(parser.value()?.parse()?),
            Long("reply-bytes") => load.reply_bytes = parser.value()?.parse()?,
            Long("associations") => load.associations = parser.value()?.parse()?,
            Long("outstanding") => load.outstanding = parser.value()?.parse()?,
            Long("seconds") => load.measured = Duration::from_secs(parser.value()?.parse()?),
            _ => return Err(argument.unexpected().into()),
        }
    }
    Ok((transport.ok_or("say sctp, udp or echo")?, load))
}

/// A message in hexadecimal on each line of a file.
fn lines_of(file: &str) -> Result<Vec<Vec<u8>>, Error> {
    std::fs::read_to_string(file)?
        .lines()
        .map(bytes_of)
        .collect()
}

fn bytes_of(hex: &str) -> Result<Vec<u8>, Error> {
    let digits = hex.as_bytes().chunks(2);
    digits
        .map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?))
        .collect()
}
