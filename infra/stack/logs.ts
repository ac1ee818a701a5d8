import { copyFileSync, existsSync, openSync, readFileSync, renameSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

const maxLogBytes = 16 * 2 ** 20;

export const logFileOf = (logs: string, name: string): string => join(logs, `${name}.log`);

/** The child's output goes to the file without passing through us; past its size the old log becomes `.1`. */
export const openLog = (path: string): number => {
  if (existsSync(path) && statSync(path).size > maxLogBytes) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
};

/** For a child that runs for weeks: it appends, so it goes on at the start of the emptied file. */
export const trimLog = (path: string): void => {
  if (!existsSync(path) || statSync(path).size <= maxLogBytes) return;
  copyFileSync(path, `${path}.1`);
  truncateSync(path, 0);
};

export const lastLines = (path: string, count: number): string =>
  existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').slice(-count).join('\n') : '';
