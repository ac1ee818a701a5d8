/** Seeds of the simulated protocol. `npm run faults -- --only simulation` does 100,000; a seed that breaks a rule breaks it every time. */
import { expect, test } from 'vitest';
import { applied, type Objects, type Request } from '../../support/simulation/bucket.js';
import { simulate } from './simulate.js';

const SEEDS = 250;
const first = 1_000_000 * Number(process.env['TEMPER_TEST_SEED'] ?? 1);

test(
  `no rule is broken in ${SEEDS} seeds from ${first} on, and everything that can happen did`,
  { timeout: 300_000 },
  async () => {
    const seen = new Map<string, number>();
    for (let seed = first; seed < first + SEEDS; seed++) {
      const simulated = await simulate(seed);
      expect({ seed, problems: simulated.problems }).toEqual({ seed, problems: [] });
      for (const [what, times] of simulated.seen) seen.set(what, (seen.get(what) ?? 0) + times);
    }
    const wanted = [
      'committed',
      'already-there',
      'rewind',
      'adopted',
      'retired',
      'orphans deleted',
      'garbage collected',
    ];
    const unusual = [
      'pinned',
      'forked',
      'adjusted',
      'drained',
      'damaged',
      'fell back from damage',
      'woke after the end',
      'not tidied',
    ];
    for (const what of [...wanted, ...unusual]) expect([what, (seen.get(what) ?? 0) > 0]).toEqual([what, true]);
  },
);

test('the same seed gives the same trace; another seed another one', async () => {
  const [one, again, other] = [await simulate(7), await simulate(7), await simulate(8)];
  expect(again.trace).toEqual(one.trace);
  expect(other.trace).not.toEqual(one.trace);
});

test('the bucket in memory keeps the promises of S3', () => {
  let objects: Objects = new Map();
  const ask = (request: Request) => {
    const { answer, objects: now } = applied(objects, request, 2);
    objects = now;
    return answer;
  };
  const put = (key: string, text: string, condition: Extract<Request, { kind: 'put' }>['condition'] = 'none') =>
    ask({ kind: 'put', key, bytes: Buffer.from(text), condition });
  expect(put('a/1', 'one', 'absent')).toEqual({ kind: 'done' });
  expect(put('a/1', 'two', 'absent')).toEqual({ kind: 'error', error: 'precondition' });
  const there = ask({ kind: 'get', key: 'a/1' });
  const etag = there.kind === 'object' ? there.etag : '';
  expect(put('a/1', 'two', { etag })).toEqual({ kind: 'done' });
  expect(put('a/1', 'three', { etag })).toEqual({ kind: 'error', error: 'precondition' });
  expect(put('a/9', 'none', { etag })).toEqual({ kind: 'error', error: 'missing' });
  for (const key of ['a/3', 'a/2', 'b/1']) put(key, key);
  const page = (after: string) => {
    const answer = ask({ kind: 'list', prefix: 'a/', after });
    return answer.kind === 'page' ? [answer.keys.map(({ key }) => key), answer.more] : answer;
  };
  expect(page('')).toEqual([['a/1', 'a/2'], true]);
  expect(page('a/2')).toEqual([['a/3'], false]);
  expect(ask({ kind: 'delete', key: 'a/1' })).toEqual({ kind: 'done' });
  expect(ask({ kind: 'head', key: 'a/1' })).toEqual({ kind: 'error', error: 'missing' });
});
