// The cache of parts, outside node_modules so that `npm ci` and a second checkout do not fetch them again.
//
// Protocol: a part is made in a work folder beside its place, stamped with the name and size of every file, and renamed
// into place. The rename is the commit: of two set-ups that race, one wins and the other takes the winner's; one that
// is killed leaves only a work folder, which a later one sweeps away. A part whose stamp does not match is made again.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir, hostname } from 'node:os';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { SetupError } from './errors.mjs';

const STAMP = '.complete.json';
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

/** @returns {string} */
export const cacheRoot = () => {
  if (process.env.TEMPER_CACHE) return resolve(process.env.TEMPER_CACHE);
  const xdg = process.env.XDG_CACHE_HOME; // the XDG specification says to ignore relative ones
  return join(xdg && isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'temper');
};

/**
 * @param {string} folder
 * @returns {string[]} every file below it, relative to it
 */
export const filesBelow = (folder) => {
  /** @type {string[]} */
  const files = [];
  /** @param {string} at */
  const walk = (at) => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) walk(path);
      else files.push(relative(folder, path));
    }
  };
  walk(folder);
  return files;
};

/** @param {string} folder */
export const writeStamp = (folder) => {
  const sizes = Object.fromEntries(filesBelow(folder).map((file) => [file, statSync(join(folder, file)).size]));
  writeFileSync(join(folder, STAMP), JSON.stringify({ sizes }, null, 1));
};

/**
 * @param {string} folder
 * @returns {string | undefined} what is wrong with a cached part, or undefined when it is whole
 */
export const cachedProblem = (folder) => {
  if (!existsSync(folder)) return 'not fetched yet';
  try {
    const { sizes } = /** @type {{ sizes: Record<string, number> }} */ (
      JSON.parse(readFileSync(join(folder, STAMP), 'utf8'))
    );
    for (const [file, size] of Object.entries(sizes)) {
      if (statSync(join(folder, file)).size !== size) return `${file} has another size than when it was fetched`;
    }
    return undefined;
  } catch (error) {
    return `incomplete (${/** @type {Error} */ (error).message})`;
  }
};

/** @param {number} pid */
const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
};

/** The pid tells a dead set-up's folder, but only on its own host: a cache may be shared between machines. */
const workPrefix = () => `.work-${hostname().replaceAll('.', '_')}.`;

/** @param {string} root */
export const sweepAbandonedWork = (root) => {
  for (const name of existsSync(root) ? readdirSync(root) : []) {
    const pid = /^\.work-[^.]*\.(\d+)\./.exec(name)?.[1];
    if (pid === undefined) continue;
    const path = join(root, name);
    const abandoned = name.startsWith(workPrefix())
      ? !isAlive(Number(pid))
      : Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > ABANDONED_AFTER_MS;
    if (abandoned) rmSync(path, { recursive: true, force: true });
  }
};

/**
 * Makes a part and puts it in its place.
 * @param {string} folder where it goes, directly below the cache's root
 * @param {(place: { part: string, scratch: string }) => Promise<void>} make fills `part`; `scratch` is thrown away
 */
export const installPart = async (folder, make) => {
  const root = cacheRoot();
  let work;
  try {
    mkdirSync(root, { recursive: true });
    work = mkdtempSync(join(root, `${workPrefix()}${process.pid}.`));
  } catch (error) {
    const why = /** @type {Error} */ (error).message;
    throw new SetupError(
      `Cannot write to the cache ${root} (${why}): make it writable, or set TEMPER_CACHE to another folder.`,
      { exitCode: 2 },
    );
  }
  const place = { part: join(work, 'part'), scratch: join(work, 'scratch') };
  try {
    mkdirSync(place.part);
    mkdirSync(place.scratch);
    await make(place);
    writeStamp(place.part);
    commit(place.part, folder, join(work, 'broken'));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};

/**
 * @param {string} made
 * @param {string} folder
 * @param {string} broken where a damaged predecessor goes
 */
const commit = (made, folder, broken) => {
  try {
    renameSync(made, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
    if (cachedProblem(folder) === undefined) return; // another set-up was first, and its part is whole
    renameSync(folder, broken);
    renameSync(made, folder);
  }
};
