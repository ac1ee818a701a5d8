import { setTimeout as sleep } from 'node:timers/promises';
import { CliError, exitCode } from '../errors.js';
import type { StackEvent } from './events.js';
import { lastLines } from './logs.js';
import { supervise } from './supervise.js';
import type { ProcessSpec, Supervised } from './supervise.js';

/** Deaths in a row, before it was ever ready, after which a server is taken for unable to run. */
const hopelessDeaths = 3;
const readyWithinMs = 60_000;

export interface Member {
  readonly process: Supervised;
  /** Settles once: ready for the first time, or unable to become so. */
  readonly firstReady: Promise<void>;
}

export interface MemberHooks {
  onEvent(event: StackEvent): void;
  /** The set of processes changed. */
  changed(): void;
}

/** A supervised process that is asked after every start whether it is ready; without a probe it says so itself, by IPC. */
export const member = (spec: ProcessSpec, probe: (() => Promise<void>) | null, hooks: MemberHooks): Member => {
  let start = 0;
  let startedAtMs = 0;
  let resolveReady: () => void = () => {};
  let rejectReady: (error: Error) => void = () => {};
  const firstReady = new Promise<void>((resolve, reject) => {
    resolveReady = resolve;
    rejectReady = reject;
  });
  firstReady.catch(() => {}); // a worker's is not always awaited

  const ready = (): void => {
    hooks.onEvent({ kind: 'ready', name: spec.name, afterMs: Math.round(performance.now() - startedAtMs) });
    resolveReady();
  };
  const hopeless = (why: string): void => {
    const said = lastLines(spec.logFile, 5);
    rejectReady(
      new CliError(
        `${spec.name} ${why}. Its log is ${spec.logFile}${said ? `, and ends:\n${said}` : ''}`,
        exitCode.unreachable,
      ),
    );
  };
  const ask = async (thisStart: number): Promise<void> => {
    if (probe === null) return;
    const deadline = performance.now() + readyWithinMs;
    while (thisStart === start) {
      try {
        await probe();
        if (thisStart === start) ready();
        return;
      } catch (error) {
        if (performance.now() > deadline) return hopeless(`is not ready after 60 s (${String(error)})`);
        await sleep(50);
      }
    }
  };

  const supervised = supervise(spec, {
    started: (pid) => {
      start += 1;
      startedAtMs = performance.now();
      hooks.changed();
      hooks.onEvent({ kind: 'started', name: spec.name, pid });
      void ask(start);
    },
    died: (how, restartInMs, deathsInARow) => {
      start += 1; // whoever still asks, asks about the dead one
      hooks.changed();
      hooks.onEvent({ kind: 'died', name: spec.name, how, restartInMs, deathsInARow, logFile: spec.logFile });
      if (deathsInARow >= hopelessDeaths) hopeless(`died ${deathsInARow} times in a row (${how})`);
    },
    message: (message) => {
      if (message === 'ready' && probe === null) ready();
    },
  });
  return { process: supervised, firstReady };
};
