/** How a simulated run ends: by itself; then what slept through it wakes up, and nothing of the result changes. */
import type { Objects } from '../../support/simulation/bucket.js';
import type { ManifestFields } from '../audit/record.js';
import { count, operator, trainToEnd, type Cast } from './actors.js';

export interface Ending {
  /** Steps of the scheduler after which a run counts as endless. */
  readonly limit: number;
  /** The digest of the last state; null: it depends on who was first. */
  readonly expected: () => string | null;
}

export async function endOf(cast: Cast, { limit, expected }: Ending): Promise<void> {
  const { scheduler, rules, problems } = cast;
  const run = async (): Promise<void> => {
    if ((await scheduler.run({ limit })) === 'endless') problems.push(`${limit} steps, and no end`);
  };
  await run();
  scheduler.calm = true;
  scheduler.floatAll();
  scheduler.start('last', (me) => trainToEnd(cast, me, ''));
  await run();
  if (!scheduler.actors.some(({ state, failure }) => state === 'ended' && failure === null)) return; // it diverged
  problems.push(...result(cast, expected()));
  scheduler.start('ended', (me) => operator(cast, me, true));
  await run();
  problems.push(...leftovers(cast, scheduler.objects));

  if (scheduler.wakeAll()) count(cast, 'woke after the end');
  await run();
  scheduler.floatAll();
  if (rules.damaged === null) problems.push(...result(cast, expected()));
}

/** The newest checkpoint of the line is the last step's, and holds what training comes to. */
function result({ rules, course, line }: Cast, expected: string | null): string[] {
  const now = rules.snapshot;
  if (!now) return ['nothing was ever written'];
  const holds = typeof line === 'string' ? line : line.findLast(({ afterStep }) => afterStep < course.steps)?.lineage;
  const living = now.verifiable.map((sequence) => now.records.get(sequence)!.record);
  const last = living.flatMap((record) =>
    record.kind === 'manifest' && record.manifest.lineage === holds ? [record.manifest] : [],
  );
  const final = last.find(({ step }) => step === course.steps);
  if (!final) return [`the last step's checkpoint is not there: ${steps(last)}`];
  return expected === null || final.stateDigest === expected ? [] : ['the last state is another one'];
}

const steps = (manifests: readonly ManifestFields[]): string => manifests.map(({ step }) => step).join(', ') || 'none';

/** What is left after the run has ended and its garbage was collected: what is kept, and nothing else. */
function leftovers({ rules, course }: Cast, objects: Objects): string[] {
  const now = rules.snapshot!;
  const pinned = new Set(pinsIn(objects, course.run));
  const newest = Math.max(...now.verifiable);
  const problems: string[] = [];
  const named = new Set<string>();
  for (const [sequence, { record }] of now.records) {
    const state = record.kind === 'manifest' ? record.manifest : record.kind === 'tombstone' ? record.was : null;
    if (state === null) continue;
    const kept =
      sequence === newest || [...course.keep.steps, course.steps].includes(state.step) || pinned.has(sequence);
    if (record.kind === 'manifest' && !kept) problems.push(`checkpoint ${sequence} is kept by nobody, and is there`);
    if (record.kind === 'manifest' || pinned.has(sequence)) for (const { key } of state.shards) named.add(key);
  }
  for (const key of objects.keys())
    if (key.includes('/shards/') && !key.endsWith('/condemned.json') && !named.has(key))
      problems.push(`${key} is left, and nobody needs it`);
  return problems;
}

const pinsIn = (objects: Objects, run: string): number[] =>
  [...objects]
    .filter(([key]) => key.startsWith(`runs/${run}/pins/`))
    .map(([, bytes]) => (JSON.parse(bytes.toString('utf8')) as { sequence: number }).sequence);
