// `npm run setup`: brings everything that Temper needs onto this machine. Dependency-free: it runs before anything is
// installed. Everything already there is left alone, so a second run only looks.
import { pathToFileURL } from 'node:url';
import { addonPart, addonProblem, installAddon } from './parts/addon.mjs';
import { cacheRoot, cachedProblem, installPart, sweepAbandonedWork } from './parts/cache.mjs';
import { SetupError } from './parts/errors.mjs';
import { cacheFolder, ownPath, partProblem } from './parts/part.mjs';
import { killRunningTools } from './parts/tool.mjs';
import { parts } from './parts.mjs';
import { missingPrerequisites, nodeProblem, platformProblem } from './prerequisites.mjs';
import { withLock } from './setup/lock.mjs';
import { installPackages, packagesProblem } from './setup/packages.mjs';
import { openProgress } from './setup/progress.mjs';

const out = process.stderr; // stdout belongs to the command that the set-up precedes

/** @typedef {import('./parts/part.mjs').Part} Part */

/** @returns {Part[]} the parts that must be fetched */
const missingParts = () => {
  /** @type {Part[]} */
  const missing = [];
  /** @type {string[]} */
  const wrong = [];
  for (const part of Object.values(parts)) {
    const problem = partProblem(part);
    if (problem === undefined) continue;
    if (ownPath(part) === undefined) missing.push(part);
    else wrong.push(`${part.ownEnv} does not work: ${problem}.`);
  }
  if (wrong.length > 0) throw new SetupError(wrong.join('\n'), { exitCode: 2 });
  return missing;
};

/** @returns {boolean} whether the compiler will be needed, as far as can be told before the packages are there */
const addonMustBeBuilt = () => {
  try {
    return cachedProblem(cacheFolder(addonPart())) !== undefined;
  } catch {
    return true;
  }
};

/** @param {readonly Part[]} missing */
const checkPrerequisites = async (missing) => {
  const sentences = [nodeProblem(process.versions.node), platformProblem()].filter(
    (sentence) => sentence !== undefined,
  );
  const needed = missing.flatMap((part) => [...part.needs]);
  if (packagesProblem() !== undefined) needed.push('npm');
  if (addonMustBeBuilt()) needed.push('compiler', 'npm', 'tar');
  sentences.push(...(await missingPrerequisites(needed)));
  if (sentences.length > 0) throw new SetupError(sentences.join('\n'), { exitCode: 2 });
};

/**
 * @param {ReturnType<typeof openProgress>} progress
 * @param {Part} part
 */
const fetchPart = (progress, part) =>
  progress.run(
    { name: part.name, does: part.downloadBytes === undefined ? 'building' : 'fetching', bytes: part.downloadBytes },
    (watch) =>
      installPart(cacheFolder(part), (place) => {
        watch(place.scratch);
        return part.make(place);
      }),
  );

const provideAddon = () =>
  withLock('addon', async () => {
    const part = addonPart();
    if (cachedProblem(cacheFolder(part)) !== undefined) await installPart(cacheFolder(part), part.make);
    if (addonProblem() !== undefined) installAddon();
  });

/**
 * Does what is missing, all at once. One failure does not stop the others: what they bring stays in the cache.
 * @throws {SetupError} one for all failures
 */
export const setUp = async () => {
  const startedMs = Date.now();
  sweepAbandonedWork(cacheRoot());
  const missing = missingParts();
  const stale = packagesProblem() !== undefined;
  if (missing.length === 0 && !stale && addonProblem() === undefined) return;
  await checkPrerequisites(missing);
  const progress = openProgress(out);
  const fetching = new Map(missing.map((part) => [part, fetchPart(progress, part)]));
  const packages = stale
    ? progress.run({ name: 'npm packages', does: 'installing' }, installPackages)
    : Promise.resolve();
  const before = Promise.all([packages, fetching.get(parts.libtensorflow)]);
  const addon = progress.run({ name: 'TensorFlow.js addon', does: 'building and linking' }, provideAddon, before);
  const ended = await Promise.allSettled([...fetching.values(), packages, addon]);
  progress.close();
  // The addon shares the failure of what it waits for: tell it once.
  const failures = new Set(
    ended.flatMap((end) => (end.status === 'rejected' ? [/** @type {unknown} */ (end.reason)] : [])),
  );
  if (failures.size > 0) throw joinFailures([...failures]);
  out.write(`Set up in ${((Date.now() - startedMs) / 1000).toFixed(1)} s; the parts are in ${cacheRoot()}.\n`);
};

/** @param {readonly unknown[]} failures */
const joinFailures = (failures) => {
  const told = failures.map((failure) => {
    if (failure instanceof SetupError)
      return [failure.message, ...failure.detail.map((line) => `    ${line}`)].join('\n');
    return failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
  });
  const userFirst = failures.every((failure) => failure instanceof SetupError && failure.exitCode === 2);
  return new SetupError([...new Set(told)].join('\n'), { exitCode: userFirst ? 2 : 1 });
};

/** Stops the tools with us; the work folders they leave are swept by the next set-up. */
export const stopToolsWithUs = () => {
  for (const [signal, code] of /** @type {const} */ ([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ])) {
    process.once(signal, () => {
      killRunningTools();
      process.exit(code);
    });
  }
  process.once('exit', killRunningTools);
};

/**
 * Runs a step of the set-up as a program: its errors become sentences and an exit code.
 * @param {() => Promise<void>} step
 * @returns {Promise<boolean>} whether it went well
 */
export const asProgram = async (step) => {
  try {
    await step();
    return true;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    out.write(`${[error.message, ...error.detail.map((line) => `    ${line}`)].join('\n')}\n`);
    process.exitCode = error.exitCode;
    return false;
  }
};

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  stopToolsWithUs();
  if (await asProgram(setUp)) out.write('Everything is set up.\n');
}
