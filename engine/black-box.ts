/**
 * What an engine is about to do, in a file that outlives it: however it dies, its worker reads there which step it was at. A
 * write of a few bytes to the page cache takes some microseconds, so that every step is in it.
 */
import { openSync, readFileSync, rmSync, writeSync } from 'node:fs';

/** The step under way: the position before it, with the number of the step that it makes done. */
export interface StepUnderWay {
  readonly step: number;
  readonly epoch: number;
  readonly cursor: number;
  /** Rows of the training split, of each micro-batch; only of a step that is suspected. */
  readonly batches?: readonly (readonly number[])[];
}

export interface BlackBox {
  begins(step: StepUnderWay): void;
  /** No step is under way. */
  clear(): void;
}

export function openBlackBox(path: string): BlackBox {
  const file = opened(path);
  if (file === null) return { begins: () => undefined, clear: () => undefined };
  const write = (text: string): void => {
    try {
      writeSync(file, `${text}\n`, 0);
    } catch (error) {
      if (!isFull(error)) throw error; // what could not be noted is not known of a death; the next snapshot tells of the disk
    }
  };
  return { begins: (step) => write(JSON.stringify(step)), clear: () => write('') };
}

/** null: there is no room for a file. */
function opened(path: string): number | null {
  try {
    return openSync(path, 'w');
  } catch (error) {
    if (isFull(error)) return null;
    throw error;
  }
}

const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');

/** The step under way in a living engine; null: none, or it never got as far, or was killed within the first write. */
export function lookIntoBlackBox(path: string): StepUnderWay | null {
  try {
    const [line = ''] = readFileSync(path, 'utf8').split('\n'); // longer, older lines may follow
    return line === '' ? null : (JSON.parse(line) as StepUnderWay);
  } catch {
    return null;
  }
}

/** Reads the box of an engine that is gone, and removes it; null: no step was under way. */
export function readBlackBox(path: string): StepUnderWay | null {
  try {
    return lookIntoBlackBox(path);
  } finally {
    rmSync(path, { force: true });
  }
}
