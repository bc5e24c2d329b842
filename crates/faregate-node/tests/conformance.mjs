// Replays the golden cases, or random worlds, through the addon:
//
//     cargo run -p faregate-tests --bin golden-lines > golden.jsonl && node tests/conformance.mjs golden.jsonl 600 150
//
// The numbers are the fewest decisions and runs that there must be.
import { readFileSync } from "node:fs";
import { replay } from "../../../tests/javascript/replay.mjs";
import * as faregate from "../index.js";

const [, , file, decisions, runs] = process.argv;
console.log(replay(faregate, readFileSync(file, "utf8"), { decisions: Number(decisions), runs: Number(runs) }));
