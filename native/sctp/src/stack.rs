//! The caller's side of a stack: sockets bound, I/O thread started, requests collected into
//! batches, events drained into the caller's memory. What the requests do is `kernel/` or
//! `userland/`, on the I/O thread.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread::JoinHandle;

use crate::account::{Account, SendResult};
use crate::batch::{Drained, RecordWriter};
use crate::command::{Batch, Command, Connect};
use crate::error::StackError;
use crate::event::Event;
use crate::id_map::IdMap;
use crate::kernel::{self, ClosingPorts, OpenSocket, Socket};
use crate::limits::Room;
use crate::options::{Backend, STREAMS, StackOptions};
use crate::shared::{Shared, Waker};
use crate::stats::Stats;
use crate::userland::engine::{Engine, EngineOptions};
use crate::userland::{self, Entropy, raw, udp};

mod addresses;

/// Association identifiers are never reused while the process runs, whatever the number of stacks.
static NEXT_ASSOCIATION: AtomicU32 = AtomicU32::new(1);

/// The ports that IANA leaves to whoever needs any (RFC 6335 §6).
const EPHEMERAL_PORTS: std::ops::RangeInclusive<u16> = 49_152..=65_535;

/// What an I/O thread takes, measured without associations: its own stack, sockets, and the parts of its
/// buffers that packets of ordinary size touch.
const THREAD_BYTES: usize = 160 << 10;

/// What an association takes that is up and at rest (`memory/bytes-per-association`).
const ASSOCIATION_BYTES: usize = 4_900;

/// A stack of SCTP endpoints on one set of local addresses. Dropping it closes it.
pub struct Stack {
    options: StackOptions,
    udp_port: u16,
    /// Open SCTP ports and the serial number of the endpoint on each.
    endpoints: HashMap<u16, u32>,
    next_endpoint: u32,
    /// Associations that may still be used or have events to tell.
    associations: IdMap<Association>,
    batch: Batch,
    /// Events taken from the I/O thread but not yet drained.
    events: VecDeque<Event>,
    taken: Vec<Event>,
    /// Associations whose messages were held back and are wanted again.
    resumptions: Vec<u32>,
    room: Room,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    /// Kernel only: SCTP ports whose sockets the I/O thread may still have.
    closing_ports: ClosingPorts,
}

struct Association {
    local_port: u16,
    account: Arc<Account>,
}

impl Stack {
    /// Binds the UDP sockets and starts the I/O thread. `wake` is called on that thread whenever
    /// events turn up after all earlier ones were taken; it must not block.
    pub fn start(options: StackOptions, wake: Box<dyn Fn() + Send>) -> Result<Stack, StackError> {
        options.check()?;
        let waker =
            Waker::new().map_err(|error| StackError::system("create the I/O thread", &error))?;
        let shared = Arc::new(Shared::new(options.event_queue_bytes, waker, wake));
        let room = Room::new(options.max_associations);
        let (thread, udp_port) = start_thread(&options, &shared, &room)?;
        Ok(Stack {
            options,
            udp_port,
            endpoints: HashMap::new(),
            next_endpoint: 1,
            associations: HashMap::default(),
            batch: Batch::default(),
            events: VecDeque::new(),
            taken: Vec::new(),
            resumptions: Vec::new(),
            room,
            shared,
            thread: Some(thread),
            closing_ports: ClosingPorts::default(),
        })
    }

    pub fn backend(&self) -> Backend {
        self.options.backend
    }

    /// The UDP port in use; 0 for backends without one.
    pub fn udp_port(&self) -> u16 {
        self.udp_port
    }

    pub fn local_addresses(&self) -> &[IpAddr] {
        &self.options.local_addresses
    }

