import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import { DataError } from '../../data/data-error.js';
import type { DataPlanRef, PartRange, PartsDone } from '../../workflows/contract.js';
import type { SourcePart } from '../../data/prepare/parts.js';
import { asActivity } from '../as-activity.js';
import type { Attempt, DataDependencies } from './dependencies.js';
import { readPlan, type DataPlan } from './plan.js';
import { ThreadOutOfMemory } from './threads.js';

/** What a heartbeat of a data activity says. */
export interface DataProgress {
  /** The part that is worked on; null where it is no matter of parts. */
  readonly part: number | null;
  /** Of it: rows, or bytes where records are looked for. */
  readonly done: number;
  readonly total: number | null;
}

/** Tries on one worker or several, after which a part is taken for too large. */
const TRIES_FOR_MEMORY = 3;

/** The body of a data activity: its heartbeats say how far it is. */
export function asStage<Result>(body: (attempt: Attempt, tell: (part: number) => void) => Promise<Result>) {
  let progress: DataProgress | null = null;
  let part: number | null = null;
  return asActivity(
    async (signal) => {
      const number = Context.current().info.attempt;
      const onProgress: Attempt['onProgress'] = ({ done, total }) => (progress = { part, done, total });
      try {
        return await body({ signal, onProgress, number }, (next) => (part = next));
      } catch (error) {
        throw error instanceof ThreadOutOfMemory && number >= TRIES_FOR_MEMORY ? tooLarge(error, part) : error;
      }
    },
    () => progress,
  );
}

const tooLarge = ({ message }: ThreadOutOfMemory, part: number | null): DataError =>
  new DataError(
    `${part === null ? 'the source' : `part ${part + 1} of the source`}: ${message}: look for rows that are far longer than others, or set TEMPER_DATA_THREAD_MIB higher on the data workers`,
  );

/** A data activity over some parts, one after the other; `work` says whether it had to make something of the part. */
export const overRange = (
  dependencies: DataDependencies,
  { plan: ref, parts }: { readonly plan: DataPlanRef; readonly parts: PartRange },
  work: (plan: DataPlan, part: SourcePart, attempt: Attempt) => Promise<'found' | 'made'>,
): Promise<PartsDone> =>
  asStage(async (attempt, tell) => {
    const plan = await readPlan(dependencies, ref, attempt);
    const done = { found: 0, made: 0 };
    for (const part of plan.parts.slice(parts.from, parts.to)) {
      tell(part.index);
      attempt.signal.throwIfAborted();
      done[await work(plan, part, attempt)]++;
    }
    return done;
  });

/** A folder that is gone when `use` has ended. */
export async function withScratch<Result>(
  { workFolder }: Pick<DataDependencies, 'workFolder'>,
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = join(workFolder, `data-${randomUUID()}`);
  await mkdir(folder, { recursive: true });
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
