import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { startS3Server } from '../../test/support/s3-server.js';
import { median } from '../interleave.js';
import type { MeasurePart } from './part.js';

const script = fileURLToPath(new URL('./upload-once.js', import.meta.url));
const answer = z.object({ idleMiB: z.number(), mostMiB: z.number(), delayP99Ms: z.number(), seconds: z.number() });

/** A commit of 1 GiB in shards of 64 MiB, in a process that does what a worker does with the store, and nothing else. */
export const upload: MeasurePart = async ({ rounds, say }) => {
  const server = await startS3Server();
  const times: z.infer<typeof answer>[] = [];
  try {
    const settings = JSON.stringify(server.settings);
    for (let round = 1; round <= Math.min(rounds, 3); round++) {
      say(`1 GiB, ${round}...`);
      const { stdout } = await promisify(execFile)(process.execPath, [script, settings, `upload-${round}`]);
      times.push(answer.parse(JSON.parse(stdout)));
    }
  } finally {
    await server.stop();
  }
  const seconds = median(times.map((each) => each.seconds));
  return {
    sentence: `1 GiB committed in ${seconds.toFixed(1)} s (median of ${times.length}), memory and event loop looked at meanwhile`,
    budgets: [
      {
        what: 'uploading 1 GiB: MiB over idle, at the most',
        value: Math.max(...times.map(({ idleMiB, mostMiB }) => mostMiB - idleMiB)),
        budget: 256,
      },
      {
        what: "uploading 1 GiB: the event loop's delay, p99, ms",
        value: Math.max(...times.map(({ delayP99Ms }) => delayP99Ms)),
        budget: 50,
      },
    ],
  };
};
