//! A tagged byte form: what a build does not know it skips, keeps, and writes back.
//!
//! `field := tag (varint) length (varint) bytes`. Every field carries its length, so an older build
//! rewriting a newer value loses nothing, at every level of nesting. Absent means default.

/// Why bytes are not a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// They end inside a field.
    Short,
    /// A number does not fit.
    Number,
    /// A text is not UTF-8.
    Text,
}

/// Writes fields.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) out: Vec<u8>,
}

impl Writer {
    pub(super) fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.out.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.out.push(value as u8);
    }

    /// A number that may be negative: small ones of either sign are short.
    pub(super) fn signed(&mut self, value: i64) {
        self.varint(((value << 1) ^ (value >> 63)) as u64);
    }

    pub(super) fn bytes(&mut self, tag: u64, bytes: &[u8]) {
        self.varint(tag);
        self.varint(bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }

    /// A number; zero is the default and is not written.
    pub(super) fn number(&mut self, tag: u64, value: u64) {
        if value != 0 {
            self.varint(tag);
            self.varint(varint_len(value) as u64);
            self.varint(value);
        }
    }

    pub(super) fn flag(&mut self, tag: u64, value: bool) {
        self.number(tag, u64::from(value));
    }

    /// A field of fields. Written in place, without a buffer of its own: the length is one byte
    /// for most, and what is longer moves up to make room.
    pub(super) fn nested(&mut self, tag: u64, fill: impl FnOnce(&mut Writer)) {
        self.varint(tag);
        let at = self.out.len();
        self.out.push(0);
        fill(self);
        let length = self.out.len() - at - 1;
        let room = varint_len(length as u64) - 1;
        if room > 0 {
            let end = self.out.len();
            self.out.resize(end + room, 0);
            self.out.copy_within(at + 1..end, at + 1 + room);
        }
        let mut rest = length;
        for byte in &mut self.out[at..at + room] {
            *byte = rest as u8 | 0x80;
            rest >>= 7;
        }
        self.out[at + room] = rest as u8;
    }

    /// Fields of a newer build, as they were read.
    pub(super) fn unknown(&mut self, fields: &[u8]) {
        self.out.extend_from_slice(fields);
    }
}

/// Bytes a number takes.
fn varint_len(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

/// Reads bytes from the front.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn varint(&mut self) -> Result<u64, Fault> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first().ok_or(Fault::Short)?;
            self.rest = rest;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(Fault::Number);
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Fault::Number)
    }

    pub(super) fn signed(&mut self) -> Result<i64, Fault> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(Fault::Short)?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(super) fn fixed64(&mut self) -> Result<u64, Fault> {
        let bytes: [u8; 8] = self.take(8)?.try_into().map_err(|_| Fault::Short)?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// The next field: its tag, its bytes, and the field as a whole for keeping.
    pub(super) fn field(&mut self) -> Result<(u64, Field<'a>), Fault> {
        let before = self.rest;
        let tag = self.varint()?;
        let length = usize::try_from(self.varint()?).map_err(|_| Fault::Number)?;
        let bytes = self.take(length)?;
        let whole = &before[..before.len() - self.rest.len()];
        Ok((tag, Field { bytes, whole }))
    }
}

/// One field as read.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) whole: &'a [u8],
}

impl<'a> Field<'a> {
    pub(super) fn number(&self) -> Result<u64, Fault> {
        Reader::new(self.bytes).varint()
    }

    pub(super) fn small<T: TryFrom<u64>>(&self) -> Result<T, Fault> {
        T::try_from(self.number()?).map_err(|_| Fault::Number)
    }

    pub(super) fn text(&self) -> Result<Box<str>, Fault> {
        std::str::from_utf8(self.bytes)
            .map(Into::into)
            .map_err(|_| Fault::Text)
    }

    pub(super) fn reader(&self) -> Reader<'a> {
        Reader::new(self.bytes)
    }
}