    /// Opens an SCTP port; 0: any free one. With `accepts` false the endpoint only calls others.
    pub fn open(&mut self, port: u16, accepts: bool) -> Result<u16, StackError> {
        self.must_be_open()?;
        if self.options.backend == Backend::Kernel {
            return self.open_socket(port, accepts);
        }
        let port = if port == 0 {
            self.any_free_port()?
        } else {
            port
        };
        if self.endpoints.contains_key(&port) {
            return Err(StackError::port_in_use(port));
        }
        let endpoint = self.add_endpoint(port);
        self.batch.commands.push(Command::Open {
            port,
            accepts,
            endpoint,
        });
        Ok(port)
    }

    /// Makes the endpoint's socket here, so that the system's refusal is told at once.
    fn open_socket(&mut self, port: u16, accepts: bool) -> Result<u16, StackError> {
        if self.endpoints.contains_key(&port) {
            return Err(StackError::port_in_use(port));
        }
        self.flush();
        self.closing_ports.wait_for(port);
        let (socket, closed) = Socket::open(&self.options, port, accepts)?;
        let port = socket.port();
        self.closing_ports.insert(port, closed);
        let endpoint = self.add_endpoint(port);
        let open = OpenSocket {
            port,
            endpoint,
            accepts,
            socket,
        };
        self.batch
            .commands
            .push(Command::OpenSocket(Box::new(open)));
        Ok(port)
    }

    /// Says of an endpoint that has just been opened that what arrives there asks for answers: as long as a
    /// peer does not read these, its messages are held back, which closes its window. Not for an endpoint
    /// whose peers may do the same: both would wait for ever.
    pub fn hold_back_requests(&mut self, port: u16) {
        self.batch.commands.push(Command::HoldBackRequests { port });
    }

    /// Whether to hold back the messages of an association, on an endpoint that does so at all. Goes on at the
    /// next `flush`.
    pub fn pause(&mut self, association: u32, is_paused: bool) {
        let known = self.associations.get(&association);
        if known.is_some_and(|known| known.account.pause(is_paused)) {
            self.batch.commands.push(Command::Resume { association });
        }
    }

    fn add_endpoint(&mut self, port: u16) -> u32 {
        let endpoint = self.next_endpoint;
        self.next_endpoint += 1;
        self.endpoints.insert(port, endpoint);
        endpoint
    }

    /// ABORTs the endpoint's associations and frees its port. Nothing is told about them any more.
    pub fn close_endpoint(&mut self, port: u16) {
        if self.endpoints.remove(&port).is_some() {
            self.associations
                .retain(|_, association| association.local_port != port);
            self.batch.commands.push(Command::CloseEndpoint { port });
        }
    }

    /// Starts an association with the peer at `peer_addresses` and SCTP port `peer_port`, called at
    /// `udp_port` (default: `remote_udp_port`). Its identifier may be used at once.
    pub fn connect(
        &mut self,
        local_port: u16,
        peer_addresses: &[IpAddr],
        peer_port: u16,
        udp_port: Option<u16>,
    ) -> Result<u32, StackError> {
        self.must_be_open()?;
        if !self.endpoints.contains_key(&local_port) {
            return Err(StackError::unknown_endpoint(local_port));
        }
        let peer_addresses = self.reachable(peer_addresses)?;
        if !self.room.take() {
            return Err(StackError::no_room(self.options.max_associations));
        }
        let association = NEXT_ASSOCIATION.fetch_add(1, SeqCst);
        let account = Arc::new(Account::default());
        self.associations.insert(
            association,
            Association {
                local_port,
                account: account.clone(),
            },
        );
        self.batch.commands.push(Command::Connect(Box::new(Connect {
            association,
            local_port,
            peer_addresses,
            peer_port,
            udp_port: self.port_to_call(udp_port),
            account,
        })));
        Ok(association)
    }

    /// Queues a copy of `payload`; it leaves at the next `flush`.
    pub fn send(
        &mut self,
        association: u32,
        ppid: u32,
        stream: u16,
        payload: &[u8],
    ) -> Result<SendResult, StackError> {
        self.must_be_a_message(payload)?;
        if stream >= STREAMS {
            return Err(StackError::unknown_stream(stream));
        }
        let Some(known) = self.associations.get(&association) else {
            return Ok(SendResult::Gone);
        };
        let result = known
            .account
            .reserve(payload.len(), self.options.send_buffer_bytes);
        if result == SendResult::Queued {
            self.batch.send(association, ppid, stream, payload);
        }
        Ok(result)
    }

