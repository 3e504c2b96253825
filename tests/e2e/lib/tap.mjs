// Runs tests one after another and prints TAP.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

export { assert, sleep };

// Nobody waits longer than this for anything; nothing is measured by it.
export const GIVE_UP_MS = 60_000;
const TEST_MS = 240_000;

/** Asks until the answer is true, and returns it. */
export async function until(what, ask, giveUp = GIVE_UP_MS) {
  const end = Date.now() + giveUp;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
    await sleep(100);
  }
}

export function note(text) {
  for (const line of String(text).split('\n')) console.log(`# ${line}`);
}

function deadline(name) {
  let timer;
  const promise = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name}: did not end`)), TEST_MS);
  });
  return { promise, clear: () => clearTimeout(timer) };
}

/** tests: [name, async function]; `cleanUp` follows each. Returns how many failed. */
export async function run(tests, cleanUp) {
  let failed = 0;
  console.log(`1..${tests.length}`);
  for (const [index, [name, test]] of tests.entries()) {
    const limit = deadline(name);
    try {
      await Promise.race([test(), limit.promise]);
      console.log(`ok ${index + 1} - ${name}`);
    } catch (error) {
      failed++;
      console.log(`not ok ${index + 1} - ${name}`);
      note(error.stack ?? error);
    } finally {
      limit.clear();
      await cleanUp();
    }
  }
  return failed;
}

/** Runs parts of a test at the same time: [name, async function]. All end before the first failure is told. */
export async function together(parts) {
  const results = await Promise.allSettled(parts.map(([, part]) => part()));
  const failed = results.findIndex(({ status }) => status === 'rejected');
  if (failed < 0) return;
  const { reason } = results[failed];
  reason.message = `${parts[failed][0]}: ${reason.message}`;
  throw reason;
}
