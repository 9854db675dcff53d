//! SCTP stacks for JavaScript: what is called rarely, as `#[napi]` methods, and what both kinds of functions
//! work on. What is called per message or per batch is `sctp_hot.rs`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use napi::Env;
use napi::bindgen_prelude::{Function, Object};
use napi::threadsafe_function::{
    ThreadsafeFunction, ThreadsafeFunctionCallMode, UnknownReturnValue,
};
use napi::{Error, Status};
use napi_derive::napi;
use rserpool_sctp::{Backend, Stack, StackError, StackOptions, records};

use crate::arena::{self, Arena};
use crate::external_memory::ExternalMemory;
use crate::failure::{Failure, Fallible, whole, whole_u32, whole_usize};
use crate::sctp_hot;

/// Records of one drain: enough to make the crossing free, few enough to stay in the cache.
pub const MAX_RECORDS: usize = 1_024;

/// Payloads of one drain, or messages of the largest size in the outbound arena.
const ARENA_BYTES: usize = 1 << 20;

/// Associations come and go by the thousand: V8 hears of every few.
const REPORT_STEP_BYTES: usize = 64 << 10;

/// Records of one drain, on their way to the arena.
type Words = [u32; MAX_RECORDS * records::RECORD_WORDS];

/// Called by the I/O thread when there is something to drain. Strong: an open stack keeps the process alive.
type Wake = ThreadsafeFunction<(), UnknownReturnValue, (), Status, false>;

/// What the functions of one stack share.
pub struct SharedStack {
    /// `None`: closed.
    stack: RefCell<Option<Stack>>,
    /// Bytes of the records that `drain` writes, and the records themselves.
    pub inbound: Rc<Arena>,
    pub events: Rc<Arena>,
    /// `None`: closed.
    pub words: RefCell<Option<Box<Words>>>,
    /// The payload that `send` sends lies at its position.
    pub outbound: Rc<Arena>,
    memory: ExternalMemory,
}

impl SharedStack {
    /// Works on the stack. A panic in there is a defect: the stack is closed.
    pub fn with<R>(&self, work: impl FnOnce(&mut Stack) -> R) -> Fallible<R> {
        let mut slot = self.stack.try_borrow_mut().map_err(|_| Failure::InUse)?;
        let stack = slot.as_mut().ok_or(Failure::Closed)?;
        catch_unwind(AssertUnwindSafe(|| work(stack))).map_err(|_| {
            std::mem::forget(slot.take());
            Failure::Internal
        })
    }

    /// Reports to V8 what the stack has in memory by now.
    pub fn report_memory(&self) {
        if let Ok(stack) = self.stack.try_borrow() {
            let bytes = stack.as_ref().map_or(0, stack_bytes);
            self.memory.report_in_steps(bytes, REPORT_STEP_BYTES);
        }
    }

    /// Makes a closed one whose arenas are released into a new one.
    fn reopen(&self, stack: Stack, arena_bytes: usize) -> Fallible<()> {
        let mut slot = self.stack.try_borrow_mut().map_err(|_| Failure::InUse)?;
        if slot.is_some() {
            return Err(Failure::InUse);
        }
        self.inbound.renew(arena_bytes)?;
        self.events.renew(size_of::<Words>())?;
        self.outbound.renew(arena_bytes)?;
        self.words.replace(Some(new_words()));
        self.memory.report(stack_bytes(&stack));
        *slot = Some(stack);
        Ok(())
    }

    /// Ends everything and gives all memory back but the arenas', which JavaScript releases.
    fn close(&self) -> Fallible<()> {
        let stack = self
            .stack
            .try_borrow_mut()
            .map_err(|_| Failure::InUse)?
            .take();
        self.words.replace(None);
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(stack)));
        self.memory.report(0);
        dropped.map_err(|_| Failure::Internal)
    }
}

fn new_words() -> Box<Words> {
    Box::new([0; MAX_RECORDS * records::RECORD_WORDS])
}

/// Memory of a stack with what belongs to it here.
fn stack_bytes(stack: &Stack) -> usize {
    size_of::<Words>() + stack.memory_bytes()
}

/// All that a stack is made with; `SctpStackOptions` in `src/transport/transport.ts` says what it means.
#[napi(object)]
pub struct NativeStackOptions {
    pub backend: String,
    pub local_addresses: Vec<String>,
    pub may_change_addresses: bool,
    pub udp_port: u16,
    pub remote_udp_port: u16,
    pub heartbeat_interval_ms: f64,
    pub rto_initial_ms: f64,
    pub rto_min_ms: f64,
    pub rto_max_ms: f64,
    pub max_retransmissions: f64,
    pub path_max_retransmissions: f64,
    pub autoclose_ms: f64,
    pub max_associations: f64,
    pub max_associations_per_host: f64,
    pub max_message_bytes: f64,
    pub send_buffer_bytes: f64,
    pub slow_reader_timeout_ms: f64,
}

