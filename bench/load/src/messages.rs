//! The few ASAP messages of a load (RFC 5352 §2.2), and whether an answer is the one that a request must
//! get. Written without the codec of `src/wire/`: what checks it must not share its mistakes.

use std::borrow::Cow;
use std::net::IpAddr;

const REGISTRATION: u8 = 0x01;
const REGISTRATION_RESPONSE: u8 = 0x03;
const HANDLE_RESOLUTION: u8 = 0x05;
const HANDLE_RESOLUTION_RESPONSE: u8 = 0x06;
const ENDPOINT_KEEP_ALIVE: u8 = 0x07;
const ENDPOINT_KEEP_ALIVE_ACK: u8 = 0x08;

/// R bit of a registration response: rejected.
const REJECTED: u8 = 0x01;

// Parameters (RFC 5354 §2).
const IPV4_ADDRESS: u16 = 0x0001;
const IPV6_ADDRESS: u16 = 0x0002;
const SCTP_TRANSPORT: u16 = 0x0004;
const MEMBER_SELECTION_POLICY: u16 = 0x0008;
const POOL_HANDLE: u16 = 0x0009;
const POOL_ELEMENT: u16 = 0x000a;
const OPERATION_ERROR: u16 = 0x000c;
const POOL_ELEMENT_IDENTIFIER: u16 = 0x000e;
/// Items wanted, as rsplib asks for them.
const HANDLE_RESOLUTION_ITEMS: u16 = 0x803f;

const ROUND_ROBIN: u32 = 1;

/// Long enough that nothing expires while it is measured.
const LIFE_MS: u32 = 3_600_000;
const USER_PORT: u16 = 7;

/// What a request must be answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// At least one element of the pool with this index.
    Elements { pool: u32 },
    /// The acceptance of this element of this pool.
    Registered { pool: u32, element: u32 },
}

/// The handle of each pool, padded as a Pool Handle parameter.
pub struct Pools {
    handles: Vec<Vec<u8>>,
}

impl Pools {
    /// One pool has the name itself; several have it with a number.
    pub fn new(name: &str, count: usize) -> Self {
        let handles = (0..count).map(|index| {
            let handle = match count {
                1 => name.to_owned(),
                _ => format!("{name}-{index:05}"),
            };
            parameter(POOL_HANDLE, handle.as_bytes())
        });
        Pools {
            handles: handles.collect(),
        }
    }

    pub fn count(&self) -> u32 {
        self.handles.len() as u32
    }

    pub fn handle_resolution(&self, pool: u32, items: u32) -> Vec<u8> {
        let items = parameter(HANDLE_RESOLUTION_ITEMS, &items.to_be_bytes());
        message(HANDLE_RESOLUTION, &[&self.handles[pool as usize], &items])
    }

    /// RFC 5354 §2.10: a pool element is its identifier, home registrar (none yet) and life, then parameters.
    pub fn registration(&self, pool: u32, element: u32, address: IpAddr) -> Vec<u8> {
        let address = match address {
            IpAddr::V4(address) => parameter(IPV4_ADDRESS, &address.octets()),
            IpAddr::V6(address) => parameter(IPV6_ADDRESS, &address.octets()),
        };
        let port_and_use = [&USER_PORT.to_be_bytes()[..], &[0, 0]].concat();
        let transport = parameter(SCTP_TRANSPORT, &[port_and_use, address].concat());
        let policy = parameter(MEMBER_SELECTION_POLICY, &ROUND_ROBIN.to_be_bytes());
        let numbers = [element, 0, LIFE_MS].map(u32::to_be_bytes).concat();
        let element = parameter(POOL_ELEMENT, &[numbers, transport, policy].concat());
        message(REGISTRATION, &[&self.handles[pool as usize], &element])
    }

