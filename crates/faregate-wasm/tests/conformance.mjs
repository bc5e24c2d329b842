// Replays the golden cases, or random worlds, through the loader, as ../../faregate-node/tests/conformance.mjs does through the addon.
import { readFileSync } from "node:fs";
import { replay } from "../../../tests/javascript/replay.mjs";
import { load } from "../js/faregate.js";

const [, , file, decisions, runs] = process.argv;
console.log(replay(await load(), readFileSync(file, "utf8"), { decisions: Number(decisions), runs: Number(runs) }));
