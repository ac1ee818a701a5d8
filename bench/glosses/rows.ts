import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { partPaths } from '../../infra/parts.mjs';
import { repositoryRoot } from '../../infra/parts/root.mjs';

/** Rows that the example trains on, and steps of 32 in an epoch of them. */
export const ROWS_PER_EPOCH = 360 * 21;
export const STEPS_PER_EPOCH = stepsFor(ROWS_PER_EPOCH);

export function stepsFor(rows: number): number {
  return Math.ceil(rows / 32);
}

/** A file of the glosses' example. */
export const exampleFile = (name: string): string => join(repositoryRoot(), 'examples', 'glosses', name);

/** Writes the data of the glosses' example beside its job, as the demo does; returns the job's file. */
export async function writeGlosses(): Promise<string> {
  const args = [exampleFile('make-rows.mjs'), partPaths().wordnet, '--check', '--data', exampleFile('glosses.jsonl')];
  await promisify(execFile)(process.execPath, args);
  return exampleFile('job.yaml');
}
