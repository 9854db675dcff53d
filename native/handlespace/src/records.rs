//! The opaque bytes of every element, its record and its annex, in one arena: no allocation per element.
//! A block is a whole number of 8-byte units; freed blocks wait in a list per size and are handed out again.
//! Blocks are neither split nor joined, so the arena is as large as the sum of each size's own peak.

use crate::index_table::NIL;

const UNIT: usize = 8;

/// Where an element's bytes are: the record, right after it the annex.
#[derive(Clone, Copy)]
struct Block {
    /// In units from the start of the arena.
    start: u32,
    record_bytes: u16,
    annex_bytes: u16,
    lead_offset: u16,
    lead_bytes: u16,
}

const NO_BLOCK: Block = Block {
    start: NIL,
    record_bytes: 0,
    annex_bytes: 0,
    lead_offset: 0,
    lead_bytes: 0,
};

#[derive(Default)]
pub(crate) struct Records {
    arena: Vec<u8>,
    /// By element slot.
    blocks: Vec<Block>,
    /// By size in units: the first free block. A free block begins with the start of the next one.
    free: Vec<u32>,
}

impl Records {
    /// Keeps copies of `record` and `annex` for `slot`, in place of what it had.
    pub fn set(&mut self, slot: u32, record: &[u8], lead: (u16, u16), annex: &[u8]) {
        let at = slot as usize;
        if at >= self.blocks.len() {
            self.blocks.resize(at + 1, NO_BLOCK);
        }
        let units = units(record.len() + annex.len());
        let old = self.blocks[at];
        let start = if old.start != NIL && old.units() == units {
            old.start
        } else {
            self.release(slot);
            self.allocate(units)
        };
        self.blocks[at] = Block {
            start,
            record_bytes: record.len() as u16,
            annex_bytes: annex.len() as u16,
            lead_offset: lead.0,
            lead_bytes: lead.1,
        };
        let bytes = &mut self.arena[start as usize * UNIT..][..record.len() + annex.len()];
        bytes[..record.len()].copy_from_slice(record);
        bytes[record.len()..].copy_from_slice(annex);
    }

    /// Overwrites part of a record.
    pub fn patch(&mut self, slot: u32, offset: usize, bytes: &[u8]) {
        let start = self.blocks[slot as usize].start as usize * UNIT + offset;
        self.arena[start..start + bytes.len()].copy_from_slice(bytes);
    }

    /// Forgets the bytes of `slot`.
    pub fn release(&mut self, slot: u32) {
        let block = std::mem::replace(&mut self.blocks[slot as usize], NO_BLOCK);
        if block.start == NIL {
            return;
        }
        let units = block.units();
        if units >= self.free.len() {
            self.free.resize(units + 1, NIL);
        }
        let start = block.start as usize * UNIT;
        self.arena[start..start + 4].copy_from_slice(&self.free[units].to_ne_bytes());
        self.free[units] = block.start;
    }

    #[inline]
    pub fn record(&self, slot: u32) -> &[u8] {
        let block = &self.blocks[slot as usize];
        let start = block.start as usize * UNIT;
        &self.arena[start..start + usize::from(block.record_bytes)]
    }

    pub fn annex(&self, slot: u32) -> &[u8] {
        let block = &self.blocks[slot as usize];
        let start = block.start as usize * UNIT + usize::from(block.record_bytes);
        &self.arena[start..][..block.annex_bytes.into()]
    }

    /// The part of the record that an answer begins with when the record is its first.
    #[inline]
    pub fn lead_of(&self, slot: u32) -> &[u8] {
        let (offset, length) = self.lead(slot);
        &self.record(slot)[offset.into()..][..length.into()]
    }

    /// Offset and length of the lead in the record.
    #[inline]
    pub fn lead(&self, slot: u32) -> (u16, u16) {
        let block = &self.blocks[slot as usize];
        (block.lead_offset, block.lead_bytes)
    }

    pub fn memory_bytes(&self) -> usize {
        self.arena.capacity()
            + self.blocks.capacity() * size_of::<Block>()
            + self.free.capacity() * size_of::<u32>()
    }

    /// Used and free blocks cover the arena exactly, without overlap.
    pub fn verify(&self, is_live: impl Fn(u32) -> bool) -> Result<(), String> {
        let mut blocks = Vec::new();
        for (slot, block) in self.blocks.iter().enumerate() {
            if is_live(slot as u32) != (block.start != NIL) {
                return Err(format!(
                    "records: slot {slot} and its block disagree about being live"
                ));
            }
            if block.start != NIL {
                blocks.push((block.start as usize, block.units()));
            }
        }
        for (units, &first) in self.free.iter().enumerate() {
            let mut start = first;
            while start != NIL {
                blocks.push((start as usize, units));
                if blocks.len() * UNIT > self.arena.len() {
                    return Err(format!(
                        "records: the free list of {units} units is a circle"
                    ));
                }
                start = self.next_free(start);
            }
        }
        blocks.sort_unstable();
        let end = blocks.iter().try_fold(0, |end, &(start, units)| {
            (start == end).then_some(end + units)
        });
        if end.map(|units| units * UNIT) != Some(self.arena.len()) {
            return Err("records: blocks overlap or leave gaps".into());
        }
        Ok(())
    }

    fn allocate(&mut self, units: usize) -> u32 {
        let first = self.free.get(units).copied().unwrap_or(NIL);
        if first != NIL {
            self.free[units] = self.next_free(first);
            return first;
        }
        let start = self.arena.len() / UNIT;
        self.arena.resize((start + units) * UNIT, 0);
        start as u32
    }

    fn next_free(&self, start: u32) -> u32 {
        let at = start as usize * UNIT;
        self.arena[at..]
            .first_chunk()
            .map_or(NIL, |bytes| u32::from_ne_bytes(*bytes))
    }
}

impl Block {
    fn units(&self) -> usize {
        units(usize::from(self.record_bytes) + usize::from(self.annex_bytes))
    }
}

/// An empty record takes a unit too: a freed block needs room for the next one's place.
fn units(bytes: usize) -> usize {
    bytes.div_ceil(UNIT).max(1)
}
