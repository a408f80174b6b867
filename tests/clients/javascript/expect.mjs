// Counts what succeeded, what is not offered yet, and what failed.

const outcomes = { answered: [], "not offered": [], failed: [] };

/** Runs one call; `reached` says what came of it: { status, code, detail }. Returns the call's value or undefined. */
export async function call(name, made) {
  let found;
  try {
    found = await made();
  } catch (error) {
    found = { status: 0, detail: String(error) };
  }
  const { status, code, detail, value } = found;
  const kind = status >= 200 && status < 300 ? "answered" : code === 404 ? "not offered" : "failed";
  outcomes[kind].push(kind === "failed" ? `${name}: ${status} ${code ?? ""} ${detail ?? ""}` : name);
  return value;
}

/** Names of the functions that were never called: what a client offers must be called here. */
export function never(offered, called) {
  return [...offered].filter(each => !called.has(each));
}

/** Prints the outcome and ends with 1 if anything failed or was forgotten. */
export function end(forgotten) {
  for (const [kind, names] of Object.entries(outcomes)) console.log(`${kind}: ${names.length}`);
  console.log(`not offered: ${outcomes["not offered"].join(", ") || "none"}`);
  for (const each of outcomes.failed) console.log(`FAILED ${each}`);
  for (const each of forgotten) console.log(`FORGOTTEN ${each}`);
  process.exitCode = outcomes.failed.length || forgotten.length ? 1 : 0;
}
