//! Any answer of a provider is told what it means without panic, twice alike.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| faregate_tests::generate::outcomes::classifies(bytes));
