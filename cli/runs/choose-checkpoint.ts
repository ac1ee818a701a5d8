import type { Job } from '../../job/schema.js';
import { listCheckpoints } from '../../storage/checkpoint/list.js';
import type { Manifest } from '../../storage/checkpoint/manifest.js';
import { readRecord } from '../../storage/checkpoint/records.js';
import type { ObjectStore } from '../../storage/object-store.js';
import type { RunId } from '../../workflows/contract.js';
import { best } from '../../workflows/policies/selection.js';
import { CliError } from '../../infra/errors.js';

/** `RUN`, `RUN@12`, `RUN@step 240`, `RUN@best` */
export interface Chosen {
  readonly run: RunId;
  readonly at: { readonly sequence: number } | { readonly step: number } | 'best' | 'newest';
}

export function parseChosen(text: string): Chosen | null {
  const [, run, at] = /^([A-Za-z0-9][A-Za-z0-9._-]{0,199})(?:@(.+))?$/s.exec(text) ?? [];
  if (run === undefined) return null;
  if (at === undefined) return { run: run as RunId, at: 'newest' };
  if (at === 'best') return { run: run as RunId, at };
  const [, step, number] = /^(step[ :=]?)?(\d+)$/.exec(at) ?? [];
  if (number === undefined) return null;
  return { run: run as RunId, at: step === undefined ? { sequence: Number(number) } : { step: Number(number) } };
}

/** The manifest of the checkpoint that was meant. @throws CliError with those there are, when there is none. */
export async function chooseCheckpoint(
  store: ObjectStore,
  { run, at }: Chosen,
  selectBest: Job['selectBest'],
): Promise<Manifest> {
  const living = (await listCheckpoints(store, run)).filter((each) => each.kind === 'living');
  const observed = living.flatMap(({ metrics }) => metrics ?? []);
  const wanted =
    at === 'newest'
      ? living.at(-1)
      : at === 'best'
        ? living.findLast(({ step }) => step === best(observed, selectBest)?.step)
        : living.findLast((each) => ('step' in at ? each.step === at.step : each.sequence === at.sequence));
  if (!wanted) {
    const there = living.map(({ sequence, step }) => `${sequence} (step ${step})`).join(', ');
    const what =
      at === 'best' ? 'a checkpoint that was validated' : typeof at === 'object' ? 'such a checkpoint' : 'a checkpoint';
    throw new CliError(`${run} has not ${what}: ${there === '' ? 'none is there' : `there are ${there}`}.`);
  }
  const found = await readRecord(store, run, wanted.sequence);
  if (found.kind === 'record' && found.record.kind === 'manifest') return found.record;
  throw new CliError(`Checkpoint ${wanted.sequence} of ${run} was retired just now: try again.`);
}
