// What a small decision takes through the module, in Node: `node bench.mjs`.
import { load } from "faregate-wasm";
import { bench } from "../../tests/javascript/first.mjs";

bench(await load(), "wasm");