    /// Ends an association gracefully, after everything sent before was delivered.
    pub fn shutdown(&mut self, association: u32) {
        if let Some(known) = self.associations.get(&association) {
            known.account.close();
            self.batch.commands.push(Command::Shutdown { association });
        }
    }

    /// Ends an association at once; the peer is told `reason`.
    pub fn abort(&mut self, association: u32, reason: &str) {
        if let Some(known) = self.associations.get(&association) {
            known.account.close();
            self.batch.commands.push(Command::Abort {
                association,
                reason: reason.to_owned(),
            });
        }
    }

    /// Hands everything requested since the last `flush` to the I/O thread.
    pub fn flush(&mut self) {
        if !self.batch.is_empty() {
            self.shared.submit(&mut self.batch);
        }
    }

    /// Copies events into `records` and `arena` (layout: [`crate::records`]), in order.
    pub fn drain(&mut self, records: &mut [u32], arena: &mut [u8]) -> Result<Drained, StackError> {
        self.must_be_open()?;
        let mut writer = RecordWriter::new(records, arena);
        let mut weight = 0;
        let fits_all = loop {
            let Some(event) = self.events.front() else {
                if self.take_events() {
                    continue;
                }
                break true;
            };
            if self.is_wanted(event) && !writer.write(event) {
                break false;
            }
            let event_weight = event.weight();
            weight += event_weight;
            let event = self.events.pop_front().expect("the front was just seen");
            self.note(event, event_weight);
        };
        self.flush_resumptions();
        let drained = Drained {
            count: writer.count,
            bytes: writer.bytes,
            more: !fits_all,
        };
        self.shared.drained(weight);
        if drained.more && drained.count == 0 {
            return Err(StackError::arena_too_small(self.options.max_message_bytes));
        }
        if fits_all && drained.count == 0 && self.shared.has_ended.load(SeqCst) {
            return Err(StackError::thread_ended());
        }
        Ok(drained)
    }

    pub fn stats(&self) -> Stats {
        let mut stats = self.shared.stats();
        stats.associations = self.room.taken() as u64;
        stats
    }

    /// Memory that the stack takes by now, about: what its thread works with, associations, and events that
    /// have not been drained.
    pub fn memory_bytes(&self) -> usize {
        let batch = self.batch.bytes.capacity() + self.taken.capacity() * size_of::<Event>();
        THREAD_BYTES + self.room.taken() * ASSOCIATION_BYTES + self.shared.undrained_bytes() + batch
    }

    /// ABORTs every association, ends the I/O thread and gives the sockets back.
    pub fn close(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        self.flush();
        self.shared.is_closing.store(true, SeqCst);
        self.shared.wake();
        // A panic of the thread has been told by `drain`; here there is nobody left to tell.
        let _ = thread.join();
        self.endpoints.clear();
        self.associations.clear();
        self.events.clear();
    }

    fn must_be_open(&self) -> Result<(), StackError> {
        if self.thread.is_some() {
            return Ok(());
        }
        Err(StackError::closed())
    }

    fn must_be_a_message(&self, payload: &[u8]) -> Result<(), StackError> {
        if payload.is_empty() {
            return Err(StackError::message_empty());
        }
        let (length, limit) = (payload.len(), self.options.max_message_bytes);
        if length > limit {
            return Err(StackError::message_too_long(length, limit));
        }
        Ok(())
    }

    fn any_free_port(&self) -> Result<u16, StackError> {
        let count = EPHEMERAL_PORTS.len() as u32;
        let start = fastrand::u32(..count);
        (0..count)
            .map(|step| *EPHEMERAL_PORTS.start() + ((start + step) % count) as u16)
            .find(|port| !self.endpoints.contains_key(port))
            .ok_or_else(StackError::every_port_in_use)
    }

