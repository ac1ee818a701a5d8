// The native parts and the demo's model and data: each pinned by version and digest, kept in a cache outside
// node_modules, or given by the user. START HERE: partPaths() says where they are, inspectParts() whether they are.
import { addonPart, addonProblem } from './parts/addon.mjs';
import { libtensorflow } from './parts/libtensorflow.mjs';
import { minilm } from './parts/minilm.mjs';
import { mobilenet } from './parts/mobilenet.mjs';
import { ownPath, partPath, partProblem } from './parts/part.mjs';
import { temporalCli } from './parts/temporal-cli.mjs';
import { versitygw } from './parts/versitygw.mjs';
import { wordnet } from './parts/wordnet.mjs';

/** Those that can be fetched before the npm packages are there. */
export const parts = /** @type {const} */ ({ libtensorflow, temporalCli, versitygw, minilm, mobilenet, wordnet });

/** @typedef {keyof typeof parts} PartKey */

/**
 * Where each part is, or will be once it is set up. Looks at nothing and fetches nothing.
 *
 * `libtensorflow` is a folder, `temporalCli` and `versitygw` are executables, `minilm` and `mobilenet` are Hugging Face model
 * folders, `wordnet` is the file data.noun. The paths are absolute.
 * @returns {Record<PartKey, string>}
 */
export const partPaths = () => ({
  libtensorflow: partPath(libtensorflow),
  temporalCli: partPath(temporalCli),
  versitygw: partPath(versitygw),
  minilm: partPath(minilm),
  mobilenet: partPath(mobilenet),
  wordnet: partPath(wordnet),
});

/**
 * @typedef {object} PartReport
 * @property {PartKey | 'addon'} key
 * @property {string} name
 * @property {string | undefined} version the pinned one; undefined for the user's own
 * @property {string} source 'cache', or 'yours (ENVIRONMENT_VARIABLE)'
 * @property {string} path
 * @property {boolean} usable
 * @property {string} [problem]
 * @property {string} [remedy]
 */

/**
 * @param {Pick<PartReport, 'key' | 'name' | 'version' | 'source' | 'path'>} what
 * @param {string | undefined} problem
 * @param {string} remedy
 * @returns {PartReport}
 */
const report = (what, problem, remedy) =>
  problem === undefined ? { ...what, usable: true } : { ...what, usable: false, problem, remedy };

/**
 * Says of each part whether it is there and whole, without running anything; a few milliseconds.
 * @returns {PartReport[]}
 */
export const inspectParts = () => {
  const fetched = /** @type {[PartKey, import('./parts/part.mjs').Part][]} */ (Object.entries(parts)).map(
    ([key, part]) => {
      const own = ownPath(part) !== undefined;
      const source = own ? `yours (${part.ownEnv})` : 'cache';
      const remedy = own ? `Correct ${part.ownEnv}, or unset it and run \`npm run setup\`.` : 'Run `npm run setup`.';
      const version = own ? undefined : part.version;
      return report({ key, name: part.name, version, source, path: partPath(part) }, partProblem(part), remedy);
    },
  );
  return [...fetched, inspectAddon()];
};

/** @returns {PartReport} */
const inspectAddon = () => {
  const problem = addonProblem();
  const remedy = 'Run `npm run setup`.';
  try {
    const part = addonPart();
    return report(
      { key: 'addon', name: part.name, version: part.version, source: 'cache', path: partPath(part) },
      problem,
      remedy,
    );
  } catch {
    // Its version and folder follow from the npm package and the headers, which are not there yet.
    return report(
      { key: 'addon', name: 'TensorFlow.js addon', version: undefined, source: 'cache', path: '' },
      problem ?? 'not built yet',
      remedy,
    );
  }
};
