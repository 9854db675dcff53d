//! A peer that is written by hand, packet by packet, against a host with an engine.

use std::net::SocketAddr;

use rserpool_sctp::userland::packet::{Packet, PacketBuilder, chunk, parameter, parameters};

use super::{Datagram, Net, ms};

/// Its own initiate tag.
pub const PEER_TAG: u32 = 0x0707_0707;
/// Just below the end of the number space, so that every test that sends more than two chunks wraps.
pub const FIRST_TSN: u32 = u32::MAX - 1;

/// A chunk to be sent: type, flags, value.
pub type Draft = (u8, u8, Vec<u8>);

pub struct Peer {
    pub address: SocketAddr,
    pub port: u16,
    /// SCTP port and address of the engine.
    pub engine_port: u16,
    pub engine: SocketAddr,
    /// The engine's tag, once it is known.
    pub engine_tag: u32,
    pub next_tsn: u32,
    next_ssn: u16,
    /// Datagrams of the engine that have been looked at.
    seen: usize,
}

impl Peer {
    /// A peer of host `host`, whose endpoint on `engine_port` is open.
    pub fn of(net: &Net, host: usize, engine_port: u16) -> Self {
        Peer {
            address: "127.0.0.9:7000".parse().unwrap(),
            port: 6000,
            engine_port,
            engine: net.address(host),
            engine_tag: 0,
            next_tsn: FIRST_TSN,
            next_ssn: 0,
            seen: net.sent.len(),
        }
    }

    /// A peer with an association to the accepting host of `Net::pair`, and that association's identifier.
    pub fn connected(net: &mut Net) -> (Self, u32) {
        Peer::connected_from(net, 6_000)
    }

    /// The same with this SCTP port.
    pub fn connected_from(net: &mut Net, port: u16) -> (Self, u32) {
        let mut peer = Peer::of(net, 1, 3863);
        peer.port = port;
        peer.address.set_port(port);
        let init_ack = peer.ask(net, &[init(&[])]).remove(0);
        let cookie = peer.learn(&init_ack);
        let answer = peer.ask(net, &[(chunk::COOKIE_ECHO, 0, cookie)]);
        assert_eq!(answer[0].first_kind(), chunk::COOKIE_ACK);
        let id = net.ups(1).last().unwrap().0;
        (peer, id)
    }

    /// Takes tag and cookie of an INIT ACK.
    pub fn learn(&mut self, init_ack: &Datagram) -> Vec<u8> {
        let packet = init_ack.packet();
        assert_eq!(packet.first().kind, chunk::INIT_ACK);
        assert_eq!(packet.verification_tag(), PEER_TAG);
        let value = packet.first().value;
        self.engine_tag = u32::from_be_bytes(value[..4].try_into().unwrap());
        init_parameters(init_ack)
            .into_iter()
            .find_map(|(kind, value)| (kind == parameter::STATE_COOKIE).then_some(value))
            .unwrap()
    }

    /// Sends a packet; what the engine answers at once.
    pub fn ask(&mut self, net: &mut Net, chunks: &[Draft]) -> Vec<Datagram> {
        self.take(net);
        self.send(net, chunks);
        net.run_for(ms(1));
        self.take(net)
    }

    pub fn send(&mut self, net: &mut Net, chunks: &[Draft]) {
        let bytes = self.packet(chunks);
        net.inject(self.address, self.engine, &bytes);
    }

    pub fn packet(&self, chunks: &[Draft]) -> Vec<u8> {
        let tag = if chunks[0].0 == chunk::INIT {
            0
        } else {
            self.engine_tag
        };
        let builder = PacketBuilder::new(self.port, self.engine_port, tag);
        let add = |builder: PacketBuilder, (kind, flags, value): &Draft| {
            builder.chunk(*kind, *flags, value)
        };
        chunks.iter().fold(builder, add).finish()
    }

    /// A whole ordered message on stream 0.
    pub fn data(&mut self, payload: &[u8]) -> Draft {
        let draft = self.fragment(0, self.next_ssn, 3, payload);
        self.next_ssn = self.next_ssn.wrapping_add(1);
        draft
    }

    /// A DATA chunk with the next TSN.
    pub fn fragment(&mut self, stream: u16, ssn: u16, flags: u8, payload: &[u8]) -> Draft {
        let mut value = self.next_tsn.to_be_bytes().to_vec();
        value.extend_from_slice(&stream.to_be_bytes());
        value.extend_from_slice(&ssn.to_be_bytes());
        value.extend_from_slice(&super::ASAP.to_be_bytes());
        value.extend_from_slice(payload);
        self.next_tsn = self.next_tsn.wrapping_add(1);
        (chunk::DATA, flags, value)
    }

