//! SCTP over UDP (RFC 6951) through the same endpoint layer that the registrar has: the load is native, so
//! what is measured is the registrar.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use rserpool_sctp::{Backend, Stack, StackOptions, records};

use crate::{Error, Load, Meter};

/// Payload protocol identifier of ASAP (RFC 5352 §8.3).
const ASAP: u32 = 11;

/// Longest silence before the run is given up.
const PATIENCE: Duration = Duration::from_secs(10);

const PREPARED_AT_ONCE: usize = 64;

pub fn run(load: &Load, backend: Backend) -> Result<Meter, Error> {
    let mut generator = Generator::open(load, backend)?;
    generator.connect_all(load)?;
    generator.prepare(load)?;
    let associations = generator.associations.clone();
    for association in associations {
        for _ in 0..load.outstanding {
            generator.request(association, load)?;
        }
    }
    generator.stack.flush();
    let mut meter = Meter::start(load);
    loop {
        let answered = generator.drain()?;
        for association in &answered {
            generator.request(*association, load)?;
        }
        generator.stack.flush();
        if !meter.count(answered.len() as u64) {
            generator.stack.close();
            return Ok(meter);
        }
        if answered.is_empty() {
            generator.wait()?;
        }
    }
}

struct Generator {
    stack: Stack,
    woken: Receiver<()>,
    records: Vec<u32>,
    arena: Vec<u8>,
    associations: Vec<u32>,
    next_request: usize,
}

impl Generator {
    fn open(load: &Load, backend: Backend) -> Result<Self, Error> {
        let (wake, woken) = channel();
        let mut options = StackOptions::new(vec![load.source]);
        options.backend = backend;
        options.udp_port = 0;
        options.max_associations = load.associations;
        options.max_associations_per_host = load.associations;
        let wake = Box::new(move || {
            let _ = wake.send(()); // the receiver is gone only when the run is over
        });
        let stack = Stack::start(options, wake)?;
        Ok(Generator {
            stack,
            woken,
            records: vec![0; 4096 * records::RECORD_WORDS],
            arena: vec![0; 4 << 20],
            associations: Vec::new(),
            next_request: 0,
        })
    }

    /// Every association from a port of its own.
    fn connect_all(&mut self, load: &Load) -> Result<(), Error> {
        for _ in 0..load.associations {
            let port = self.stack.open(0, false)?;
            let peer = [load.target.ip()];
            let is_encapsulated = self.stack.backend() == Backend::Udp;
            let udp_port = is_encapsulated.then(|| load.target.port());
            self.stack.connect(port, &peer, load.sctp_port, udp_port)?;
        }
        self.stack.flush();
        while self.associations.len() < load.associations {
            self.drain()?;
            if self.associations.len() < load.associations {
                self.wait()?;
            }
        }
        Ok(())
    }

    fn prepare(&mut self, load: &Load) -> Result<(), Error> {
        let mut outstanding = 0;
        for (index, message) in load.prepare.iter().enumerate() {
            let association = self.associations[index % self.associations.len()];
            self.send(association, message)?;
            outstanding += 1;
            while outstanding == PREPARED_AT_ONCE {
                outstanding -= self.some_answers()?;
            }
        }
        while outstanding > 0 {
            outstanding -= self.some_answers()?;
        }
        Ok(())
    }

    /// Sends what is queued, and waits for at least one answer.
    fn some_answers(&mut self) -> Result<usize, Error> {
        self.stack.flush();
        loop {
            match self.drain()?.len() {
                0 => self.wait()?,
                count => return Ok(count),
            }
        }
    }

    fn request(&mut self, association: u32, load: &Load) -> Result<(), Error> {
        let request = &load.requests[self.next_request % load.requests.len()];
        self.next_request += 1;
        self.send(association, request)
    }

    fn send(&mut self, association: u32, payload: &[u8]) -> Result<(), Error> {
        self.stack.send(association, ASAP, 0, payload)?;
        Ok(())
    }

    /// The associations that answers came over, once for each answer; notes those that came up.
    fn drain(&mut self) -> Result<Vec<u32>, Error> {
        let drained = self.stack.drain(&mut self.records, &mut self.arena)?;
        let mut answered = Vec::new();
        for record in self
            .records
            .chunks(records::RECORD_WORDS)
            .take(drained.count)
        {
            match record[0] {
                records::KIND_MESSAGE => answered.push(record[1]),
                records::KIND_UP => self.associations.push(record[1]),
                records::KIND_DOWN => return Err("an association ended".into()),
                _ => {}
            }
        }
        Ok(answered)
    }

    fn wait(&self) -> Result<(), Error> {
        match self.woken.recv_timeout(PATIENCE) {
            Ok(()) => Ok(()),
            Err(RecvTimeoutError::Timeout) => Err("no answer for a long time".into()),
            Err(RecvTimeoutError::Disconnected) => Err("the stack has ended".into()),
        }
    }
}
