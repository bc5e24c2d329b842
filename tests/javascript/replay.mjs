// Replays cases as `golden-lines` writes them, once as texts and once as values, and compares with the bytes of the native engine.

import assert from "node:assert/strict";

/** Whether a value says all that a text says: JavaScript's numbers hold whole numbers to 2^53 - 1, and no more. */
const exact = (text) => JSON.stringify(JSON.parse(text)) === text;

function same(what, native, got) {
  if (native !== got) assert.fail(`${what}\n  native: ${native}\n  here:   ${got}`);
}

/** Replays one line; returns how many decisions and runs it had, and how many of them went as values too. */
function replayLine(faregate, line) {
  const golden = JSON.parse(line);
  const counts = { decisions: 0, runs: 0, values: 0 };
  const found = faregate.check(golden.policies, golden.catalogs, golden.today);
  same(`${golden.name}: check`, golden.findings, JSON.stringify(found));
  if (golden.cases.length === 0) return counts;
  const engine = new faregate.Engine(golden.policies, golden.catalogs);
  for (const { name, request, context, decision: native, run: moves } of golden.cases) {
    const where = `${golden.name}, ${name}`;
    counts.decisions += 1;
    same(where, native, engine.decideJson(request, context));
    let decision = engine.decide(request, context);
    if (exact(request) && exact(context)) {
      counts.values += 1;
      decision.free();
      decision = engine.decide(JSON.parse(request), JSON.parse(context));
    }
    same(where, native, decision.json);
    if (exact(native)) same(where, native, JSON.stringify(decision.toObject()));
    if (moves.length > 0) {
      counts.runs += 1;
      let run = decision.run();
      for (const [n, { at_ms, step, outcome, ended_ms, observe }] of moves.entries()) {
        const carried = engine.restore(run.save());
        run.free();
        run = carried;
        same(`${where}, step ${n}`, step, run.stepJson(at_ms));
        if (exact(step)) same(`${where}, step ${n}`, step, JSON.stringify(run.step(at_ms)));
        if (outcome !== null) run.next(exact(outcome) ? JSON.parse(outcome) : outcome, ended_ms);
        if (observe !== null) run.observe(exact(observe) ? JSON.parse(observe) : observe);
      }
      run.free();
    }
    decision.free();
  }
  engine.free();
  return counts;
}

/** Replays all lines; fails where there are fewer decisions or runs than these. */
export function replay(faregate, text, { decisions, runs }) {
  const total = { decisions: 0, runs: 0, values: 0 };
  const lines = text.split("\n").filter((line) => line !== "");
  for (const line of lines) {
    for (const [name, count] of Object.entries(replayLine(faregate, line))) total[name] += count;
  }
  const enough = total.decisions >= decisions && total.runs >= runs && total.values > total.decisions / 2;
  assert.ok(enough, `only ${JSON.stringify(total)}`);
  return `${lines.length} sets, ${total.decisions} decisions (${total.values} from values too), ${total.runs} runs: the bytes of the native engine`;
}
