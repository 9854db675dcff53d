//! Associations with the registrar through the same endpoint layer that it has: requests out, answers in,
//! each checked against the request that it must belong to.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rserpool_sctp::{Backend, SendResult, Stack, StackOptions, records};

use crate::Error;
use crate::messages::{Expected, acknowledgement};
use crate::options::{Load, Measured};
use crate::requests::Requests;

/// Payload protocol identifier of ASAP (RFC 5352 §8.3).
const ASAP: u32 = 11;

/// Longest silence before the run is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connected at once: more would wait for their retransmission timers.
const CONNECTING_AT_ONCE: usize = 64;

/// An answer has come over the association with this index.
pub struct Answered {
    pub association: usize,
    /// When its request was sent or, in an open loop, should have been.
    pub due: Instant,
}

struct Waiting {
    due: Instant,
    expected: Expected,
}

pub struct Client {
    stack: Stack,
    woken: Receiver<()>,
    records: Vec<u32>,
    arena: Vec<u8>,
    requests: Requests,
    associations: Vec<u32>,
    up_count: usize,
    /// Requests of each association in the order in which they are answered.
    waiting: Vec<VecDeque<Waiting>>,
    waiting_count: usize,
    pub wrong_count: u64,
    /// What was wrong first.
    pub first_wrong: Option<String>,
}

impl Client {
    pub fn open(load: &Load) -> Result<Self, Error> {
        let (wake, woken) = channel();
        let mut options = StackOptions::new(vec![load.source]);
        options.backend = load.transport;
        options.udp_port = 0;
        options.max_associations = load.associations;
        let wake = Box::new(move || {
            let _ = wake.send(()); // the receiver is gone only when the run is over
        });
        let mut client = Client {
            stack: Stack::start(options, wake)?,
            woken,
            records: vec![0; 4096 * records::RECORD_WORDS],
            arena: vec![0; 4 << 20],
            requests: Requests::new(load),
            associations: Vec::with_capacity(load.associations),
            up_count: 0,
            waiting: (0..load.associations).map(|_| VecDeque::new()).collect(),
            waiting_count: 0,
            wrong_count: 0,
            first_wrong: None,
        };
        client.connect_all(load)?;
        Ok(client)
    }

    /// Every association from a port of its own.
    fn connect_all(&mut self, load: &Load) -> Result<(), Error> {
        let is_encapsulated = load.transport == Backend::Udp;
        let udp_port = is_encapsulated.then_some(load.udp_port);
        let mut nothing = Vec::new();
        while self.up_count < load.associations {
            let called = self.associations.len();
            if called < load.associations && called - self.up_count < CONNECTING_AT_ONCE {
                let port = self.stack.open(0, false)?;
                let peer = [load.registrar];
                let association = self.stack.connect(port, &peer, load.sctp_port, udp_port)?;
                self.associations.push(association);
                continue;
            }
            self.flush();
            self.wait_for_answers()?;
            self.drain(&mut nothing)?;
        }
        Ok(())
    }

    pub fn association_count(&self) -> usize {
        self.associations.len()
    }

    pub fn element_count(&self) -> usize {
        self.requests.element_count()
    }

    /// Requests that have not been answered.
    pub fn waiting_count(&self) -> usize {
        self.waiting_count
    }

    /// Queues the next request of an association, which was `due` then; false when it takes no more now.
    pub fn request(
        &mut self,
        what: Measured,
        association: usize,
        due: Instant,
    ) -> Result<bool, Error> {
        let (message, expected) = self.requests.next(what, association);
        match self
            .stack
            .send(self.associations[association], ASAP, 0, message)?
        {
            SendResult::Queued => {
                self.waiting[association].push_back(Waiting { due, expected });
                self.waiting_count += 1;
                Ok(true)
            }
            SendResult::Full => Ok(false),
            SendResult::Gone => Err("an association ended".into()),
        }
    }

    pub fn flush(&mut self) {
        self.stack.flush();
    }

    /// Adds the answers that have come; keep-alives are acknowledged.
    pub fn drain(&mut self, answers: &mut Vec<Answered>) -> Result<(), Error> {
        let drained = self.stack.drain(&mut self.records, &mut self.arena)?;
        let records = std::mem::take(&mut self.records);
        let arena = std::mem::take(&mut self.arena);
        for record in records.chunks(records::RECORD_WORDS).take(drained.count) {
            let [kind, association, offset, length, ..] = *record else {
                continue;
            };
            let payload = &arena[offset as usize..][..length as usize];
            match kind {
                records::KIND_MESSAGE => self.on_message(association, payload, answers)?,
                records::KIND_UP => self.up_count += 1,
                records::KIND_DOWN => {
                    let detail = String::from_utf8_lossy(payload);
                    return Err(format!("an association ended: {detail}").into());
                }
                _ => {}
            }
        }
        (self.records, self.arena) = (records, arena);
        Ok(())
    }

    fn on_message(
        &mut self,
        association: u32,
        payload: &[u8],
        answers: &mut Vec<Answered>,
    ) -> Result<(), Error> {
        if let Some(acknowledgement) = acknowledgement(payload) {
            self.stack.send(association, ASAP, 0, &acknowledgement)?;
            return Ok(());
        }
        // Identifiers are given in rising order.
        let index = self
            .associations
            .partition_point(|&known| known < association);
        let Some(waiting) = self.waiting[index].pop_front() else {
            self.note_wrong("an answer came to no request".to_owned());
            return Ok(());
        };
        self.waiting_count -= 1;
        if let Err(what) = self.requests.pools.check(waiting.expected, payload) {
            self.note_wrong(what);
        }
        answers.push(Answered {
            association: index,
            due: waiting.due,
        });
        Ok(())
    }

    fn note_wrong(&mut self, what: String) {
        self.wrong_count += 1;
        self.first_wrong.get_or_insert(what);
    }

    /// Waits for something to drain, as long as said; false when there was nothing.
    pub fn wait_at_most(&self, limit: Duration) -> Result<bool, Error> {
        match self.woken.recv_timeout(limit) {
            Ok(()) => Ok(true),
            Err(RecvTimeoutError::Timeout) => Ok(false),
            Err(RecvTimeoutError::Disconnected) => Err("the SCTP stack has ended".into()),
        }
    }

    /// Waits for something to drain; a registrar that stays silent ends the run.
    pub fn wait_for_answers(&self) -> Result<(), Error> {
        if self.wait_at_most(PATIENCE)? {
            return Ok(());
        }
        let missing = self.waiting_count;
        Err(format!(
            "nothing came for {} s, {missing} answers are missing",
            PATIENCE.as_secs()
        )
        .into())
    }
}
