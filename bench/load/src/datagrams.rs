//! Bare UDP: a socket for each "association". What answers is no registrar: answers are only counted.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Instant;

use crate::Error;
use crate::client::Answered;
use crate::loops::WARM_UP;
use crate::messages::Pools;
use crate::meter::Meter;
use crate::options::{Load, Pace};

/// Silence after which the requests outstanding are taken for lost and sent again.
const RESEND_AFTER_MS: i32 = 100;

pub fn run(load: &Load) -> Result<Meter, Error> {
    let Pace::Closed { outstanding } = load.pace else {
        return Err("bare UDP has a closed loop only: leave --rate out".into());
    };
    let request = Pools::new(&load.pool, 1).handle_resolution(0, load.items);
    let sockets = open(load)?;
    send_all(&sockets, outstanding, &request)?;
    let start = Instant::now() + WARM_UP;
    let mut meter = Meter::start(start, Some(start + load.length), load.cpu_of);
    let mut polled: Vec<libc::pollfd> = sockets
        .iter()
        .map(|socket| libc::pollfd {
            fd: socket.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        })
        .collect();
    loop {
        // SAFETY: the vector holds as many entries as said, and outlives the call.
        let ready = unsafe {
            libc::poll(
                polled.as_mut_ptr(),
                polled.len() as libc::nfds_t,
                RESEND_AFTER_MS,
            )
        };
        if ready == 0 {
            send_all(&sockets, outstanding, &request)?;
        }
        let mut answers = Vec::new();
        for (association, entry) in polled.iter().enumerate() {
            if entry.revents & libc::POLLIN != 0 {
                let count = exchange(&sockets[association], &request)?;
                let due = start; // not told apart: latencies mean nothing here
                answers.extend((0..count).map(|_| Answered { association, due }));
            }
        }
        let now = Instant::now();
        meter.count(now, &answers);
        if !meter.tick(now) {
            return Ok(meter);
        }
    }
}

fn open(load: &Load) -> Result<Vec<UdpSocket>, Error> {
    (0..load.associations)
        .map(|_| {
            let socket = UdpSocket::bind((load.source, 0))?;
            socket.connect(SocketAddr::from((load.registrar, load.udp_port)))?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        })
        .collect()
}

fn send_all(sockets: &[UdpSocket], outstanding: usize, request: &[u8]) -> Result<(), Error> {
    for socket in sockets {
        for _ in 0..outstanding {
            send(socket, request)?;
        }
    }
    Ok(())
}

/// Reads what has come and asks again for each answer; how many there were.
fn exchange(socket: &UdpSocket, request: &[u8]) -> Result<u64, Error> {
    let mut answer = [0; 2048];
    let mut answers = 0;
    loop {
        match socket.recv(&mut answer) {
            Ok(_) => answers += 1,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(answers),
            Err(error) => return Err(error.into()),
        }
        send(socket, request)?;
    }
}

/// A full send buffer is a lost datagram: it is sent again when everything has gone silent.
fn send(socket: &UdpSocket, request: &[u8]) -> Result<(), Error> {
    match socket.send(request) {
        Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error.into()),
        _ => Ok(()),
    }
}
