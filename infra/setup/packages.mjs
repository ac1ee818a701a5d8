// The npm packages: installed exactly by the lockfile, and only when they are not.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError } from '../parts/errors.mjs';
import { repositoryRoot } from '../parts/root.mjs';
import { runTool } from '../parts/tool.mjs';
import { withLock } from './lock.mjs';

/** @typedef {{ packages?: Record<string, { version?: string, optional?: boolean, link?: boolean }> }} Lockfile */

/** @param {string} path */
const readLockfile = (path) => /** @type {Lockfile} */ (JSON.parse(readFileSync(path, 'utf8')));

/**
 * Compares the lockfile with npm's own record of what it installed, which npm writes last: so an installation that was
 * interrupted, or one that somebody made by hand, is judged rightly. Optional packages may be of another platform.
 * @param {Lockfile} wanted
 * @param {Lockfile} installed
 * @returns {string | undefined} the first difference
 */
export const lockfileDifference = (wanted, installed) => {
  for (const [path, { version, optional }] of Object.entries(wanted.packages ?? {})) {
    if (path === '') continue;
    const found = installed.packages?.[path]?.version;
    if (found !== version && !(optional && found === undefined))
      return `${path} should be ${version}, found ${found ?? 'none'}`;
  }
  return undefined;
};

/** @returns {string | undefined} why the npm packages must be installed, or undefined when they are right */
export const packagesProblem = () => {
  const root = repositoryRoot();
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return 'not installed yet';
  return lockfileDifference(readLockfile(join(root, 'package-lock.json')), readLockfile(record));
};

/** npm outlives a set-up that was killed: two of them in one node_modules would tear it. */
const awaitOrphan = async (/** @type {string} */ pidFile) => {
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8'));
  const isNpm = () => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('npm');
    } catch {
      return false;
    }
  };
  while (isNpm()) await sleep(200);
};

export const installPackages = () =>
  withLock('packages', async () => {
    const root = repositoryRoot();
    const pidFile = join(root, '.temper', 'npm.pid');
    await awaitOrphan(pidFile);
    if (packagesProblem() === undefined) return; // another set-up did it meanwhile
    mkdirSync(dirname(pidFile), { recursive: true });
    // Where packages are already there, only those that differ are exchanged: `npm ci` would first remove them all, from
    // under any worker or editor that runs. Neither changes the lockfile.
    const verb = existsSync(join(root, 'node_modules')) ? ['install', '--no-save'] : ['ci'];
    await runTool('npm', [...verb, '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'], {
      cwd: root,
      onStart: (pid) => writeFileSync(pidFile, String(pid)),
      failure: "npm could not install the packages of package-lock.json: check the network and npm's registry setting.",
    });
    const left = packagesProblem();
    if (left !== undefined) throw new SetupError(`npm installed other packages than package-lock.json names: ${left}.`);
    rmSync(pidFile, { force: true });
  });
