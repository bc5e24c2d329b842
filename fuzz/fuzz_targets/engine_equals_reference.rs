//! Any world is decided by the compiled engine as by the reference, to the byte, and its runs take the same steps by both.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| faregate_tests::fuzzed::engines_agree(bytes));