    /// Takes what the engine has sent, and shows that the peer is alive.
    pub fn answer_heartbeats(&mut self, net: &mut Net) {
        for (kind, value) in chunks(&self.take(net)) {
            if kind == chunk::HEARTBEAT {
                self.send(net, &[(chunk::HEARTBEAT_ACK, 0, value)]);
            }
        }
    }

    /// What the engine has sent to this peer since the last call.
    pub fn take(&mut self, net: &Net) -> Vec<Datagram> {
        let fresh = net.sent[self.seen..].iter();
        self.seen = net.sent.len();
        fresh
            .filter(|datagram| datagram.to == self.address)
            .cloned()
            .collect()
    }
}

/// An INIT of a peer with `parameters`.
pub fn init(parameters: &[(u16, &[u8])]) -> Draft {
    (chunk::INIT, 0, init_value(parameters))
}

/// The value of an INIT or INIT ACK.
pub fn init_value(parameters: &[(u16, &[u8])]) -> Vec<u8> {
    let mut value = PEER_TAG.to_be_bytes().to_vec();
    value.extend_from_slice(&100_000u32.to_be_bytes());
    value.extend_from_slice(&[0, 10, 0, 10]);
    value.extend_from_slice(&FIRST_TSN.to_be_bytes());
    for (kind, content) in parameters {
        value.resize(value.len().next_multiple_of(4), 0);
        value.extend_from_slice(&kind.to_be_bytes());
        value.extend_from_slice(&(content.len() as u16 + 4).to_be_bytes());
        value.extend_from_slice(content);
    }
    value
}

pub fn init_parameters(datagram: &Datagram) -> Vec<(u16, Vec<u8>)> {
    parameters(&datagram.packet().first().value[16..])
        .map(|parameter| parameter.unwrap())
        .map(|(kind, value)| (kind, value.to_vec()))
        .collect()
}

/// Type and value of every chunk in `datagrams`.
pub fn chunks(datagrams: &[Datagram]) -> Vec<(u8, Vec<u8>)> {
    datagrams
        .iter()
        .flat_map(|datagram| {
            let packet: Packet<'_> = datagram.packet();
            packet
                .chunks()
                .map(|chunk| (chunk.kind, chunk.value.to_vec()))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The error causes of the first chunk of this kind, ABORT or ERROR.
pub fn causes(datagrams: &[Datagram], kind: u8) -> Option<Vec<(u16, Vec<u8>)>> {
    let (_, value) = chunks(datagrams)
        .into_iter()
        .find(|chunk| chunk.0 == kind)?;
    let causes = parameters(&value).map(|cause| cause.unwrap());
    Some(causes.map(|(code, value)| (code, value.to_vec())).collect())
}

/// Cumulative TSN, window and gap blocks of a SACK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sack {
    pub cumulative_tsn: u32,
    pub window_bytes: u32,
    pub gaps: Vec<(u16, u16)>,
}

pub fn sacks(datagrams: &[Datagram]) -> Vec<Sack> {
    let is_sack = |(kind, value): (u8, Vec<u8>)| (kind == chunk::SACK).then(|| Sack::read(&value));
    chunks(datagrams).into_iter().filter_map(is_sack).collect()
}

impl Sack {
    fn read(value: &[u8]) -> Self {
        let be32 = |at: usize| u32::from_be_bytes(value[at..at + 4].try_into().unwrap());
        let be16 = |at: usize| u16::from_be_bytes(value[at..at + 2].try_into().unwrap());
        let gap = |index: usize| (be16(12 + 4 * index), be16(14 + 4 * index));
        Sack {
            cumulative_tsn: be32(0),
            window_bytes: be32(4),
            gaps: (0..usize::from(be16(8))).map(gap).collect(),
        }
    }

    pub fn draft(&self) -> Draft {
        let mut value = self.cumulative_tsn.to_be_bytes().to_vec();
        value.extend_from_slice(&self.window_bytes.to_be_bytes());
        value.extend_from_slice(&(self.gaps.len() as u16).to_be_bytes());
        value.extend_from_slice(&[0, 0]);
        for (start, end) in &self.gaps {
            value.extend_from_slice(&start.to_be_bytes());
            value.extend_from_slice(&end.to_be_bytes());
        }
        (chunk::SACK, 0, value)
    }
}

/// TSN and payload of every DATA chunk.
pub fn data(datagrams: &[Datagram]) -> Vec<(u32, Vec<u8>)> {
    let is_data = |(kind, value): (u8, Vec<u8>)| {
        let tsn = u32::from_be_bytes(value[..4].try_into().unwrap());
        (kind == chunk::DATA).then(|| (tsn, value[12..].to_vec()))
    };
    chunks(datagrams).into_iter().filter_map(is_data).collect()
}
