// What a small decision takes through the addon: `node bench.mjs`.
import * as faregate from "faregate";
import { bench } from "../../tests/javascript/first.mjs";

bench(faregate, "Node");
