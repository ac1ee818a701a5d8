import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { BareLoop } from './bare-loop.js';

/** Below the 5 s after which a heartbeat would be missed. */
const TURN_MS = 1_500;

/** When the run stood still, by the clock. */
export interface Stop {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Everything that this process has started, but for `but`: the stack, its workers and engines, and commands. */
async function startedByUs(but: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map(await Promise.all(pids.map(async (pid) => [pid, await parentOf(pid)] as const)));
  const isOurs = (pid: number): boolean => {
    for (let at = parents.get(pid); at; at = parents.get(at)) if (at === process.pid) return pid !== but;
    return false;
  };
  return pids.filter(isOurs);
}

async function parentOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''); // it has just ended
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
}

function signalAll(pids: readonly number[], signal: 'SIGSTOP' | 'SIGCONT'): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has just ended.
    }
  }
}

/**
 * Runs `run` and the bare loop side by side, one of them at a time and each as long as the other: all processes of the run are
 * stopped while the loop does some steps. What the machine's speed does meanwhile hits both alike.
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
    const stopped = await startedByUs(bare.pid);
    const fromMs = Date.now();
    signalAll(stopped, 'SIGSTOP');
    try {
      while (Date.now() - fromMs < TURN_MS && !bare.isDone) await bare.step();
    } finally {
      signalAll(stopped, 'SIGCONT');
    }
    const toMs = Date.now();
    stops.push({ fromMs, toMs });
    await pause(toMs - fromMs);
  }
  while (!bare.isDone) await bare.step();
  return { result: await result, stops };
}

/** Seconds of a span in which the run did not stand still. */
export function secondsWithout(stops: readonly Stop[], span: Stop): number {
  const within = ({ fromMs, toMs }: Stop) => Math.max(0, Math.min(toMs, span.toMs) - Math.max(fromMs, span.fromMs));
  return (span.toMs - span.fromMs - stops.reduce((sum, stop) => sum + within(stop), 0)) / 1000;
}
