// Runs the tools that fetch and build. Each gets a process group of its own, so that stopping the set-up stops a
// compiler's or npm's grandchildren too, and leaves nothing writing into a folder that was given up.
import { spawn } from 'node:child_process';
import { SetupError } from './errors.mjs';

const HEAD_LINES = 6;
const TAIL_LINES = 10;

/** @type {Set<number>} */
const runningGroups = new Set();

export const killRunningTools = () => {
  for (const group of runningGroups) {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // It ended between the listing and the kill.
    }
  }
  runningGroups.clear();
};

/**
 * The start and the end of a tool's log: pip and compilers end with the reason, npm and tsc begin with it.
 * @param {string} text
 */
export const gist = (text) => {
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  if (lines.length <= HEAD_LINES + TAIL_LINES) return lines;
  return [...lines.slice(0, HEAD_LINES), '...', ...lines.slice(-TAIL_LINES)];
};

/**
 * @typedef {object} ToolOptions
 * @property {string} [cwd]
 * @property {Record<string, string>} [env] added to ours
 * @property {string} [failure] the sentence for the user when the tool fails
 * @property {(pid: number) => void} [onStart]
 */

/**
 * Runs a tool to its end and returns what it printed on stdout.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {ToolOptions} [options]
 * @returns {Promise<string>}
 * @throws {SetupError} with the end of the tool's log
 */
export const runTool = (command, args, options = {}) =>
  new Promise((resolve, reject) => {
    const failure = options.failure ?? `${command} ${args.join(' ')} failed.`;
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const pid = child.pid;
    if (pid !== undefined) {
      runningGroups.add(pid);
      options.onStart?.(pid);
    }
    let stdout = '';
    let log = '';
    child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      stdout += text;
      log += text;
    });
    child.stderr.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      log += text;
    });
    child.on('error', (error) => reject(new SetupError(failure, { detail: [`${command}: ${error.message}`] })));
    child.on('close', (code, signal) => {
      if (pid !== undefined) runningGroups.delete(pid);
      if (code === 0) resolve(stdout);
      else reject(new SetupError(failure, { detail: [...gist(log), `(${command} ended with ${signal ?? code})`] }));
    });
  });
