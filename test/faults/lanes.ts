/** Does the tries of rows, several side by side: most of a try is waiting for time-outs. */
import { startScene, type Scene } from '../support/faults/scene.js';
import type { Row, Stage, Try } from './row.js';

export interface Plan {
  readonly seed: number;
  readonly lanes: number;
  /** Which tries of a row to do, given how many make it whole. */
  readonly numbers: (row: Row, whole: number) => readonly number[];
  /** `seconds`: from its start to its end, all of it. */
  readonly done: (row: Row, number: number, tried: Try, seconds: number) => void;
  /** true: no further try begins. */
  readonly isOver: () => boolean;
}

export async function inLanes(rows: readonly Row[], plan: Plan): Promise<void> {
  const queues = new Map<string, number[]>();
  await Promise.all(Array.from({ length: plan.lanes }, () => lane(rows, plan, queues)));
}

async function lane(rows: readonly Row[], plan: Plan, queues: Map<string, number[]>): Promise<void> {
  let made: Promise<Scene> | null = null;
  const dropScene = async (): Promise<void> => {
    const scene = await made?.catch(() => null);
    made = null;
    await scene?.stop();
  };
  try {
    for (const row of rows) {
      let stage: Stage | null = null;
      const open = () => row.open({ seed: plan.seed, scene: () => (made ??= startScene()) });
      const isOver = () => plan.isOver() || queues.get(row.name)?.length === 0;
      try {
        while (!isOver()) {
          stage ??= await open();
          if (!queues.has(row.name)) queues.set(row.name, [...plan.numbers(row, stage.tries ?? row.tries)]);
          const number = queues.get(row.name)!.shift();
          if (number === undefined) break;
          const began = performance.now();
          const tried = await stage.attempt(number).catch((error: unknown) => failed(error));
          plan.done(row, number, tried, (performance.now() - began) / 1000);
          if (tried.problems.length === 0) continue;
          await stage.close?.(); // what is broken must not break the next try
          stage = null;
          await dropScene();
        }
      } finally {
        await stage?.close?.();
      }
    }
  } finally {
    await dropScene();
  }
}

const failed = (error: unknown): Try => ({
  what: 'could not be tried',
  problems: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
  lostSteps: 0,
  extraSeconds: null,
  faults: 0,
});
