// `npm run demo`, `npm test`, `npm run bench`, `npm run faults`, `npm run fuzz`: from a bare clone to the command itself. What is already there is left
// alone. Everything said on the way goes to stderr; the command has stdout, the exit code and the signals to itself. What it has started and
// left behind (a runner of tests that is interrupted leaves its servers) is ended after it.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './build.mjs';
import { repositoryRoot } from './parts/root.mjs';
import { killRunningTools } from './parts/tool.mjs';
import { asProgram, setUp, stopToolsWithUs } from './setup.mjs';

/** @type {Record<string, readonly string[]>} the file that Node runs, and its first arguments */
const commands = {
  demo: ['bin/temper.mjs', 'demo'],
  test: ['node_modules/vitest/vitest.mjs', 'run'],
  bench: ['dist/bench/main.js'],
  faults: ['dist/test/faults/main.js'],
  fuzz: ['dist/test/fuzz/main.js'],
};

/**
 * Ctrl-C on a terminal reaches the command without us: passing it on would be a second Ctrl-C.
 * @param {NodeJS.Signals} signal
 */
const reachesChildItself = (signal) =>
  signal === 'SIGINT' && (process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY);

/** @param {readonly string[]} args */
const becomeCommand = async (args) => {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.removeAllListeners(signal);
  process.removeListener('exit', killRunningTools);
  const built = pathToFileURL(join(repositoryRoot(), 'dist', 'infra', 'stack', 'leftovers.js')).href;
  const { commandMark, endLeftovers } = /** @type {typeof import('./stack/leftovers.js')} */ (await import(built));
  const id = randomUUID();
  const child = spawn(process.execPath, args, { stdio: 'inherit', env: { ...process.env, [commandMark]: id } });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => void (reachesChildItself(signal) || child.kill(signal)));
  }
  child.on('exit', (code, signal) => {
    void endLeftovers(id).then((ended) => {
      if (ended.length > 0) process.stderr.write(`Ended what was left running: ${ended.join(', ')}.\n`);
      if (signal === null) process.exit(code ?? 1);
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    });
  });
};

const [name = '', ...rest] = process.argv.slice(2);
const command = commands[name];
if (command === undefined) {
  process.stderr.write(`Usage: node infra/run.mjs ${Object.keys(commands).join('|')} [arguments]\n`);
  process.exitCode = 2;
} else {
  stopToolsWithUs();
  if ((await asProgram(setUp)) && (await asProgram(build))) {
    const [file = '', ...first] = command;
    await becomeCommand([join(repositoryRoot(), file), ...first, ...rest]);
  }
}
