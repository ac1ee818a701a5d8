// How long an engine's steps wait for their batch:  node dist/bench/data/waiting.js JOB.yaml FOLDER
import { join } from 'node:path';
import { openGlosses } from '../glosses/open.js';

const STEPS = 40;
const [jobFile, folder] = process.argv.slice(2) as [string, string];
const { bench, handlers } = await openGlosses(jobFile, folder);
const until = { step: STEPS, minutes: null };
const { stats } = await handlers.train({ until, observations: [], folder: join(folder, 'state') });
process.stdout.write(
  `${JSON.stringify({ steps: stats.steps, seconds: stats.trainSeconds, waited: stats.waitSeconds })}\n`,
);
bench.unload();
process.exit(0);
