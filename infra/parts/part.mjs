// What every part is, whoever fetches it.
import { accessSync, constants, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cacheRoot, cachedProblem } from './cache.mjs';

/** @typedef {'python' | 'npm' | 'go' | 'compiler' | 'tar'} Prerequisite */

/**
 * @typedef {object} Part
 * @property {string} name as it is shown
 * @property {string} version
 * @property {string} folder its folder's name in the cache: version, platform and the start of its digest
 * @property {string} payload what users of the part want of that folder: a file, a folder, or '' for all of it
 * @property {readonly Prerequisite[]} needs to fetch or build it
 * @property {number} [downloadBytes]
 * @property {string} [ownEnv] the environment variable that points at the user's own
 * @property {(path: string) => string | undefined} ownProblem what is wrong with the user's own, if anything
 * @property {(place: { part: string, scratch: string }) => Promise<void>} make
 */

/**
 * @param {Part} part
 * @returns {string | undefined} the user's own, if they gave one
 */
export const ownPath = (part) => {
  const given = part.ownEnv === undefined ? undefined : process.env[part.ownEnv];
  return given ? resolve(given) : undefined;
};

/** @param {Part} part */
export const cacheFolder = (part) => join(cacheRoot(), part.folder);

/**
 * @param {Part} part
 * @returns {string} where the part is, or will be once it is set up
 */
export const partPath = (part) => ownPath(part) ?? join(cacheFolder(part), part.payload);

/**
 * @param {Part} part
 * @returns {string | undefined}
 */
export const partProblem = (part) => {
  const own = ownPath(part);
  return own === undefined ? cachedProblem(cacheFolder(part)) : part.ownProblem(own);
};

/**
 * The machine as wheels name it; undefined where no wheel exists.
 * @returns {'x86_64' | 'aarch64' | undefined}
 */
export const machine = () => {
  if (process.platform !== 'linux' || !hasGlibc()) return undefined;
  return process.arch === 'x64' ? 'x86_64' : process.arch === 'arm64' ? 'aarch64' : undefined;
};

/** libtensorflow is built for glibc: on musl (Alpine) it cannot be loaded. */
const hasGlibc = () => {
  Object.assign(process.report, { excludeNetwork: true }); // resolving the machine's addresses would take seconds
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return header.glibcVersionRuntime !== undefined;
};

/**
 * @param {string} path
 * @returns {string | undefined}
 */
export const executableProblem = (path) => {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return `there is no file ${path}`;
  try {
    accessSync(path, constants.X_OK);
    return undefined;
  } catch {
    return `${path} is not executable`;
  }
};
