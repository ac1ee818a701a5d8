import { setTimeout as pause } from 'node:timers/promises';
import { commandMark } from '../../infra/stack/leftovers.js';
import { markedProcesses, signalProcess } from '../../infra/stack/reclaim.js';
import type { RecordedProcess } from '../../infra/stack/record.js';
import type { BareLoop } from './bare-loop.js';

/** Of the bare loop: some steps, and far below the 6 s after which a heartbeat would be missed. */
const TURN_MS = 1_000;

/** When the run stood still, by the clock. */
export interface Stop {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Everything that this bench has started, but for the bare loop: the stack, its workers and engines, and commands. */
const startedByUs = (bare: BareLoop): RecordedProcess[] =>
  markedProcesses(commandMark, process.env[commandMark]!).filter(({ pid }) => pid !== bare.pid);

/**
 * Runs `run` and the bare loop side by side, one of them at a time, and so that they stay at the same steps: all processes of the run
 * are stopped while the loop does some. What the machine's speed does meanwhile hits both alike. Clocks go on while the run stands
 * still: the rarer it does, the less of its heartbeats and looks comes to its own time twice.
 */
export async function takeTurns<Result>(
  run: Promise<Result>,
  bare: BareLoop,
): Promise<{ readonly result: Result; readonly stops: readonly Stop[] }> {
  const stops: Stop[] = [];
  let running = true;
  const result = run.finally(() => (running = false));
  result.catch(() => undefined); // it is awaited below
  while (running && !bare.isDone) {
    const stopped = startedByUs(bare);
    const { stride } = bare;
    const fromMs = Date.now();
    for (const each of stopped) signalProcess(each, 'SIGSTOP');
    try {
      while (Date.now() - fromMs < TURN_MS && !bare.isDone) await bare.step();
    } finally {
      for (const each of stopped) signalProcess(each, 'SIGCONT');
    }
    const toMs = Date.now();
    stops.push({ fromMs, toMs });
    await pause(stride * (toMs - fromMs));
  }
  while (!bare.isDone) await bare.step();
  return { result: await result, stops };
}

/** Seconds of a span in which the run did not stand still. */
export function secondsWithout(stops: readonly Stop[], span: Stop): number {
  const within = ({ fromMs, toMs }: Stop) => Math.max(0, Math.min(toMs, span.toMs) - Math.max(fromMs, span.fromMs));
  return (span.toMs - span.fromMs - stops.reduce((sum, stop) => sum + within(stop), 0)) / 1000;
}
