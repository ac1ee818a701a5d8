// What the set-up shows: on a terminal one live line per task, elsewhere one line when a task starts and one when it ends.
import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow } from '../parts/cache.mjs';

const REDRAW_MS = 120;
const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';

/** @typedef {{ name: string, does: string, state: 'waiting' | 'running' | 'done' | 'failed', startedMs: number, endedMs: number, bytes?: number, folder?: string }} Task */

/** @param {number} ms */
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

/** @param {string} folder */
const bytesBelow = (folder) => {
  try {
    // Links are not followed: Go's and npm's folders have some.
    return existsSync(folder)
      ? filesBelow(folder).reduce((sum, file) => sum + lstatSync(join(folder, file)).size, 0)
      : 0;
  } catch {
    return 0; // the tool moved a file while it was looked at
  }
};

/**
 * @param {Task} task
 * @param {number} nowMs
 * @returns {string}
 */
export const describe = (task, nowMs) => {
  const name = task.name.padEnd(20);
  if (task.state === 'waiting') return `  ${name} waiting`;
  if (task.state === 'done') return `✓ ${name} ${seconds(task.endedMs - task.startedMs)}`;
  if (task.state === 'failed') return `✗ ${name} failed after ${seconds(task.endedMs - task.startedMs)}`;
  const spinner = SPINNER[Math.floor(nowMs / REDRAW_MS) % SPINNER.length];
  return `${spinner} ${name} ${task.does}${fetched(task)} · ${seconds(nowMs - task.startedMs)}`;
};

/** @param {Task} task */
const fetched = ({ folder, bytes }) => {
  if (folder === undefined || bytes === undefined) return '';
  const done = bytesBelow(folder);
  // Past its size the download is over: the rest of the bytes are being unpacked.
  return done < bytes ? ` ${Math.floor(done / 1e6)} of ${Math.ceil(bytes / 1e6)} MB` : ' · unpacking';
};

/** @param {NodeJS.WriteStream} out */
export const openProgress = (out) => {
  /** @type {Task[]} */
  const tasks = [];
  const live = out.isTTY === true && process.env.TERM !== 'dumb';
  let drawn = 0;
  const draw = () => {
    if (!live) return;
    const width = Math.max(20, out.columns || 80) - 1;
    const lines = tasks.map((task) => `\x1b[2K${describe(task, Date.now()).slice(0, width)}\n`);
    out.write((drawn > 0 ? `\x1b[${drawn}A` : '') + lines.join(''));
    drawn = lines.length;
  };
  const timer = live ? setInterval(draw, REDRAW_MS) : undefined;
  timer?.unref();

  return {
    /**
     * Adds a task and runs it after `after`, whose failure it shares without reporting it twice.
     * @param {{ name: string, does: string, bytes?: number | undefined }} what
     * @param {(watch: (folder: string) => void) => Promise<void>} work
     * @param {Promise<unknown>} [after]
     * @returns {Promise<void>}
     */
    run: async (what, work, after) => {
      /** @type {Task} */
      const task = { name: what.name, does: what.does, state: 'waiting', startedMs: 0, endedMs: 0 };
      if (what.bytes !== undefined) task.bytes = what.bytes;
      tasks.push(task);
      await after;
      Object.assign(task, { state: 'running', startedMs: Date.now() });
      if (!live)
        out.write(
          `… ${task.name}: ${task.does}${task.bytes === undefined ? '' : ` ${Math.ceil(task.bytes / 1e6)} MB`}\n`,
        );
      try {
        await work((folder) => (task.folder = folder));
        task.state = 'done';
      } catch (error) {
        task.state = 'failed';
        throw error;
      } finally {
        task.endedMs = Date.now();
        if (!live) out.write(`${describe(task, Date.now())}\n`);
      }
    },
    close: () => {
      clearInterval(timer);
      draw();
    },
  };
};
