//! Peers that fill the receive buffer of a socket, which is one for all, with parts of messages that never become
//! whole. They are written by hand and reach the kernel over UDP (RFC 6951), for which it needs no host of
//! their own.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use rserpool_sctp::records::*;
use rserpool_sctp::try_kernel;
use rserpool_sctp::userland::packet::{Packet, PacketBuilder, chunk, parameter, parameters};

use crate::caller::PATIENCE;
use crate::scene::*;

/// As many octets as fill the buffer of 8 MiB, if all of them get in.
const FLOOD_BYTES: usize = 14 << 20;
const PART_BYTES: usize = 1_400;
const ENCAPSULATION_PORT: u16 = 9899;

struct Attacker {
    port: u16,
    tag: u32,
    next_tsn: u32,
}

impl Attacker {
    fn packet(&self, server_port: u16, kind: u8, flags: u8, value: &[u8]) -> Vec<u8> {
        PacketBuilder::new(self.port, server_port, self.tag)
            .chunk(kind, flags, value)
            .finish()
    }

    /// Opens an association, as far as its COOKIE ECHO.
    fn open(socket: &UdpSocket, port: u16, server_port: u16) -> Self {
        let mut attacker = Attacker {
            port,
            tag: 0,
            next_tsn: 1,
        };
        let mut init = 7u32.to_be_bytes().to_vec();
        init.extend_from_slice(&(1u32 << 20).to_be_bytes());
        init.extend_from_slice(&[0, 10, 0, 10, 0, 0, 0, 1]);
        socket
            .send(&attacker.packet(server_port, chunk::INIT, 0, &init))
            .unwrap();
        let mut buffer = [0; 2_048];
        loop {
            let length = socket.recv(&mut buffer).unwrap();
            let packet = Packet::parse(&buffer[..length]).unwrap();
            let first = packet.first();
            if first.kind != chunk::INIT_ACK || packet.destination_port() != port {
                continue;
            }
            attacker.tag = u32::from_be_bytes(first.value[..4].try_into().unwrap());
            let cookie = parameters(&first.value[16..])
                .map(Result::unwrap)
                .find(|(kind, _)| *kind == parameter::STATE_COOKIE)
                .unwrap()
                .1;
            let echo = attacker.packet(server_port, chunk::COOKIE_ECHO, 0, cookie);
            socket.send(&echo).unwrap();
            return attacker;
        }
    }

    /// A part from the middle of a message whose beginning is missing for ever.
    fn part(&mut self, server_port: u16) -> Vec<u8> {
        self.next_tsn += 1;
        let mut value = self.next_tsn.to_be_bytes().to_vec();
        value.extend_from_slice(&[0, 0, 0, 5, 0, 0, 0, 11]);
        value.extend_from_slice(&[7; PART_BYTES]);
        self.packet(server_port, chunk::DATA, 0, &value)
    }
}

fn attack(count: u16) {
    std::fs::write(
        "/proc/sys/net/sctp/udp_port",
        ENCAPSULATION_PORT.to_string(),
    )
    .unwrap();
    let (mut server, port) = server(&["127.0.0.1"], |options| {
        options.heartbeat_interval = Duration::from_secs(30);
    });
    let socket = UdpSocket::bind(("127.0.0.9", 0)).unwrap();
    socket.connect(("127.0.0.1", ENCAPSULATION_PORT)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut attackers: Vec<Attacker> = (0..count)
        .map(|index| Attacker::open(&socket, 20_000 + index, port))
        .collect();
    server.wait_for(KIND_UP, usize::from(count));
    let mut client = start(&["127.0.0.2"], |_| {});
    let association = connect(&mut client, &["127.0.0.1"], port);
    client.wait_for(KIND_UP, 1);
    let accepted = server.wait_for(KIND_UP, usize::from(count) + 1)[usize::from(count)].association;

    let end = Instant::now() + 3 * PATIENCE;
    let parts = FLOOD_BYTES / PART_BYTES / attackers.len();
    let mut sent = 0;
    while server.of_kind(KIND_DOWN).is_empty() {
        assert!(Instant::now() < end, "nobody was ended");
        // At first as fast as the kernel takes them, then one now and then, as retransmissions are.
        let burst = if sent < parts { 16 } else { 1 };
        for attacker in &mut attackers {
            for _ in 0..burst {
                let _ = socket.send(&attacker.part(port));
            }
        }
        sent += burst;
        std::thread::sleep(Duration::from_millis(2));
        server.drain();
    }
    assert!(
        server
            .of_kind(KIND_DOWN)
            .iter()
            .all(|down| down.first == EVICTED)
    );
    send(&mut client, association, b"are you there?");
    client.stack.flush();
    server.wait_until(|records| {
        records
            .iter()
            .any(|record| record.association == accepted && record.kind == KIND_MESSAGE)
    });
    let stats = server.stack.stats();
    let refused = stats.refused().find(|one| one.0 == "incompleteMessages");
    assert!(refused.is_some_and(|(_, count)| count > 0));
}

#[test]
fn one_peer_that_fills_the_receive_buffer_is_ended() {
    need_kernel!();
    attack(1);
}

#[test]
fn peers_that_fill_the_receive_buffer_together_are_ended() {
    need_kernel!();
    attack(4);
    attack(100);
}
