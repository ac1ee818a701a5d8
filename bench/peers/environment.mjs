// Builds the peers' Python environment, once, outside the repository:  node bench/peers/environment.mjs [REQUIREMENTS]  prints its python.
// It is built beside its place and renamed into it, so a folder of that name is complete, and of two builders one wins.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { repositoryRoot } from '../../infra/parts/root.mjs';

// Not beside this file: its compiled copy in dist/ has no requirements.txt beside it.
/** @param {string} name of a file in this folder */
const requirementsOf = (name) => join(repositoryRoot(), 'bench', 'peers', name);

/** The folder in which the environment lies or will lie; its name changes with its requirements. */
export function peersEnvironment(env = process.env, name = 'requirements.txt') {
  const cache = env.TEMPER_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'temper');
  const hash = createHash('sha256')
    .update(readFileSync(requirementsOf(name)))
    .digest('hex')
    .slice(0, 12);
  return join(cache, `peers-venv-${hash}`);
}

/** Path of the environment's python; builds the environment first if it is not there (2 to 5 minutes, 7 GB). */
export function peersPython(env = process.env, name = 'requirements.txt') {
  const requirements = requirementsOf(name);
  const place = peersEnvironment(env, name);
  const python = join(place, 'bin', 'python');
  if (existsSync(python)) return python;
  mkdirSync(join(place, '..'), { recursive: true });
  removeAbandoned(place);
  const building = `${place}.building-${process.pid}`;
  try {
    run('python3', ['-m', 'venv', building]);
    const pip = [
      '-m',
      'pip',
      '--disable-pip-version-check',
      'install',
      '--quiet',
      '--no-cache-dir',
      '-r',
      requirements,
    ];
    run(join(building, 'bin', 'python'), pip);
    renameSync(building, place);
  } catch (failure) {
    rmSync(building, { recursive: true, force: true });
    if (!existsSync(python)) throw failure; // else another builder was first
  }
  return python;
}

/** @param {string} place */
function removeAbandoned(place) {
  for (const name of readdirSync(join(place, '..'))) {
    const path = join(place, '..', name);
    const [start, pid] = path.split('.building-');
    if (pid && start === place && !isAlive(Number(pid))) rmSync(path, { recursive: true, force: true });
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (failure) {
    return /** @type {NodeJS.ErrnoException} */ (failure).code === 'EPERM';
  }
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2] });
  if (error || status !== 0) {
    throw new Error(
      `peers' Python environment: \`${command} ${args.join(' ')}\` ${error ? error.message : `ended with ${status}`}`,
    );
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    console.log(peersPython(process.env, process.argv[2]));
  } catch (failure) {
    console.error(failure instanceof Error ? failure.message : failure);
    process.exitCode = 1;
  }
}
