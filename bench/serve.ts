import { createInterface } from 'node:readline';
import type { Row } from './subject.js';

/** The measured side (its asker is subject.ts): for every line on stdin does some steps, answers with the ms of each. */
export async function serve(steps: (row: Row) => number[] | Promise<number[]>): Promise<void> {
  for await (const line of createInterface(process.stdin)) {
    process.stdout.write(`${JSON.stringify({ ms: await steps(JSON.parse(line) as Row) })}\n`);
  }
}

/** Runs `step` `times` times; the ms of each. */
export const timed = (times: number, step: () => void): number[] =>
  Array.from({ length: times }, () => {
    const startMs = performance.now();
    step();
    return performance.now() - startMs;
  });
