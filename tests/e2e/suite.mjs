// All tests in their order: suite.mjs BUILD_FOLDER [WORD...]. Called by ./run.

import { run } from './lib/tap.mjs';
import { closeBrowsers } from './lib/browsers.mjs';
import { killRadios, useBuild } from './lib/radio.mjs';
import { killStraits } from './lib/strait.mjs';
import { killTurns } from './lib/turn.mjs';
import { tests as whep } from './tests/whep.mjs';
import { tests as whepPatch } from './tests/whep-patch.mjs';
import { tests as whepRestart } from './tests/whep-restart.mjs';
import { tests as whip } from './tests/whip.mjs';
import { tests as listen } from './tests/listen.mjs';
import { tests as pages } from './tests/pages.mjs';
import { tests as failures } from './tests/failures.mjs';
import { tests as studio } from './tests/studio.mjs';
import { tests as ten } from './tests/ten.mjs';
import { tests as refusal } from './tests/refusal.mjs';
import { tests as sources } from './tests/sources.mjs';
import { tests as record } from './tests/record.mjs';
import { ice } from './tests/ice.mjs';
import { screens } from './tests/screens.mjs';

const [build, ...words] = process.argv.slice(2);
useBuild(build);

const all = [
  ...whep,
  ...whepPatch,
  ...whepRestart,
  ...whip,
  ...listen,
  ...pages,
  ...failures,
  ...studio,
  ...ten,
  ...refusal,
  ...sources(build),
  ...record(build),
  ...ice(build),
  ['screens: all pages fit a desk and a phone, light and dark, and can be read', screens(build)],
];
const chosen = all.filter(([name]) => words.length === 0 || words.some((word) => name.includes(word)));

async function cleanUp() {
  await closeBrowsers();
  killRadios();
  killStraits();
  killTurns();
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, async () => {
    await cleanUp();
    process.exit(1);
  });
}

const failed = await run(chosen, cleanUp);
process.exit(failed > 0 || chosen.length === 0 ? 1 : 0);
