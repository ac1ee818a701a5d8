import { deleteRun } from '../../storage/checkpoint/delete-run.js';
import type { RunId } from '../../workflows/contract.js';
import { CliError } from '../../infra/errors.js';
import { withStore } from '../services.js';

/** Deletes what a closed run has on S3. @throws CliError naming who needs its checkpoints, when somebody does. */
export async function purge(run: string): Promise<number> {
  const deleted = await withStore((store) => deleteRun(store, run as RunId));
  if (deleted.kind === 'deleted') return deleted.deletedObjects;
  const needed = deleted.pins.map(({ sequence, neededBy }) => `checkpoint ${sequence} by ${neededBy}`);
  throw new CliError(`Nothing of ${run} was deleted, because others need it: ${needed.join(', ')}.`);
}