    fn port_to_call(&self, udp_port: Option<u16>) -> u16 {
        match self.options.backend {
            Backend::Udp => udp_port.unwrap_or(self.options.remote_udp_port),
            Backend::Raw => raw::PORT,
            // 0: the kernel has its own setting for that.
            Backend::Kernel => udp_port.unwrap_or(0),
        }
    }

    /// The peer's addresses that have the family of a local address.
    fn reachable(&self, addresses: &[IpAddr]) -> Result<Vec<IpAddr>, StackError> {
        let locals = &self.options.local_addresses;
        let reachable: Vec<IpAddr> = addresses
            .iter()
            .copied()
            .filter(|peer| locals.iter().any(|local| local.is_ipv4() == peer.is_ipv4()))
            .collect();
        if reachable.is_empty() {
            return Err(StackError::no_route());
        }
        Ok(reachable)
    }

    /// Takes what the I/O thread has published. False when that is nothing.
    fn take_events(&mut self) -> bool {
        self.shared.take_events(&mut self.taken);
        self.events.extend(self.taken.drain(..));
        !self.events.is_empty()
    }

    /// Events of closed endpoints are dropped, also when they happened before the closing.
    fn is_wanted(&self, event: &Event) -> bool {
        match event {
            Event::Up(_, info) => self.endpoints.get(&info.local_port) == Some(&info.endpoint),
            other => self.associations.contains_key(&other.association()),
        }
    }

    fn note(&mut self, event: Event, weight: usize) {
        match event {
            Event::Up(association, info) if self.is_endpoint(&info.local_port, info.endpoint) => {
                let known = Association {
                    local_port: info.local_port,
                    account: info.account,
                };
                self.associations.insert(association, known);
            }
            Event::Down { association, .. } => {
                self.associations.remove(&association);
            }
            Event::Message { association, .. } => {
                let known = self.associations.get(&association);
                if known.is_some_and(|known| known.account.drained(weight)) {
                    self.resumptions.push(association);
                }
            }
            _ => {}
        }
    }

    /// Lets the I/O thread go on with the associations that it has held back.
    fn flush_resumptions(&mut self) {
        if self.resumptions.is_empty() {
            return;
        }
        let resume = |association| Command::Resume { association };
        let resumptions = self.resumptions.drain(..).map(resume);
        self.batch.commands.extend(resumptions);
        self.flush();
    }

    fn is_endpoint(&self, port: &u16, endpoint: u32) -> bool {
        self.endpoints.get(port) == Some(&endpoint)
    }
}

/// Starts the I/O thread of the backend, and tells its UDP port.
fn start_thread(
    options: &StackOptions,
    shared: &Arc<Shared>,
    room: &Room,
) -> Result<(JoinHandle<()>, u16), StackError> {
    let (options, shared, room) = (options.clone(), shared.clone(), room.clone());
    let next_association = || NEXT_ASSOCIATION.fetch_add(1, SeqCst);
    let (link, udp_port) = match options.backend {
        Backend::Kernel => {
            // Endpoints have their own sockets; this one tells now whether they can be had.
            Socket::open(&options, 0, false)?;
            let engine = kernel::Engine::new(options, room, next_association);
            let thread = kernel::spawn(shared, engine).map_err(|error| no_thread(&error))?;
            return Ok((thread, 0));
        }
        Backend::Udp => udp::bind(&options.local_addresses, options.udp_port)?,
        Backend::Raw => (raw::bind(&options.local_addresses)?, 0),
    };
    let options = EngineOptions {
        stack: options,
        room,
        next_association: Box::new(next_association),
        entropy: Entropy::system(),
    };
    let thread = userland::spawn(link, shared, move || Engine::new(options));
    Ok((thread.map_err(|error| no_thread(&error))?, udp_port))
}

fn no_thread(error: &std::io::Error) -> StackError {
    StackError::system("start the I/O thread", error)
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.close();
    }
}
