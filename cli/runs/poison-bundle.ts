import { poisonBundleSchema, type PoisonBundle } from '../../activities/poison-bundle.js';
import { poisonFolder, poisonKey } from '../../storage/layout.js';
import type { ObjectStore } from '../../storage/object-store.js';
import type { RunId } from '../../workflows/contract.js';
import { CliError } from '../../infra/errors.js';

/** What is stored of the step of a run that ended its engine again and again. @throws CliError when there is none. */
export async function poisonBundle(store: ObjectStore, run: RunId, step: number | null): Promise<PoisonBundle> {
  const steps: number[] = [];
  const folder = poisonFolder(run);
  for await (const { key } of store.list(folder)) {
    const found = /^(\d+)\/bundle\.json$/.exec(key.slice(folder.length))?.[1];
    if (found !== undefined) steps.push(Number(found));
  }
  const wanted = step ?? Math.max(...steps);
  if (!steps.includes(wanted)) {
    const which = step === null || steps.length === 0 ? 'no step' : `no step ${step}, but ${steps.join(', ')},`;
    throw new CliError(`${run} has ${which} that ended its engine again and again: there is nothing to replay.`);
  }
  const key = poisonKey(run, wanted, 'bundle.json');
  const { bytes } = await store.get(key);
  const parsed = poisonBundleSchema.safeParse(JSON.parse(bytes.toString()));
  if (parsed.success) return parsed.data;
  throw new CliError(`${key} is not what this version of Temper writes: use the version that ran ${run}.`);
}
