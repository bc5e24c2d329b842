//! Lets the linker leave Node's own functions to be found when the addon is loaded.

fn main() {
    napi_build::setup();
}
