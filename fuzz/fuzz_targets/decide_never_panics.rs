//! Any policy, request, context and catalog that load are decided without panic, twice alike.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| faregate_tests::fuzzed::decides(bytes));
