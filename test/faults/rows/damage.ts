/** Objects of the store that are not what was written: all are to be found before anything is loaded, and fallen back from. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isStoreError } from '../../../storage/errors.js';
import { fetchCheckpoint, findNewestCheckpoint } from '../../../storage/checkpoint/restore.js';
import { checkpointKey } from '../../../storage/layout.js';
import type { CheckpointRef } from '../../../workflows/contract.js';
import { damaged } from '../../support/faults/fault.js';
import { seededRandom } from '../../support/random.js';
import { startS3Server } from '../../support/s3-server.js';
import { commitChain, freshRun, lineage, recordAt } from '../../storage/checkpoint/states.js';
import { seedOf, type Row, type Stage, type Try } from '../row.js';

/** Two checkpoints of two shards each, the newer one to be damaged. */
async function victim() {
  const server = await startS3Server();
  const store = server.open();
  const folder = await mkdtemp(join(tmpdir(), 'temper-damage-'));
  const run = freshRun();
  const refs = await commitChain(store, folder, run, [1, 2], { floats: 4_000 });
  const [older, newer] = refs as [CheckpointRef, CheckpointRef];
  const manifestKey = checkpointKey(run, newer.sequence);
  const record = await recordAt(store, run, newer.sequence);
  if (record.kind !== 'manifest') throw new Error('no manifest');
  const olderKey = checkpointKey(run, older.sequence);
  const keys = { manifest: manifestKey, shards: record.shards.map(({ key }) => key), older: olderKey };
  const good = new Map<string, Buffer>();
  for (const key of [keys.manifest, keys.older, ...keys.shards]) good.set(key, (await store.get(key)).bytes);
  const onDisk = (key: string) => join(server.bucketFolder, key);
  let caches = 0;
  /** Into an empty folder: a copy that is there would be used. */
  const cache = () => join(folder, `cache-${caches++}`);

  return {
    keys,
    good,
    /** `bytes`: what stands there instead, put behind the server's back; null: nothing. */
    damage: async (key: string, bytes: Buffer | null) =>
      bytes === null ? rm(onDisk(key)) : writeFile(onDisk(key), bytes),
    mend: async () => {
      for (const [key, bytes] of good) await store.put(key, bytes);
    },
    /** Empty when the damage is found before a byte is handed out. */
    isRefused: async (): Promise<string[]> => {
      try {
        await fetchCheckpoint(store, newer, cache());
        return ['the damaged checkpoint was loaded'];
      } catch (error) {
        return isStoreError(error, 'corrupt', 'missing') ? [] : [String(error)];
      }
    },
    /** Empty when the checkpoint before is found, whole, and the damage is reported. */
    fallsBack: async (): Promise<string[]> => {
      const found = await findNewestCheckpoint(store, { run, lineage, cacheFolder: cache() });
      if (found.kind !== 'found' || found.ref.sequence !== older.sequence) return ['the checkpoint before was not found'];
      if (found.ref.stateDigest !== older.stateDigest) return ['the checkpoint before has another state'];
      const reported = found.damaged.some(({ sequence }) => sequence === newer.sequence);
      return reported ? [] : ['the damage was not reported'];
    },
    close: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const outcome = (problems: readonly string[], what: string, faults: number): Try => ({
  ...{ problems: [...new Set(problems)], what, faults },
  ...{ lostSteps: 0, extraSeconds: null },
});

const BYTES_AT_ONCE = 50;

/** One bit in every byte. */
export const manifestFlips: Row = {
  name: 'flip-manifest',
  title: 'a bit flipped in each byte of a manifest: found, fallen back from, reported',
  unit: 'bit flip',
  tries: 25,
  inTest: 1,
  open: async ({ seed }): Promise<Stage> => {
    const on = await victim();
    const whole = on.good.get(on.keys.manifest)!;
    return {
      tries: Math.ceil(whole.length / BYTES_AT_ONCE),
      attempt: async (number) => {
        const random = seededRandom(seedOf(seed, 'flip-manifest', number));
        const from = number * BYTES_AT_ONCE;
        const until = Math.min(from + BYTES_AT_ONCE, whole.length);
        const problems: string[] = [];
        for (let at = from; at < until; at++) {
          await on.damage(on.keys.manifest, damaged(whole, at * 8 + Math.floor(8 * random())));
          for (const problem of await on.fallsBack()) problems.push(`byte ${at}: ${problem}`);
          await on.mend();
        }
        return outcome(problems, `bytes ${from} to ${until - 1}`, until - from);
      },
      close: on.close,
    };
  },
};

const PAYLOAD_POSITIONS = 10_000;
const POSITIONS_AT_ONCE = 250;

export const payloadFlips: Row = {
  name: 'flip-payload',
  title: 'a bit flipped at 10,000 positions of shards: found before anything is loaded; each 25th: fallen back from',
  unit: 'bit flip',
  tries: PAYLOAD_POSITIONS / POSITIONS_AT_ONCE,
  inTest: 1,
  open: async ({ seed }): Promise<Stage> => {
    const on = await victim();
    return {
      attempt: async (number) => {
        const random = seededRandom(seedOf(seed, 'flip-payload', number));
        const problems: string[] = [];
        for (let i = 0; i < POSITIONS_AT_ONCE; i++) {
          const key = on.keys.shards[i % on.keys.shards.length]!;
          const whole = on.good.get(key)!;
          // Spread evenly over the file, so that all positions of the row are different ones.
          const place = (number * POSITIONS_AT_ONCE + i) / PAYLOAD_POSITIONS;
          const at = Math.floor(place * whole.length) * 8 + Math.floor(8 * random());
          await on.damage(key, damaged(whole, at));
          for (const problem of await on.isRefused()) problems.push(`bit ${at}: ${problem}`);
          if (i % 25 === 0) for (const problem of await on.fallsBack()) problems.push(`bit ${at}: ${problem}`);
          if (i % 25 === 0) await on.mend();
          else await on.damage(key, whole);
        }
        return outcome(problems, `positions ${number * POSITIONS_AT_ONCE} on`, POSITIONS_AT_ONCE);
      },
      close: on.close,
    };
  },
};

type Victim = Awaited<ReturnType<typeof victim>>;

/** What stands in the place of a manifest or a shard; null: nothing. */
const KINDS: readonly { readonly what: string; readonly of: (whole: Buffer, other: Buffer, random: number) => Buffer | null }[] = [
  { what: 'torn', of: (whole, _other, random) => whole.subarray(0, Math.floor(random * whole.length)) },
  { what: 'truncated by a byte', of: (whole) => whole.subarray(0, -1) },
  { what: 'empty', of: () => Buffer.alloc(0) },
  { what: 'missing', of: () => null },
  { what: 'swapped with its neighbour', of: (_whole, other) => other },
  { what: 'with a block of zeros', of: (whole, _other, random) => zeroed(whole, random) },
  { what: 'longer by a byte', of: (whole) => Buffer.concat([whole, Buffer.from(' ')]) },
];

function zeroed(whole: Buffer, random: number): Buffer {
  const copy = Buffer.from(whole);
  const from = Math.floor(random * (copy.length / 2));
  return copy.fill(0, from, from + (copy.length >> 2));
}

export const brokenObjects: Row = {
  name: 'objects',
  title: 'manifests and shards torn, truncated, empty, missing, swapped, stale, zeroed: found, fallen back from, reported',
  unit: 'object',
  tries: 140,
  inTest: 14,
  open: async ({ seed }): Promise<Stage> => {
    const on = await victim();
    return {
      attempt: async (number) => {
        const random = seededRandom(seedOf(seed, 'objects', number))();
        const { what, of } = KINDS[number % KINDS.length]!;
        const [key, other, name] = targetOf(on, Math.floor(number / KINDS.length));
        await on.damage(key, of(on.good.get(key)!, on.good.get(other)!, random));
        // A manifest that is gone was never committed, as far as anybody can tell: there is nothing to report.
        const silent = name === 'manifest' && what === 'missing';
        const problems = (await on.fallsBack()).filter((problem) => !(silent && problem.includes('not reported')));
        await on.mend();
        return outcome(problems, `${name} ${what}`, 1);
      },
      close: on.close,
    };
  },
};

/** The object, and the one that it may be swapped with: for a manifest the one before it, a stale one. */
const targetOf = ({ keys }: Victim, turn: number): [key: string, other: string, name: string] =>
  turn % 2 === 0 ? [keys.manifest, keys.older, 'manifest'] : [keys.shards[turn % 4 >> 1]!, keys.shards[1 - (turn % 4 >> 1)]!, 'shard'];
