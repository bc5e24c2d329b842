//! Any data are read without panic, and what was read is the same after it was written and read.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| faregate_tests::fuzzed::reads(bytes));
