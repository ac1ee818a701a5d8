/** Objects of the store that are not what was written: all are to be found before anything is loaded, and fallen back from. */
import { damaged } from '../../support/faults/fault.js';
import { victim, type Victim } from '../../support/faults/victim.js';
import { seededRandom } from '../../support/random.js';
import { seedOf, type Row, type Stage, type Try } from '../row.js';

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

/** What stands in the place of a manifest or a shard; null: nothing. */
const KINDS: readonly {
  readonly what: string;
  readonly of: (whole: Buffer, other: Buffer, random: number) => Buffer | null;
}[] = [
  { what: 'torn', of: (whole, _other, random) => whole.subarray(0, Math.floor(random * whole.length)) },
  { what: 'truncated by a byte', of: (whole) => whole.subarray(0, -1) },
  { what: 'empty', of: () => Buffer.alloc(0) },
  { what: 'missing', of: () => null },
  { what: 'swapped with its neighbour', of: (_whole, other) => other },
  { what: 'overwritten in part', of: (whole, _other, random) => overwritten(whole, random) },
  { what: 'longer by a byte', of: (whole) => Buffer.concat([whole, Buffer.from(' ')]) },
];

function overwritten(whole: Buffer, random: number): Buffer {
  const copy = Buffer.from(whole);
  const from = Math.floor(random * (copy.length / 2));
  return copy.fill(0xa5, from, from + (copy.length >> 2)); // not zeros: the tensors here are
}

export const brokenObjects: Row = {
  name: 'objects',
  title:
    'manifests and shards torn, truncated, empty, missing, swapped, stale, overwritten: found, fallen back from, reported',
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
  turn % 2 === 0
    ? [keys.manifest, keys.older, 'manifest']
    : [keys.shards[(turn % 4) >> 1]!, keys.shards[1 - ((turn % 4) >> 1)]!, 'shard'];