    /// Whether `answer` is what the request had to get; if not, a sentence that says what it is.
    pub fn check(&self, expected: Expected, answer: &[u8]) -> Result<(), String> {
        let (kind, pool) = match expected {
            Expected::Elements { pool } => (HANDLE_RESOLUTION_RESPONSE, pool),
            Expected::Registered { pool, .. } => (REGISTRATION_RESPONSE, pool),
        };
        let (answered, flags, body) = open(answer).ok_or("an answer is no ASAP message")?;
        if answered != kind {
            return Err(format!("an answer has type {answered} and not {kind}"));
        }
        let handle = &self.handles[pool as usize];
        let Some(rest) = body.strip_prefix(handle.as_slice()) else {
            return Err("an answer names another pool".to_owned());
        };
        let mut elements = 0;
        let mut identifier = None;
        for parameter in Parameters(rest) {
            match parameter.ok_or("an answer has a broken parameter")? {
                (OPERATION_ERROR, value) => return Err(refusal(value)),
                (POOL_ELEMENT, _) => elements += 1,
                (POOL_ELEMENT_IDENTIFIER, value) => identifier = number(value),
                _ => {}
            }
        }
        match expected {
            Expected::Elements { .. } if elements == 0 => Err("a pool has no element".to_owned()),
            Expected::Registered { .. } if flags & REJECTED != 0 => {
                Err("a registration was rejected".to_owned())
            }
            Expected::Registered { element, .. } if identifier != Some(element) => {
                Err("an answer names another pool element".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// The acknowledgement that a keep-alive wants; `None` for any other message, and for one that does not
/// say whom it asks.
pub fn acknowledgement(payload: &[u8]) -> Option<Vec<u8>> {
    const REGISTRAR_IDENTIFIER: usize = 4;
    let (ENDPOINT_KEEP_ALIVE, _, body) = open(payload)? else {
        return None;
    };
    let asked = body.get(REGISTRAR_IDENTIFIER..)?;
    let names_an_element = Parameters(asked)
        .flatten()
        .any(|(kind, _)| kind == POOL_ELEMENT_IDENTIFIER);
    names_an_element.then(|| message(ENDPOINT_KEEP_ALIVE_ACK, &[asked]))
}

/// What a registrar could answer: for an endpoint that answers without being one.
pub struct Answers {
    pools: Pools,
    resolution_response: Vec<u8>,
}

impl Answers {
    /// For one pool with that many elements.
    pub fn new(name: &str, elements: u32, address: IpAddr) -> Self {
        let pools = Pools::new(name, 1);
        let policy = parameter(MEMBER_SELECTION_POLICY, &ROUND_ROBIN.to_be_bytes());
        let mut body = [pools.handles[0].clone(), policy].concat();
        for element in 1..=elements {
            let registration = pools.registration(0, element, address);
            body.extend_from_slice(&registration[HEADER_BYTES + pools.handles[0].len()..]);
        }
        Answers {
            pools,
            resolution_response: message(HANDLE_RESOLUTION_RESPONSE, &[&body]),
        }
    }

    pub fn to(&self, request: &[u8]) -> Cow<'_, [u8]> {
        let handle = &self.pools.handles[0];
        match open(request) {
            Some((REGISTRATION, _, body)) => {
                // The identifier is the first word of a Pool Element parameter.
                let identifier = body.get(handle.len() + HEADER_BYTES..).unwrap_or_default();
                let identifier = identifier.get(..4).unwrap_or_default();
                let identifier = parameter(POOL_ELEMENT_IDENTIFIER, identifier);
                message(REGISTRATION_RESPONSE, &[handle, &identifier]).into()
            }
            _ => Cow::Borrowed(&self.resolution_response),
        }
    }
}

const HEADER_BYTES: usize = 4;

/// Type, flags and body of a message whose length is what it says.
fn open(message: &[u8]) -> Option<(u8, u8, &[u8])> {
    let [kind, flags, high, low, body @ ..] = message else {
        return None;
    };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    (length == message.len()).then_some((*kind, *flags, body))
}

/// Type and value of each parameter; `None` for what is none.
struct Parameters<'a>(&'a [u8]);

impl<'a> Iterator for Parameters<'a> {
    type Item = Option<(u16, &'a [u8])>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let rest = std::mem::take(&mut self.0);
        let [a, b, c, d, ..] = *rest else {
            return Some(None);
        };
        let length = usize::from(u16::from_be_bytes([c, d]));
        if length < HEADER_BYTES || length > rest.len() {
            return Some(None);
        }
        self.0 = &rest[length.next_multiple_of(4).min(rest.len())..];
        Some(Some((
            u16::from_be_bytes([a, b]),
            &rest[HEADER_BYTES..length],
        )))
    }
}

/// The causes that an Operation Error brings (RFC 5354 §2.12).
fn refusal(value: &[u8]) -> String {
    let causes = Parameters(value).flatten();
    let codes: Vec<String> = causes.map(|(code, _)| format!("{code:#06x}")).collect();
    format!("a registrar answered with error cause {}", codes.join(", "))
}

fn message(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let length = (HEADER_BYTES + body.len()) as u16;
    [&[kind, 0], &length.to_be_bytes()[..], &body].concat()
}

/// The length leaves the padding out (RFC 5354 §2).
fn parameter(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = (HEADER_BYTES + value.len()) as u16;
    let mut bytes = [&kind.to_be_bytes()[..], &length.to_be_bytes(), value].concat();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn number(value: &[u8]) -> Option<u32> {
    value.try_into().ok().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 20, 0, 2));
    const ELEMENTS: Expected = Expected::Elements { pool: 0 };

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn requests_are_those_of_the_codec() {
        let pools = Pools::new("pool-00001", 1);
        assert_eq!(
            hex(&pools.registration(0, 0x0102_0304, ADDRESS)),
            "0100003c0009000e706f6f6c2d30303030310000000a002801020304000000000036ee8000040010\
             00070000000100080a1400020008000800000001"
        );
        assert_eq!(
            hex(&pools.handle_resolution(0, 3)),
            "0500001c0009000e706f6f6c2d30303030310000803f000800000003"
        );
    }

    #[test]
    fn the_answers_of_an_echo_are_taken() {
        let pools = Pools::new("a", 1);
        let answers = Answers::new("a", 2, ADDRESS);
        let resolved = answers.to(&pools.handle_resolution(0, 3));
        assert_eq!(pools.check(ELEMENTS, &resolved), Ok(()));
        let registered = answers.to(&pools.registration(0, 7, ADDRESS));
        let expected = Expected::Registered {
            pool: 0,
            element: 7,
        };
        assert_eq!(pools.check(expected, &registered), Ok(()));
    }

    #[test]
    fn an_answer_to_something_else_is_refused() {
        let pools = Pools::new("a", 2);
        let with_elements = |name| Answers::new(name, 1, ADDRESS).resolution_response;
        let wrong = |answer: &[u8]| pools.check(ELEMENTS, answer).unwrap_err();
        assert_eq!(pools.check(ELEMENTS, &with_elements("a-00000")), Ok(()));
        assert!(wrong(&with_elements("a-00001")).contains("another pool"));
        let empty = Answers::new("a-00000", 0, ADDRESS).resolution_response;
        assert!(wrong(&empty).contains("no element"));
        let short = &with_elements("a-00000")[..20];
        assert!(wrong(short).contains("no ASAP message"));
        assert!(wrong(&pools.handle_resolution(0, 3)).contains("type 5"));
        let cause = parameter(OPERATION_ERROR, &parameter(8, &[]));
        let refused = message(HANDLE_RESOLUTION_RESPONSE, &[&pools.handles[0], &cause]);
        assert!(wrong(&refused).contains("0x0008"));
    }

    #[test]
    fn a_registration_that_is_rejected_or_names_another_element_is_refused() {
        let pools = Pools::new("a", 1);
        let mut answer = Answers::new("a", 1, ADDRESS)
            .to(&pools.registration(0, 7, ADDRESS))
            .into_owned();
        let check = |element, answer: &[u8]| {
            let expected = Expected::Registered { pool: 0, element };
            pools.check(expected, answer)
        };
        assert!(
            check(8, &answer)
                .unwrap_err()
                .contains("another pool element")
        );
        answer[1] = REJECTED;
        assert!(check(7, &answer).unwrap_err().contains("rejected"));
    }

    #[test]
    fn a_keep_alive_is_acknowledged_for_the_element_that_it_names() {
        let handle = parameter(POOL_HANDLE, b"a");
        let identifier = parameter(POOL_ELEMENT_IDENTIFIER, &[0, 0, 0, 7]);
        let registrar = [1, 2, 3, 4];
        let asked = message(ENDPOINT_KEEP_ALIVE, &[&registrar, &handle, &identifier]);
        let acknowledged = message(ENDPOINT_KEEP_ALIVE_ACK, &[&handle, &identifier]);
        assert_eq!(acknowledgement(&asked), Some(acknowledged));
        let of_nobody = message(ENDPOINT_KEEP_ALIVE, &[&registrar, &handle]);
        assert_eq!(acknowledgement(&of_nobody), None);
    }
}
