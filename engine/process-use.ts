import { readFileSync } from 'node:fs';

/** What a process is at: the processor time that it has used, and whether it waits for nothing but the processor or a disk. */
export interface ProcessUse {
  readonly cpuMs: number;
  readonly runnable: boolean;
}

/** /proc counts in hundredths of a second, whatever the kernel's own clock. */
const TICK_MS = 10;

/** null where it cannot be known: no /proc, or the process is gone. */
export function processUse(pid: number): ProcessUse | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return null;
  }
}

/** A line of /proc/PID/stat; its second field is a name that may hold blanks and brackets. */
export function parseStat(line: string): ProcessUse | null {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [state, user, system] = [fields[0], Number(fields[11]), Number(fields[12])];
  if (!state || !Number.isFinite(user) || !Number.isFinite(system)) return null;
  return { cpuMs: (user + system) * TICK_MS, runnable: state === 'R' || state === 'D' };
}
