//! Identifiers drawn from a seed: the same seed and the same order of events give the same ids.

/// Draws ids that look random and never depend on anything but the seed and the number drawn.
#[derive(Debug, Clone)]
pub(crate) struct IdSource {
    state: u64,
}

impl IdSource {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// An id of the form seen from the real service: `backup-` and 11 lower-case base-32 letters.
    pub(crate) fn backup_id(&mut self) -> String {
        let mut bits = self.next();
        let mut id = String::from("backup-");
        for _ in 0..11 {
            id.push(base32(bits & 31));
            bits >>= 5;
        }
        id
    }

    /// Thirty-two hexadecimal digits grouped as a UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }

    /// `SplitMix64`: well mixed, and never the same number twice within 2^64 draws.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

fn base32(value: u64) -> char {
    let value = u8::try_from(value & 31).unwrap_or_default();
    char::from(if value < 26 { b'a' + value } else { b'2' + value - 26 })
}

#[cfg(test)]
mod tests {
    use super::IdSource;
    use crate::cloud::constraint;

    #[test]
    fn ids_fit_the_pattern_and_repeat_with_the_seed() {
        let (mut one, mut same, mut other) = (IdSource::new(7), IdSource::new(7), IdSource::new(8));
        for _ in 0..1000 {
            let id = one.backup_id();
            assert_eq!(constraint::backup_id("backupId", &id), Ok(()), "{id}");
            assert_eq!(id.len(), "backup-6qjbcmkhcxm".len());
            assert_eq!(id, same.backup_id());
            assert_ne!(id, other.backup_id());
        }
    }

    #[test]
    fn a_uuid_has_its_five_groups() {
        let lengths: Vec<usize> = IdSource::new(1).uuid().split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
    }
}
