//! Circular lists threaded through a column of links: whoever is in a ring stands in line, the head first.
//! One column serves many rings as long as nobody is in two of them.

use crate::index_table::NIL;

#[derive(Clone, Copy)]
pub(crate) struct Link {
    pub next: u32,
    pub previous: u32,
}

impl Link {
    pub const NONE: Link = Link {
        next: NIL,
        previous: NIL,
    };
}

/// Puts `slot` at the end of the line. A `head` of `NIL` is an empty ring. The column grows as needed.
#[inline]
pub(crate) fn push_back(links: &mut Vec<Link>, head: &mut u32, slot: u32) {
    if slot as usize >= links.len() {
        links.resize(slot as usize + 1, Link::NONE);
    }
    if *head == NIL {
        *head = slot;
        links[slot as usize] = Link {
            next: slot,
            previous: slot,
        };
        return;
    }
    let last = links[*head as usize].previous;
    links[slot as usize] = Link {
        next: *head,
        previous: last,
    };
    links[last as usize].next = slot;
    links[*head as usize].previous = slot;
}

/// Takes `slot` out of the line; `head` becomes `NIL` when it was the only one.
#[inline]
pub(crate) fn remove(links: &mut [Link], head: &mut u32, slot: u32) {
    let Link { next, previous } = std::mem::replace(&mut links[slot as usize], Link::NONE);
    if next == slot {
        *head = NIL;
        return;
    }
    links[previous as usize].next = next;
    links[next as usize].previous = previous;
    if *head == slot {
        *head = next;
    }
}

/// The slots from the head on, each once.
pub(crate) fn iter(links: &[Link], head: u32) -> impl Iterator<Item = u32> {
    let mut at = head;
    std::iter::from_fn(move || {
        if at == NIL {
            return None;
        }
        let slot = at;
        let next = links[slot as usize].next;
        at = if next == head { NIL } else { next };
        Some(slot)
    })
}

/// Follows the ring both ways; returns how many stand in it.
pub(crate) fn verify(links: &[Link], head: u32) -> Result<usize, String> {
    let mut count = 0;
    for slot in iter(links, head) {
        let next = links[slot as usize].next;
        count += 1;
        if links
            .get(next as usize)
            .is_none_or(|link| link.previous != slot)
            || count > links.len()
        {
            return Err(format!("ring of {head}: broken after {slot}"));
        }
    }
    Ok(count)
}