#[napi(object)]
pub struct NativeStackStats {
    pub associations: f64,
    /// Not there on the kernel, which does not tell.
    pub packets_received: Option<f64>,
    pub packets_sent: Option<f64>,
    pub messages_received: f64,
    pub messages_sent: f64,
    pub refused: HashMap<String, f64>,
}

/// A local address that cannot be used, and why.
#[napi(object)]
pub struct NativeRefusedAddress {
    pub address: String,
    pub reason: String,
}

/// Why the kernel gives no SCTP sockets; `null` when it does.
#[napi]
pub fn kernel_sctp_refusal() -> Option<String> {
    rserpool_sctp::try_kernel()
        .err()
        .map(|error| error.to_string())
}

#[napi]
pub struct NativeSctpStack {
    shared: Rc<SharedStack>,
}

/// Throws with the crate's code, such as `UDP_PORT_IN_USE`, and its sentence.
type Result<T> = std::result::Result<T, Error<String>>;

#[napi]
impl NativeSctpStack {
    /// Binds the sockets and starts the I/O thread.
    #[napi(constructor)]
    pub fn new(
        env: &Env,
        options: NativeStackOptions,
        wake: Function<'_, (), UnknownReturnValue>,
    ) -> Result<Self> {
        let (stack, arena_bytes) = start(options, wake)?;
        let arena = |bytes| Arena::new(bytes).ok_or_else(|| failed(Failure::Internal));
        let shared = SharedStack {
            memory: ExternalMemory::new(env, stack_bytes(&stack)),
            stack: RefCell::new(Some(stack)),
            inbound: arena(arena_bytes)?,
            events: arena(size_of::<Words>())?,
            words: RefCell::new(Some(new_words())),
            outbound: arena(arena_bytes)?,
        };
        Ok(NativeSctpStack {
            shared: Rc::new(shared),
        })
    }

    /// Makes a closed one whose arenas are released into a new one, with the same functions.
    #[napi]
    pub fn reopen(
        &self,
        options: NativeStackOptions,
        wake: Function<'_, (), UnknownReturnValue>,
    ) -> Result<()> {
        let (stack, arena_bytes) = start(options, wake)?;
        self.shared.reopen(stack, arena_bytes).map_err(failed)
    }

    /// `{ drain, send, flush }`: the hand-bound functions.
    #[napi]
    pub fn bind<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        let mut functions = Object::new(env)?;
        sctp_hot::bind_all(env, &mut functions, &self.shared)?;
        Ok(functions)
    }

    /// `{ inbound, events, outbound }`. Once each time it is open.
    #[napi]
    pub fn arenas<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        self.expose_arenas(env).map_err(|_| failed(Failure::InUse))
    }

    fn expose_arenas<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        let mut arenas = Object::new(env)?;
        arenas.set("inbound", arena::expose(env, &self.shared.inbound)?)?;
        arenas.set("events", arena::expose(env, &self.shared.events)?)?;
        arenas.set("outbound", arena::expose(env, &self.shared.outbound)?)?;
        Ok(arenas)
    }

    #[napi(getter)]
    pub fn udp_port(&self) -> Result<u16> {
        self.with(|stack| stack.udp_port())
    }

    /// Uses these addresses from now on. Returns those that the system refuses, each with its reason.
    #[napi]
    pub fn use_addresses(&self, addresses: Vec<String>) -> Result<Vec<NativeRefusedAddress>> {
        let addresses = parse_all(&addresses).map_err(failed)?;
        let refused_addresses = self
            .with(|stack| stack.use_addresses(&addresses))?
            .map_err(refused)?;
        let refused_addresses = refused_addresses.into_iter();
        Ok(refused_addresses
            .map(|(address, error)| NativeRefusedAddress {
                address: address.to_string(),
                reason: error.to_string(),
            })
            .collect())
    }

    /// The SCTP port that was opened.
    #[napi]
    pub fn open(&self, port: u16, accepts: bool, answers_requests: bool) -> Result<u16> {
        let open = |stack: &mut Stack| {
            let port = stack.open(port, accepts)?;
            if answers_requests {
                stack.hold_back_requests(port);
            }
            Ok(port)
        };
        self.with(open)?.map_err(refused)
    }

    #[napi]
    pub fn close_endpoint(&self, port: u16) -> Result<()> {
        self.with(|stack| stack.close_endpoint(port))
    }

    /// The identifier of the association that is on its way. UDP port 0: the default.
    #[napi]
    pub fn connect(
        &self,
        local_port: u16,
        addresses: Vec<String>,
        peer_port: u16,
        udp_port: u16,
    ) -> Result<u32> {
        let addresses = parse_all(&addresses).map_err(failed)?;
        let udp_port = (udp_port != 0).then_some(udp_port);
        self.with(|stack| stack.connect(local_port, &addresses, peer_port, udp_port))?
            .map_err(refused)
    }

    #[napi]
    pub fn pause(&self, association: u32, is_paused: bool) -> Result<()> {
        self.with(|stack| stack.pause(association, is_paused))
    }

    #[napi]
    pub fn shutdown(&self, association: u32) -> Result<()> {
        self.with(|stack| stack.shutdown(association))
    }

    #[napi]
    pub fn abort(&self, association: u32, reason: String) -> Result<()> {
        self.with(|stack| stack.abort(association, &reason))
    }

    #[napi]
    pub fn stats(&self) -> Result<NativeStackStats> {
        let (stats, backend) = self.with(|stack| (stack.stats(), stack.backend()))?;
        let packets = |count: u64| (backend != Backend::Kernel).then_some(count as f64);
        let refused = stats
            .refused()
            .map(|(name, count)| (name.to_owned(), count as f64))
            .collect();
        Ok(NativeStackStats {
            associations: stats.associations as f64,
            packets_received: packets(stats.packets_received),
            packets_sent: packets(stats.packets_sent),
            messages_received: stats.messages_received as f64,
            messages_sent: stats.messages_sent as f64,
            refused,
        })
    }

    /// Ends everything and waits for the I/O thread, which takes a moment. Again: nothing happens.
    #[napi]
    pub fn close(&self) -> Result<()> {
        self.shared.close().map_err(failed)
    }

    fn with<R>(&self, work: impl FnOnce(&mut Stack) -> R) -> Result<R> {
        self.shared.with(work).map_err(failed)
    }
}

