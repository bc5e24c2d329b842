//! Any run ends within its bounds without panic, whatever its calls come to.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| faregate_tests::generate::outcomes::runs(bytes));
