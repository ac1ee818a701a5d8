import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { dropHalfStored } from '../../../infra/stack/half-stored.js';
import { isStoreError } from '../../../storage/errors.js';
import { checkpointKey } from '../../../storage/layout.js';
import { untilReachable } from '../../../storage/until-reachable.js';
import type { RunId } from '../../../workflows/contract.js';
import { seededRandom } from '../../support/random.js';
import { startS3Server } from '../../support/s3-server.js';
import { seedOf, type Row } from '../row.js';

const OBJECTS = 8;
/** Of a manifest. */
const BYTES = 1_500;
const WITHIN_MS = 13;
/** What it had answered has been heard by then. */
const HEARD_MS = 50;

/** Each object is there, whole, or can be created: what an acknowledgement promised holds, and nobody waits for what never comes. */
export const storeKills: Row = {
  name: 'kill-store',
  title: 'SIGKILL of the S3 server while it creates objects (in small), started again as the stack does',
  unit: 'SIGKILL',
  tries: 200,
  inTest: 4,
  open: async ({ seed }) => {
    const server = await startS3Server();
    const store = server.open();
    const numbers = Array.from({ length: OBJECTS }, (_, i) => i + 1);
    return {
      close: () => server.stop(),
      attempt: async (number) => {
        const run = `killed-${number}` as RunId;
        const keyOf = (sequence: number) => checkpointKey(run, sequence);
        const create = (sequence: number, bytes: number): Promise<boolean> =>
          store.putIfAbsent(keyOf(sequence), Buffer.alloc(bytes, 'x')).then(
            () => true,
            (error: unknown) => {
              if (isStoreError(error, 'precondition')) return false;
              throw error;
            },
          );
        const acknowledged = new Set<number>();
        const creating = numbers.map((each) =>
          create(each, BYTES).then(
            () => acknowledged.add(each),
            () => undefined, // it was killed
          ),
        );
        await pause(1 + WITHIN_MS * seededRandom(seedOf(seed, 'kill-store', number))());
        await server.kill();
        await Promise.race([Promise.all(creating), pause(HEARD_MS)]);
        const problems = [...acknowledged]
          .filter((each) => !existsSync(join(server.bucketFolder, keyOf(each))))
          .map((each) => `${keyOf(each)} was acknowledged, and is not there`);
        dropHalfStored(server.folders);
        await server.restart();
        for (const each of numbers) {
          const isOurs = await untilReachable(() => create(each, 1));
          const found = await untilReachable(() => store.get(keyOf(each))).catch(String);
          if (typeof found === 'string' || found.bytes.length !== (isOurs ? 1 : BYTES))
            problems.push(`${keyOf(each)}: ${typeof found === 'string' ? found : `${found.bytes.length} bytes`}`);
        }
        const what = `${acknowledged.size} of ${OBJECTS} acknowledged`;
        return { what, faults: 1, problems, lostSteps: 0, extraSeconds: null };
      },
    };
  },
};
