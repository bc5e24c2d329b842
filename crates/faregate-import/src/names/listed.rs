//! A map of YAML whose keys stand once each.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::ImportError;

/// The entries of a map as they are written, so that a second one of the same key is seen.
pub(super) struct Listed<V>(Vec<(String, V)>);

impl<V> Default for Listed<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V> Listed<V> {
    /// Returns the entries by key.
    pub(super) fn into_map(self, section: &str) -> Result<BTreeMap<String, V>, ImportError> {
        let mut map = BTreeMap::new();
        for (key, value) in self.0 {
            if map.contains_key(&key) {
                return Err(ImportError::names(format!("`{key}` stands twice in `{section}`")));
            }
            map.insert(key, value);
        }
        Ok(map)
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Listed<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for Entries<V> {
            type Value = Listed<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Listed(entries))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Listed::default())
            }
        }
        deserializer.deserialize_any(Entries(PhantomData))
    }
}
