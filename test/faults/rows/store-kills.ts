import { setTimeout as pause } from 'node:timers/promises';
import { dropHalfStored } from '../../../infra/stack/half-stored.js';
import { isStoreError } from '../../../storage/errors.js';
import { checkpointKey } from '../../../storage/layout.js';
import type { ObjectStore } from '../../../storage/object-store.js';
import type { RunId } from '../../../workflows/contract.js';
import { seededRandom } from '../../support/random.js';
import { startS3Server } from '../../support/s3-server.js';
import { seedOf, type Row } from '../row.js';

const NUMBERS = Array.from({ length: 8 }, (_, i) => i + 1);
/** Of a manifest. */
const BYTES = 1_500;
const WITHIN_MS = 13;
/** What it had answered has been heard by then. */
const HEARD_MS = 50;

/** Odd ones are created; even ones are there before, and are replaced if their ETag is still the same. */
const isCreated = (each: number): boolean => each % 2 === 1;
const [BEFORE, PUT, AFTER] = ['b', 'p', 'a'].map((letter) => Buffer.alloc(BYTES, letter)) as [Buffer, Buffer, Buffer];

/**
 * Each object is there, whole, or can be created: what an acknowledgement promised holds, and nobody waits for what never comes.
 * One that was replaced is what it was or what it became, and can be replaced by who looks again.
 */
export const storeKills: Row = {
  name: 'kill-store',
  title: 'SIGKILL of the S3 server while it creates and replaces objects (in small), started again as the stack does',
  unit: 'SIGKILL',
  tries: 200,
  inTest: 4,
  open: async ({ seed }) => {
    const server = await startS3Server();
    const store = server.open();
    return {
      close: () => server.stop(),
      attempt: async (number) => {
        const keyOf = (each: number) => checkpointKey(`killed-${number}` as RunId, each);
        const etags = new Map<number, string>();
        for (const each of NUMBERS) if (!isCreated(each)) etags.set(each, (await store.put(keyOf(each), BEFORE)).etag);
        const put = (each: number): Promise<{ etag: string }> =>
          isCreated(each) ? store.putIfAbsent(keyOf(each), PUT) : store.putIfMatch(keyOf(each), PUT, etags.get(each)!);
        const acknowledged = new Set<number>();
        const putting = NUMBERS.map((each) =>
          put(each).then(
            () => acknowledged.add(each),
            () => undefined, // it was killed
          ),
        );
        await pause(1 + WITHIN_MS * seededRandom(seedOf(seed, 'kill-store', number))());
        await server.kill();
        await Promise.race([Promise.all(putting), pause(HEARD_MS)]);
        const known = new Set(acknowledged);
        dropHalfStored(server.folders);
        await server.restart();
        await Promise.all(putting); // those that the kill cut short are sent once more
        const problems: string[] = [];
        for (const each of NUMBERS) {
          const problem = await problemOf(store, keyOf(each), { isCreated: isCreated(each), isPut: known.has(each) });
          if (problem !== null) problems.push(`${keyOf(each)}: ${problem}`);
        }
        const what = `${known.size} of ${NUMBERS.length} acknowledged`;
        return { what, faults: 1, problems, lostSteps: 0, extraSeconds: null };
      },
    };
  },
};

/** What is wrong with an object after the server's death; it is replaced, or created, as who had no answer does. */
async function problemOf(
  store: ObjectStore,
  key: string,
  { isCreated, isPut }: { readonly isCreated: boolean; readonly isPut: boolean },
): Promise<string | null> {
  const found = await store.get(key).catch((error: unknown) => {
    if (isStoreError(error, 'missing')) return null;
    throw error;
  });
  const is = (bytes: Buffer): boolean => found?.bytes.equals(bytes) ?? false;
  if (isPut && !is(PUT)) return 'was acknowledged, and is not what was put';
  if (found === null && !isCreated) return 'was there, and is not';
  if (found !== null && !is(PUT) && (isCreated || !is(BEFORE))) return `${found.bytes.length} bytes that nobody put`;
  const again = found ? store.putIfMatch(key, AFTER, found.etag) : store.putIfAbsent(key, AFTER);
  const refused = await again.then(
    () => null,
    (error: unknown) => `cannot be put again: ${String(error)}`,
  );
  return refused ?? ((await store.get(key)).bytes.equals(AFTER) ? null : 'put again, and not found so');
}
