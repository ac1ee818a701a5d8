import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { bootId, identify, isAlive } from './process-identity.js';
import type { RecordedProcess, StackRecord } from './record.js';

/**
 * What a killed `up` left is ended before anything of it is opened again: two Temporal servers over one database
 * would ruin it. Two nets: the record, by pid and start time; and the mark every child carries in its environment,
 * for one that was spawned but not yet recorded when `up` died. Callers hold the folder's lock.
 */
export const stackMark = 'TEMPER_STACK';

/** The living processes whose environment has this, but for ourselves. A child inherits it unless it is given another. */
export const markedProcesses = (name: string, value: string): RecordedProcess[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .flatMap((pid) => {
      try {
        if (!`\0${readFileSync(`/proc/${pid}/environ`, 'utf8')}`.includes(`\0${name}=${value}\0`)) return [];
        const command = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
        return identify(command, Number(pid)) ?? [];
      } catch {
        return []; // ended meanwhile, or another user's
      }
    });

export const orphansOf = (folder: string, record: StackRecord | null): RecordedProcess[] => {
  const recorded = record !== null && record.bootId === bootId() ? record.processes.filter(isAlive) : [];
  const known = new Set(recorded.map((orphan) => orphan.pid));
  return [...recorded, ...markedProcesses(stackMark, folder).filter((orphan) => !known.has(orphan.pid))];
};

/**
 * The recorded `up`, when it lives although we hold the lock: it was started in another network namespace. Its
 * children are no orphans.
 */
export const livingSupervisor = (record: StackRecord | null): RecordedProcess | null =>
  record !== null &&
  record.state !== 'stopped' &&
  record.bootId === bootId() &&
  record.supervisor.pid !== process.pid &&
  isAlive(record.supervisor)
    ? record.supervisor
    : null;

export const signalProcess = (target: RecordedProcess, signal: NodeJS.Signals): void => {
  try {
    if (isAlive(target)) process.kill(target.pid, signal);
  } catch {
    // It ended between the look and the signal.
  }
};

export const waitUntilGone = async (targets: readonly RecordedProcess[], timeoutMs: number): Promise<boolean> => {
  const deadline = performance.now() + timeoutMs;
  while (targets.some(isAlive)) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
};

/** SIGTERM, and SIGKILL for what is still there after `graceMs`. Resolves when all are gone. */
export const reclaim = async (orphans: readonly RecordedProcess[], graceMs = 3_000): Promise<void> => {
  for (const orphan of orphans) signalProcess(orphan, 'SIGTERM');
  if (await waitUntilGone(orphans, graceMs)) return;
  for (const orphan of orphans) signalProcess(orphan, 'SIGKILL');
  if (await waitUntilGone(orphans, 10_000)) return;
  const left = orphans.filter(isAlive).map((orphan) => `${orphan.name} (${orphan.pid})`);
  throw new Error(`Processes of an earlier stack do not end: ${left.join(', ')}.`);
};
