/** A row of the table: a fault, how it is tried, and what came of the tries. */
import type { Attempted, Scene } from '../support/faults/scene.js';

export interface Try extends Pick<Attempted, 'problems' | 'lostSteps'> {
  /** What was done. The same seed and number do it again. */
  readonly what: string;
  /** Faults in this try. */
  readonly faults: number;
  /** What it cost; null where nothing runs on (objects that are damaged and read). */
  readonly extraSeconds: number | null;
}

export interface Stage {
  /** How many tries make the row whole, where only the scene can say. */
  readonly tries?: number;
  /** Does the try of this number; its choices are a function of the seed and the number. */
  attempt(number: number): Promise<Try>;
  close?(): Promise<void>;
}

export interface RowContext {
  readonly seed: number;
  /** The scene of this lane, shared by its rows; made when it is first asked for. */
  scene(): Promise<Scene>;
}

export interface Row {
  readonly name: string;
  readonly title: string;
  /** What is counted as a fault: `SIGKILL`, `bit flip`. */
  readonly unit: string;
  /** Tries of the whole row; where its stage tells a number, about. */
  readonly tries: number;
  /** Tries of the row with `--nightly`, where that has more. */
  readonly nightly?: number;
  /** How many of them `npm test` does, spread over the row; 0: none. */
  readonly inTest: number;
  open(context: RowContext): Promise<Stage>;
}

/** The problem of a try whose protocol point never came: nothing was hurt. */
export const missed = (point: string, came: boolean): string[] => (came ? [] : [`the point ${point} did not come`]);

/** The seed of one try. */
export function seedOf(seed: number, row: string, number: number): number {
  let mixed = seed >>> 0;
  for (const character of `${row} ${number}`) mixed = Math.imul(mixed ^ character.charCodeAt(0), 0x01000193) >>> 0;
  return mixed;
}
