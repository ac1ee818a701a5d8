import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { openLog, trimLog } from './logs.js';

/**
 * One child, kept alive: it is started again when it dies, at once the first time, then after a growing pause.
 * A child that lived for `settledAfterMs` counts as healthy again.
 */
const pausesMs: readonly number[] = [0, 500, 1_000, 2_000, 4_000, 8_000, 15_000];
export const settledAfterMs = 30_000;
const trimLogEveryMs = 60_000;

export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** Node children: the channel's end tells them that we died. */
  readonly ipc: boolean;
  /** Called before each start: the one before has ended. */
  readonly beforeStart?: () => void;
}

export interface SupervisorHooks {
  started(pid: number): void;
  died(how: string, restartInMs: number, deathsInARow: number): void;
  message(message: unknown): void;
}

export interface Supervised {
  readonly name: string;
  readonly pid: number | undefined;
  start(): void;
  /** No more restarts; SIGTERM, and SIGKILL after `graceMs`. Says whether it had to be killed. */
  stop(graceMs: number): Promise<'ended' | 'killed'>;
  kill(): void;
}

export const supervise = (spec: ProcessSpec, hooks: SupervisorHooks): Supervised => {
  let child: ChildProcess | undefined;
  let deathsInARow = 0;
  let stopping = false;
  let restart: NodeJS.Timeout | undefined;
  let ended: (() => void) | undefined;
  let killed = false;

  const start = (): void => {
    const log = openLog(spec.logFile);
    const startedAt = performance.now();
    const trimming = setInterval(() => trimLog(spec.logFile), trimLogEveryMs).unref();
    spec.beforeStart?.();
    // A session of its own: a terminal's Ctrl-C and hang-up reach us alone, and we end the children in order.
    const running = spawn(spec.command, spec.args, {
      detached: true,
      env: spec.env,
      stdio: spec.ipc ? ['ignore', log, log, 'ipc'] : ['ignore', log, log],
    });
    closeSync(log);
    child = running;
    let over = false;
    const gone = (how: string): void => {
      if (over) return;
      over = true;
      clearInterval(trimming);
      child = undefined;
      if (stopping) return ended?.();
      deathsInARow = performance.now() - startedAt > settledAfterMs ? 1 : deathsInARow + 1;
      const pauseMs = pausesMs[Math.min(deathsInARow, pausesMs.length) - 1] ?? 0;
      restart = setTimeout(start, pauseMs);
      hooks.died(how, pauseMs, deathsInARow);
    };
    running.on('error', (error) => {
      if (running.pid === undefined) gone(error.message); // otherwise a signal or message that came too late
    });
    running.once('exit', (code, signal) => gone(signal ?? `exit code ${code}`));
    running.on('message', (message) => hooks.message(message));
    if (running.pid !== undefined) hooks.started(running.pid);
  };

  /** The group, so that what a hung child started goes with it. */
  const kill = (): void => {
    stopping = true;
    clearTimeout(restart);
    if (child?.pid === undefined) return;
    killed = true;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has just ended.
    }
  };

  const stop = (graceMs: number): Promise<'ended' | 'killed'> =>
    new Promise((resolve) => {
      stopping = true;
      clearTimeout(restart);
      if (child === undefined) return resolve(killed ? 'killed' : 'ended');
      const deadline = setTimeout(kill, graceMs);
      ended = () => {
        clearTimeout(deadline);
        resolve(killed ? 'killed' : 'ended');
      };
      child.kill('SIGTERM');
    });

  return {
    name: spec.name,
    get pid() {
      return child?.pid;
    },
    start,
    stop,
    kill,
  };
};
