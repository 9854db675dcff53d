//! Sends requests and counts answers: a closed loop of `outstanding` requests on each of `associations`
//! associations (or, over bare UDP, sockets) for some seconds after a warm-up. Prints one JSON line.
//!
//!     rserpool-generator sctp|udp --target IP:UDP-PORT [--sctp-port PORT] [--prepare HEX]... --request HEX
//!                        --associations N --outstanding N --seconds N
//!
//! Or answers them, as quickly as the layer allows:
//!
//!     rserpool-generator echo --reply-bytes N [--sctp-port PORT]

mod echo;
mod sctp;
mod udp;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// What to do, from the command line.
pub struct Load {
    pub target: SocketAddr,
    pub sctp_port: u16,
    /// Messages to send once before, each answered, over the first association.
    pub prepare: Vec<Vec<u8>>,
    pub request: Vec<u8>,
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
}

impl Meter {
    pub fn start(load: &Load) -> Self {
        let start = Instant::now() + WARM_UP;
        Meter {
            start,
            end: start + load.measured,
            answers: 0,
        }
    }

    /// Adds answers that have just come; false when the measurement is over.
    pub fn count(&mut self, answers: u64) -> bool {
        let now = Instant::now();
        if now >= self.start && now < self.end {
            self.answers += answers;
        }
        now < self.end
    }
}

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let (transport, load) = parse()?;
    let meter = match transport.as_str() {
        "echo" => return echo::serve(load.sctp_port, load.reply_bytes),
        "sctp" => sctp::run(&load)?,
        "udp" => udp::run(&load)?,
        other => {
            return Err(format!("there is no transport \"{other}\": sctp, udp or echo").into());
        }
    };
    let seconds = load.measured.as_secs_f64();
    println!("{{\"answers\":{},\"seconds\":{seconds}}}", meter.answers);
    Ok(())
}

fn parse() -> Result<(String, Load), Error> {
    use lexopt::prelude::*;
    let mut transport = None;
    let mut load = Load {
        target: ([127, 0, 0, 1], 9899).into(),
        sctp_port: 3863,
        prepare: Vec::new(),
        request: Vec::new(),
        reply_bytes: 0,
        associations: 1,
        outstanding: 1,
        measured: Duration::from_secs(2),
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(name) => transport = Some(name.string()?),
            Long("target") => load.target = parser.value()?.parse()?,
            Long("sctp-port") => load.sctp_port = parser.value()?.parse()?,
            Long("prepare") => load.prepare.push(bytes_of(&parser.value()?.string()?)?),
            Long("request") => load.request = bytes_of(&parser.value()?.string()?)?,
            Long("reply-bytes") => load.reply_bytes = parser.value()?.parse()?,
            Long("associations") => load.associations = parser.value()?.parse()?,
            Long("outstanding") => load.outstanding = parser.value()?.parse()?,
            Long("seconds") => load.measured = Duration::from_secs(parser.value()?.parse()?),
            _ => return Err(argument.unexpected().into()),
        }
    }
    Ok((transport.ok_or("say sctp, udp or echo")?, load))
}

fn bytes_of(hex: &str) -> Result<Vec<u8>, Error> {
    let digits = hex.as_bytes().chunks(2);
    digits
        .map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?))
        .collect()
}
