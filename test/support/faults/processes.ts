/** Signals to the processes of a stack, by name: those of its record, and `engine` for the children of its device workers. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../../../infra/stack/process-identity.js';
import { readRecord, type RecordedProcess } from '../../../infra/stack/record.js';

export function livingProcesses(folder: string): RecordedProcess[] {
  const record = readRecord(join(folder, 'stack.json'));
  return record ? [record.supervisor, ...record.processes].filter(isAlive) : [];
}

/** Engines of the worker with this process id. */
export function enginesOf(worker: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const parent = /\) \S (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
        return Number(parent) === worker && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('engine/host/main');
      } catch {
        return false; // gone meanwhile
      }
    });
}

/**
 * Signals what is called so: a process of the record, `engine` for all engines, `engine of device-2` for those of a worker. The
 * process ids that got it; empty when nothing of that name lives just now.
 */
export function signalAll(folder: string, name: string, signal: NodeJS.Signals): number[] {
  const living = livingProcesses(folder);
  const worker = /^engine(?: of (.*))?$/.exec(name);
  const pids = worker
    ? living
        .filter((each) => each.name === (worker[1] ?? each.name) && /^device/.test(each.name))
        .flatMap(({ pid }) => enginesOf(pid))
    : living.filter((each) => each.name === name).map(({ pid }) => pid);
  return pids.filter((pid) => {
    try {
      process.kill(pid, signal);
      return true;
    } catch {
      return false; // gone meanwhile
    }
  });
}

/** Resident memory of a process, in bytes. */
export function residentBytes(pid: number): number {
  const pages = /^\d+ (\d+)/.exec(readFileSync(`/proc/${pid}/statm`, 'utf8'))?.[1];
  return Number(pages ?? 0) * 4096;
}
