// Steps with what is expected of them; what failed is counted.

import assert from "node:assert/strict";

const failed = [];
let done = 0;

/** Runs one step; an error, a wrong value or half a minute without an answer fails it, and the next one is run all the same. */
export async function step(name, steps) {
  let timer;
  const late = new Promise((_, refuse) => { timer = setTimeout(() => refuse(new Error("no answer in 30 s")), 30_000); });
  try {
    await Promise.race([steps(), late]);
    done += 1;
  } catch (error) {
    failed.push(name);
    console.log(`FAILED ${name}: ${String(error.stack ?? error).split("\n").slice(0, 12).join("\n    ")}`);
  } finally {
    clearTimeout(timer);
  }
}

/** The error code with which a promise is refused. */
export async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error.errorCode ?? error.name;
  }
  return "nothing was refused";
}

export const same = assert.deepEqual;

/** Prints the outcome and ends with 1 if a step failed. */
export function end() {
  console.log(`${done} steps done, ${failed.length} failed`);
  process.exit(failed.length ? 1 : 0);
}
