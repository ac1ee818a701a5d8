import { readFileSync } from 'node:fs';
import type { RecordedProcess } from './record.js';

/** Null when no such process lives. Field 22 follows the command's name, which may hold spaces and brackets itself. */
export const startTimeOf = (pid: number): string | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[0];
    return state === 'Z' || state === 'X' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
};

export const isAlive = (process: RecordedProcess): boolean => startTimeOf(process.pid) === process.startTime;

export const identify = (name: string, pid: number): RecordedProcess | null => {
  const startTime = startTimeOf(pid);
  return startTime === null ? null : { name, pid, startTime };
};

export const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