/// Starts a stack. Returns it with the bytes of its arenas for messages.
fn start(
    options: NativeStackOptions,
    wake: Function<'_, (), UnknownReturnValue>,
) -> Result<(Stack, usize)> {
    let options = stack_options(options).map_err(failed)?;
    let arena_bytes = ARENA_BYTES.max(2 * options.max_message_bytes);
    let waker = Arc::new(OnceLock::<Wake>::new());
    let io_waker = waker.clone();
    let wake_caller = move || {
        // The queue has no limit. A function that is closing belongs to an environment that ends.
        let _ = io_waker
            .get()
            .map(|wake| wake.call((), ThreadsafeFunctionCallMode::NonBlocking));
    };
    let stack = catch_unwind(AssertUnwindSafe(|| {
        Stack::start(options, Box::new(wake_caller))
    }))
    .map_err(|_| failed(Failure::Internal))?
    .map_err(refused)?;
    // Made only now: a threadsafe function takes turns of the event loop to go, which a caller that tries
    // one setting after the other does not give. Nothing can have happened on the new stack.
    let wake = wake.build_threadsafe_function::<()>();
    let wake = wake.callee_handled::<false>().build();
    let _ = waker.set(wake.map_err(|_| failed(Failure::Internal))?);
    Ok((stack, arena_bytes))
}

fn stack_options(options: NativeStackOptions) -> Fallible<StackOptions> {
    let duration = |milliseconds| Ok(Duration::from_millis(whole(milliseconds)?));
    let autoclose = duration(options.autoclose_ms)?;
    Ok(StackOptions {
        backend: backend(&options.backend)?,
        may_change_addresses: options.may_change_addresses,
        udp_port: options.udp_port,
        remote_udp_port: options.remote_udp_port,
        heartbeat_interval: duration(options.heartbeat_interval_ms)?,
        rto_initial: duration(options.rto_initial_ms)?,
        rto_min: duration(options.rto_min_ms)?,
        rto_max: duration(options.rto_max_ms)?,
        max_retransmissions: whole_u32(options.max_retransmissions)?,
        path_max_retransmissions: whole_u32(options.path_max_retransmissions)?,
        autoclose: (!autoclose.is_zero()).then_some(autoclose),
        max_associations: whole_usize(options.max_associations)?,
        max_associations_per_host: whole_usize(options.max_associations_per_host)?,
        max_message_bytes: whole_usize(options.max_message_bytes)?,
        send_buffer_bytes: whole_usize(options.send_buffer_bytes)?,
        slow_reader_timeout: duration(options.slow_reader_timeout_ms)?,
        ..StackOptions::new(parse_all(&options.local_addresses)?)
    })
}

fn backend(name: &str) -> Fallible<Backend> {
    match name {
        "kernel" => Ok(Backend::Kernel),
        "udp" => Ok(Backend::Udp),
        "raw" => Ok(Backend::Raw),
        _ => Err(Failure::OutOfRange),
    }
}

fn parse_all(addresses: &[String]) -> Fallible<Vec<IpAddr>> {
    let parsed: std::result::Result<_, _> = addresses.iter().map(|text| text.parse()).collect();
    parsed.map_err(|_| Failure::OutOfRange)
}

fn refused(error: StackError) -> Error<String> {
    Error::new(error.code().to_owned(), error.to_string())
}

fn failed(failure: Failure) -> Error<String> {
    Error::new(failure.as_ref().to_owned(), failure.as_ref().to_owned())
}
