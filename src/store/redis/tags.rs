//! Hash tags that spread partitions evenly over the 16,384 slots of a Redis Cluster.
//!
//! Plain numbers as tags would not: their checksums cluster. The tag of partition `p` of `P` is the
//! shortest, then first, text of `0-9a-z` whose slot is `p·(16384/P)`. The table is part of the
//! stored format: it never changes.

const SLOTS: usize = 16_384;
const LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// The slot of a text without braces: CRC16 (XMODEM) mod 16384, as Redis Cluster reckons it.
pub fn slot(text: &[u8]) -> u16 {
    crc16(0, text) % SLOTS as u16
}

fn crc16(start: u16, bytes: &[u8]) -> u16 {
    bytes.iter().fold(start, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 {
                crc << 1
            } else {
                (crc << 1) ^ 0x1021
            }
        })
    })
}

/// The tags of a store with this many partitions (a power of two up to 16,384).
pub fn tags(partitions: u16) -> Vec<String> {
    let stride = SLOTS / usize::from(partitions);
    let mut found: Vec<Option<String>> = vec![None; usize::from(partitions)];
    let mut missing = found.len();
    // All texts of a length with their checksums, in order; the next length grows out of them.
    let mut shorter: Vec<(String, u16)> = vec![(String::new(), 0)];
    while missing > 0 {
        let mut longer = Vec::with_capacity(shorter.len() * LETTERS.len());
        for (text, crc) in &shorter {
            for letter in LETTERS {
                let crc = crc16(*crc, &[*letter]);
                let mut text = text.clone();
                text.push(char::from(*letter));
                let slot = usize::from(crc) % SLOTS;
                if slot.is_multiple_of(stride) && found[slot / stride].is_none() {
                    found[slot / stride] = Some(text.clone());
                    missing -= 1;
                    if missing == 0 {
                        return found.into_iter().flatten().collect();
                    }
                }
                longer.push((text, crc));
            }
        }
        shorter = longer;
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_redis_cluster() {
        // Redis Cluster specification, "Keys distribution model": CRC16 of "123456789" is 0x31C3.
        assert_eq!(crc16(0, b"123456789"), 0x31C3);
        assert_eq!(slot(b"123456789"), 0x31C3);
        // `CLUSTER KEYSLOT somekey`, in the documentation of that command.
        assert_eq!(slot(b"somekey"), 11_058);
    }

    #[test]
    fn every_tag_lies_where_it_shall() {
        for partitions in [1u16, 2, 16, 256, 4_096] {
            let tags = tags(partitions);
            assert_eq!(tags.len(), usize::from(partitions));
            for (p, tag) in tags.iter().enumerate() {
                let slot = usize::from(slot(tag.as_bytes()));
                assert_eq!(slot, p * SLOTS / usize::from(partitions));
            }
        }
    }
}
