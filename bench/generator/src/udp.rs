//! Bare UDP: a socket for each "association".

use std::io::ErrorKind;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;

use crate::{Error, Load, Meter};

/// Silence after which the requests outstanding are taken for lost and sent again.
const RESEND_AFTER_MS: i32 = 100;

pub fn run(load: &Load) -> Result<Meter, Error> {
    let sockets = open(load)?;
    send_all(&sockets, load)?;
    let mut meter = Meter::start(load);
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
            send_all(&sockets, load)?;
        }
        let mut answers = 0;
        for (socket, entry) in sockets.iter().zip(&polled) {
            if entry.revents & libc::POLLIN != 0 {
                answers += exchange(socket, load)?;
            }
        }
        if !meter.count(answers) {
            return Ok(meter);
        }
    }
}

fn open(load: &Load) -> Result<Vec<UdpSocket>, Error> {
    (0..load.associations)
        .map(|_| {
            let socket = UdpSocket::bind("127.0.0.1:0")?;
            socket.connect(load.target)?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        })
        .collect()
}

fn send_all(sockets: &[UdpSocket], load: &Load) -> Result<(), Error> {
    for socket in sockets {
        for _ in 0..load.outstanding {
            send(socket, load)?;
        }
    }
    Ok(())
}

/// Reads what has come and asks again for each answer; how many there were.
fn exchange(socket: &UdpSocket, load: &Load) -> Result<u64, Error> {
    let mut answer = [0; 2048];
    let mut answers = 0;
    loop {
        match socket.recv(&mut answer) {
            Ok(_) => answers += 1,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(answers),
            Err(error) => return Err(error.into()),
        }
        send(socket, load)?;
    }
}

/// A full send buffer is a lost datagram: it is sent again when everything has gone silent.
fn send(socket: &UdpSocket, load: &Load) -> Result<(), Error> {
    match socket.send(&load.requests[0]) {
        Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error.into()),
        _ => Ok(()),
    }
}
