// Trains the demo's job to a step and prints the state:  node dist/bench/gpu/train-to.js JOB.yaml FOLDER STEP [STATE.json]
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StateOnDisk } from '../../engine/protocol.js';
import { openGlosses } from '../glosses/open.js';

const [jobFile, folder, step, from] = process.argv.slice(2) as [string, string, string, string?];
const { handlers } = await openGlosses(jobFile, folder);
if (from !== undefined) {
  const { shards, position } = JSON.parse(await readFile(from, 'utf8')) as StateOnDisk;
  await handlers.restore({ shards: shards.map(({ path }) => path), position });
}
const until = { step: Number(step), minutes: null };
const { state } = await handlers.train({ until, observations: [], folder: join(folder, `at-${step}`) });
process.stdout.write(`${JSON.stringify(state)}\n`);
