//! Choices out of bytes.

/// Draws choices from bytes, front to back.
///
/// Where the bytes are used up, every draw is the first and simplest choice; so fewer and smaller bytes make simpler
/// things, which is what makes failures small.
#[derive(Clone, Debug)]
pub struct Draw<'a> {
    bytes: &'a [u8],
}

impl<'a> Draw<'a> {
    /// Returns a source of choices.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Returns a source of its own for one part, so that a change there changes nothing elsewhere.
    pub fn part(&mut self, bytes: usize) -> Draw<'a> {
        let (part, rest) = self.bytes.split_at(bytes.min(self.bytes.len()));
        self.bytes = rest;
        Draw { bytes: part }
    }

    /// Returns the next byte, 0 at the end.
    pub fn byte(&mut self) -> u8 {
        match self.bytes.split_first() {
            Some((first, rest)) => {
                self.bytes = rest;
                *first
            }
            None => 0,
        }
    }

    /// Returns a number below `n`, which is at most 256.
    pub fn below(&mut self, n: usize) -> usize {
        usize::from(self.byte()) % n.max(1)
    }

    /// Returns whether something with this chance in a hundred happens; at the end it does not.
    pub fn percent(&mut self, chance: u8) -> bool {
        u32::from(self.byte()) * 100 > 255 * (100 - u32::from(chance))
    }

    /// Returns one of these; the first is the simplest.
    pub fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    /// Returns a text of these.
    pub fn text(&mut self, choices: &[&str]) -> String {
        self.of(choices).to_owned()
    }

    /// Returns from `least` to `most` of these, none twice, in their order.
    pub fn some<T: Clone>(&mut self, choices: &[T], least: usize, most: usize) -> Vec<T> {
        let most = most.min(choices.len());
        let count = least.min(most) + self.below(most.saturating_sub(least) + 1);
        let mut left: Vec<usize> = (0..choices.len()).collect();
        let mut taken: Vec<usize> = (0..count).map(|_| left.remove(self.below(left.len()))).collect();
        taken.sort_unstable();
        taken.into_iter().map(|at| choices[at].clone()).collect()
    }

    /// Returns a whole number from 32 bits.
    pub fn number(&mut self) -> u32 {
        u32::from_le_bytes([self.byte(), self.byte(), self.byte(), self.byte()])
    }
}

/// Returns bytes to draw from, always the same for a number.
#[must_use]
pub fn bytes(number: u64, length: usize) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x1234_5678_9abc_def1);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}
