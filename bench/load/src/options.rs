//! The command line: what load is wanted.

use std::net::IpAddr;
use std::time::Duration;

use rserpool_sctp::{Backend, ENCAPSULATION_PORT};

use crate::Error;

pub const HELP: &str = "\
Loads a registrar with handle resolutions and registrations, and checks every answer.

  --registrar ADDRESS     its IP address (127.0.0.1)
  --sctp-port N           its ASAP port (3863)
  --transport NAME        udp, kernel or raw: how we speak SCTP (udp)
  --udp-port N            where it takes SCTP over UDP (9899)
  --source ADDRESS        our IP address (127.0.0.1)
  --pool NAME             pool that is asked for (load)
  --pools N               so many pools, NAME-00000, NAME-00001, ... (1)
  --register N            first registers N pool elements, spread over the pools (0)
  --measure WHAT          resolutions, or registrations (of those N again); may be repeated (resolutions)
  --items N               pool elements wanted by a resolution (3)
  --associations N        SCTP associations, each with a port of its own (1)
  --outstanding N         closed loop: requests that wait for their answer, for each association (1)
  --rate N                open loop instead: N requests per second in all, whether answers come or not;
                          latencies count from when a request was due
  --seconds N             length of each measurement, after half a second of warm-up (5)
  --cpu-of PID            tells the CPU time of this process per request
  --json                  prints each measurement as a line of JSON

Exit status 1: an answer was wrong or missing.";

/// What the program is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    Load,
    /// Answers like a registrar that has nothing to do for it.
    Echo,
    /// Is a registrar's peer that keeps nothing of what it is told.
    Peer,
    /// The load over bare UDP, with a socket for each association: for a reference without SCTP.
    Datagrams,
    Help,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured {
    Resolutions,
    Registrations,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// A new request on an association for each answer that came over it.
    Closed { outstanding: usize },
    /// Requests fall due at this rate.
    Open { per_second: f64 },
}

#[derive(Clone, Debug)]
pub struct Load {
    pub registrar: IpAddr,
    pub sctp_port: u16,
    pub udp_port: u16,
    pub transport: Backend,
    pub source: IpAddr,
    pub pool: String,
    pub pools: usize,
    /// Pool elements to register.
    pub elements: u32,
    pub measured: Vec<Measured>,
    pub items: u32,
    pub associations: usize,
    pub pace: Pace,
    pub length: Duration,
    pub cpu_of: Option<u32>,
    pub is_json: bool,
}

impl Load {
    fn new() -> Self {
        Load {
            registrar: [127, 0, 0, 1].into(),
            sctp_port: 3863,
            udp_port: ENCAPSULATION_PORT,
            transport: Backend::Udp,
            source: [127, 0, 0, 1].into(),
            pool: "load".to_owned(),
            pools: 1,
            elements: 0,
            measured: Vec::new(),
            items: 3,
            associations: 1,
            pace: Pace::Closed { outstanding: 1 },
            length: Duration::from_secs(5),
            cpu_of: None,
            is_json: false,
        }
    }

    /// Refuses what cannot be done, with a sentence that names the option.
    fn check(mut self) -> Result<Self, Error> {
        if self.measured.is_empty() {
            self.measured.push(Measured::Resolutions);
        }
        let is_rate_bad = matches!(self.pace, Pace::Open { per_second } if !(per_second > 0.0 && per_second <= 1e7));
        let refusal = if self.pools == 0 || self.pools > 100_000 {
            "--pools: give a number from 1 to 100000."
        } else if self.associations == 0 || self.associations > 50_000 {
            "--associations: give a number from 1 to 50000, each needs a port."
        } else if self.length.is_zero() {
            "--seconds: give a number above 0."
        } else if is_rate_bad {
            "--rate: give requests per second, above 0 and at most 10000000."
        } else if matches!(self.pace, Pace::Closed { outstanding: 0 }) {
            "--outstanding: give a number above 0."
        } else if self.elements == 0 && self.measured.contains(&Measured::Registrations) {
            "--measure registrations: say with --register how many pool elements there are."
        } else if self.registrar.is_ipv4() != self.source.is_ipv4() {
            "--source: give an address of the same family as --registrar."
        } else {
            return Ok(self);
        };
        Err(refusal.into())
    }
}

pub fn parse() -> Result<(Task, Load), Error> {
    use lexopt::prelude::*;
    let mut task = Task::Load;
    let mut load = Load::new();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(name) if name == "echo" => task = Task::Echo,
            Value(name) if name == "peer" => task = Task::Peer,
            Value(name) if name == "datagrams" => task = Task::Datagrams,
            Long("help") | Short('h') => return Ok((Task::Help, load)),
            Long("registrar") => load.registrar = parser.value()?.parse()?,
            Long("sctp-port") => load.sctp_port = parser.value()?.parse()?,
            Long("udp-port") => load.udp_port = parser.value()?.parse()?,
            Long("transport") => load.transport = transport(&parser.value()?.string()?)?,
            Long("source") => load.source = parser.value()?.parse()?,
            Long("pool") => load.pool = parser.value()?.string()?,
            Long("pools") => load.pools = parser.value()?.parse()?,
            Long("register") => load.elements = parser.value()?.parse()?,
            Long("measure") => load.measured.push(measured(&parser.value()?.string()?)?),
            Long("items") => load.items = parser.value()?.parse()?,
            Long("associations") => load.associations = parser.value()?.parse()?,
            Long("outstanding") => {
                let outstanding = parser.value()?.parse()?;
                load.pace = Pace::Closed { outstanding };
            }
            Long("rate") => {
                let per_second = parser.value()?.parse()?;
                load.pace = Pace::Open { per_second };
            }
            Long("seconds") => {
                let seconds = parser.value()?.parse()?;
                load.length = Duration::try_from_secs_f64(seconds)?;
            }
            Long("cpu-of") => load.cpu_of = Some(parser.value()?.parse()?),
            Long("json") => load.is_json = true,
            _ => return Err(argument.unexpected().into()),
        }
    }
    Ok((task, load.check()?))
}

fn transport(name: &str) -> Result<Backend, Error> {
    match name {
        "udp" => Ok(Backend::Udp),
        "kernel" => Ok(Backend::Kernel),
        "raw" => Ok(Backend::Raw),
        _ => Err(format!("--transport: there is no \"{name}\": say udp, kernel or raw.").into()),
    }
}

fn measured(name: &str) -> Result<Measured, Error> {
    match name {
        "resolutions" => Ok(Measured::Resolutions),
        "registrations" => Ok(Measured::Registrations),
        _ => Err(
            format!("--measure: there is no \"{name}\": say resolutions or registrations.").into(),
        ),
    }
}
