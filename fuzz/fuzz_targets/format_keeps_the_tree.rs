//! A policy laid out is the same policy, comments included, and once is enough.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| faregate_tests::fuzzed::formats(bytes));
