//! The values of a column, row by row, whichever of Arrow's layouts holds them.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, Float32Array, Float64Array, Int8Array, Int16Array,
    Int32Array, Int64Array, LargeStringArray, MapArray, StringArray, StringViewArray, UInt8Array,
    UInt16Array, UInt32Array, UInt64Array,
};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, TimeUnit};

/// A column whose layout is known.
pub(crate) enum Values<'a> {
    /// Nothing in any row.
    Absent,
    Texts(Texts<'a>),
    Whole(Whole<'a>),
    Decimals(&'a Decimal128Array),
    Floats(Floats<'a>),
    Bools(&'a BooleanArray),
    /// Milliseconds since 1970.
    Instants(Instants<'a>),
    Lists(Lists<'a>),
    Maps(Maps<'a>),
}

pub(crate) enum Texts<'a> {
    Small(&'a StringArray),
    Large(&'a LargeStringArray),
    View(&'a StringViewArray),
    /// Not one, as in a column of lists that are all empty.
    None,
    /// Each row names one of some texts.
    Dictionary(Vec<usize>, Box<Texts<'a>>, &'a dyn Array),
}

pub(crate) enum Whole<'a> {
    I8(&'a Int8Array),
    I16(&'a Int16Array),
    I32(&'a Int32Array),
    I64(&'a Int64Array),
    U8(&'a UInt8Array),
    U16(&'a UInt16Array),
    U32(&'a UInt32Array),
    U64(&'a UInt64Array),
}

pub(crate) enum Floats<'a> {
    F32(&'a Float32Array),
    F64(&'a Float64Array),
}

pub(crate) struct Instants<'a> {
    values: &'a [i64],
    unit: TimeUnit,
}

pub(crate) struct Lists<'a> {
    ranges: Ranges<'a>,
    items: Items<'a>,
}

pub(crate) struct Maps<'a> {
    ranges: Ranges<'a>,
    keys: Items<'a>,
    values: Items<'a>,
}

/// Texts some of which may be null.
struct Items<'a> {
    texts: Texts<'a>,
    nulls: Option<&'a NullBuffer>,
}

/// Where the items of each row lie.
enum Ranges<'a> {
    Small(&'a [i32]),
    Large(&'a [i64]),
}

impl<'a> Values<'a> {
    /// Reads the layout of a column; `None`: it is none of those that a field can have.
    pub(crate) fn of(array: &'a ArrayRef) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Null => Self::Absent,
            DataType::Int8 => Self::Whole(Whole::I8(array.as_primitive::<Int8Type>())),
            DataType::Int16 => Self::Whole(Whole::I16(array.as_primitive::<Int16Type>())),
            DataType::Int32 => Self::Whole(Whole::I32(array.as_primitive::<Int32Type>())),
            DataType::Int64 => Self::Whole(Whole::I64(array.as_primitive::<Int64Type>())),
            DataType::UInt8 => Self::Whole(Whole::U8(array.as_primitive::<UInt8Type>())),
            DataType::UInt16 => Self::Whole(Whole::U16(array.as_primitive::<UInt16Type>())),
            DataType::UInt32 => Self::Whole(Whole::U32(array.as_primitive::<UInt32Type>())),
            DataType::UInt64 => Self::Whole(Whole::U64(array.as_primitive::<UInt64Type>())),
            DataType::Float32 => Self::Floats(Floats::F32(array.as_primitive::<Float32Type>())),
            DataType::Float64 => Self::Floats(Floats::F64(array.as_primitive::<Float64Type>())),
            DataType::Decimal128(..) => Self::Decimals(array.as_primitive::<Decimal128Type>()),
            DataType::Boolean => Self::Bools(array.as_boolean()),
            // Without a zone nobody knows which instant is meant.
            DataType::Timestamp(unit, Some(_)) => Self::Instants(Instants::of(array, *unit)),
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                Self::Lists(Lists::of(Ranges::Small(list.value_offsets()), list.values())?)
            }
            DataType::LargeList(_) => {
                let list = array.as_list::<i64>();
                Self::Lists(Lists::of(Ranges::Large(list.value_offsets()), list.values())?)
            }
            DataType::Map(..) => Self::Maps(Maps::of(array.as_map())?),
            _ => Self::Texts(Texts::of(array)?),
        })
    }
}

impl<'a> Texts<'a> {
    fn of(array: &'a dyn Array) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Null => Self::None,
            DataType::Utf8 => Self::Small(array.as_string()),
            DataType::LargeUtf8 => Self::Large(array.as_string()),
            DataType::Utf8View => Self::View(array.as_string_view()),
            DataType::Dictionary(..) => {
                let dictionary = array.as_any_dictionary();
                let values: &'a dyn Array = dictionary.values();
                // Without values all rows are null, and there is nothing to name.
                let keys = if values.is_empty() { Vec::new() } else { dictionary.normalized_keys() };
                Self::Dictionary(keys, Box::new(Self::of(values)?), values)
            }
            _ => return None,
        })
    }

    /// Returns the text of a row that is not null; `None`: it names a text that is.
    pub(crate) fn get(&self, row: usize) -> Option<&'a str> {
        match self {
            Self::None => None,
            Self::Small(array) => Some(array.value(row)),
            Self::Large(array) => Some(array.value(row)),
            Self::View(array) => Some(array.value(row)),
            Self::Dictionary(keys, texts, values) => {
                let place = *keys.get(row)?;
                if values.is_null(place) { None } else { texts.get(place) }
            }
        }
    }
}

impl Whole<'_> {
    pub(crate) fn get(&self, row: usize) -> i128 {
        match self {
            Self::I8(array) => array.value(row).into(),
            Self::I16(array) => array.value(row).into(),
            Self::I32(array) => array.value(row).into(),
            Self::I64(array) => array.value(row).into(),
            Self::U8(array) => array.value(row).into(),
            Self::U16(array) => array.value(row).into(),
            Self::U32(array) => array.value(row).into(),
            Self::U64(array) => array.value(row).into(),
        }
    }
}

impl Floats<'_> {
    /// Returns the shortest text that means the number, as Python writes it.
    pub(crate) fn text(&self, row: usize) -> String {
        match self {
            Self::F32(array) => array.value(row).to_string(),
            Self::F64(array) => array.value(row).to_string(),
        }
    }
}

impl<'a> Instants<'a> {
    fn of(array: &'a ArrayRef, unit: TimeUnit) -> Self {
        let values: &[i64] = match unit {
            TimeUnit::Second => array.as_primitive::<TimestampSecondType>().values(),
            TimeUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().values(),
            TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().values(),
            TimeUnit::Nanosecond => array.as_primitive::<TimestampNanosecondType>().values(),
        };
        Self { values, unit }
    }

    /// Returns milliseconds, the begun one not counted; `None`: beyond them.
    pub(crate) fn get(&self, row: usize) -> Option<i64> {
        let value = *self.values.get(row)?;
        match self.unit {
            TimeUnit::Second => value.checked_mul(1000),
            TimeUnit::Millisecond => Some(value),
            TimeUnit::Microsecond => Some(value.div_euclid(1000)),
            TimeUnit::Nanosecond => Some(value.div_euclid(1_000_000)),
        }
    }
}

impl Ranges<'_> {
    fn get(&self, row: usize) -> std::ops::Range<usize> {
        let next = row.saturating_add(1);
        let (from, to) = match self {
            Self::Small(offsets) => {
                (offsets.get(row).map(|o| i64::from(*o)), offsets.get(next).map(|o| i64::from(*o)))
            }
            Self::Large(offsets) => (offsets.get(row).copied(), offsets.get(next).copied()),
        };
        let place = |offset: Option<i64>| offset.and_then(|o| usize::try_from(o).ok()).unwrap_or(0);
        place(from)..place(to)
    }
}

impl<'a> Lists<'a> {
    fn of(ranges: Ranges<'a>, items: &'a dyn Array) -> Option<Self> {
        Some(Self { ranges, items: Items::of(items)? })
    }

    /// Returns the texts of a row; `None` for one that is null.
    pub(crate) fn get(&self, row: usize) -> impl Iterator<Item = Option<&'a str>> {
        self.ranges.get(row).map(|place| self.items.get(place))
    }
}

impl<'a> Maps<'a> {
    fn of(array: &'a MapArray) -> Option<Self> {
        let (keys, values) = (Items::of(array.keys())?, Items::of(array.values())?);
        Some(Self { ranges: Ranges::Small(array.value_offsets()), keys, values })
    }

    /// Returns names and texts of a row; `None` for one that is null.
    pub(crate) fn get(&self, row: usize) -> impl Iterator<Item = (Option<&'a str>, Option<&'a str>)> {
        self.ranges.get(row).map(|place| (self.keys.get(place), self.values.get(place)))
    }
}

impl<'a> Items<'a> {
    fn of(array: &'a dyn Array) -> Option<Self> {
        Some(Self { texts: Texts::of(array)?, nulls: array.nulls() })
    }

    fn get(&self, place: usize) -> Option<&'a str> {
        if self.nulls.is_some_and(|nulls| nulls.is_null(place)) { None } else { self.texts.get(place) }
    }
}
