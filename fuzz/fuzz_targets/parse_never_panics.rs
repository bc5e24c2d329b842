//! Any text is read without panic, and what is said of it has its place in it.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| faregate_tests::fuzzed::parses(bytes));
