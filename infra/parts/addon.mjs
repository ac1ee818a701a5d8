// TensorFlow.js's native addon, built from the source in its npm package: two C++ files against Node-API 8.
//
// Neither node-gyp nor make is needed for that, and so no Node headers either: Node-API is the same C interface in
// every Node, its headers come as an npm package with a digest, and one addon serves Node 20, 22 and 24. At run time the
// addon finds libtensorflow through deps/lib beside it, a link to the libtensorflow *folder*: then a CUDA build's own
// search path ($ORIGIN/../nvidia/...) still leads to the CUDA libraries installed beside it.
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { cachedProblem } from './cache.mjs';
import { cxxCompiler } from './compiler.mjs';
import { fetchNpmPackage } from './fetch.mjs';
import { HEADERS, LIBRARIES, libtensorflow } from './libtensorflow.mjs';
import { cacheFolder, partPath } from './part.mjs';
import { repositoryRoot } from './root.mjs';
import { runTool } from './tool.mjs';

const NODE_API = {
  name: 'node-api-headers',
  version: '1.9.0',
  integrity: 'sha512-2oNILP4jXwRB4ywnYKjVk1YyJ96n2D4EOVJO6S3oYZ5PtbJrw3Yt9TpAuX3nBLMuzn74rnfGQrv13pS9vC+YiA==',
};
// 8 is the newest version that the package knows; its loader looks for this folder in every Node that has 8 or later.
const NODE_API_VERSION = 8;
const FLAGS = ['-std=c++17', '-O3', '-DNDEBUG', '-fPIC', '-shared', `-DNAPI_VERSION=${NODE_API_VERSION}`];
const BINARY = 'tfjs_binding.node';

const packageFolder = () => join(repositoryRoot(), 'node_modules', '@tensorflow', 'tfjs-node-gpu');
const installedBinary = () => join(packageFolder(), 'lib', `napi-v${NODE_API_VERSION}`, BINARY);
const libraryLink = () => join(packageFolder(), 'deps', 'lib');
const includeFolder = () => join(partPath(libtensorflow), 'include');

const sources = () => {
  const folder = join(packageFolder(), 'binding');
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));
};

/** Everything that the binary depends on: another libtensorflow with the same C headers (CUDA) shares the addon. */
const inputsDigest = () => {
  const hash = createHash('sha256').update(JSON.stringify([process.arch, NODE_API, FLAGS]));
  const headers = HEADERS.map((header) => join(includeFolder(), header)).filter((path) => existsSync(path));
  for (const path of [...sources(), ...headers]) hash.update(readFileSync(path));
  return hash.digest('hex').slice(0, 12);
};

/** @returns {import('./part.mjs').Part} to be asked for when the packages and libtensorflow are there */
export const addonPart = () => {
  const { version } = /** @type {{ version: string }} */ (
    JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8'))
  );
  return {
    name: 'TensorFlow.js addon',
    version,
    folder: `tfjs-addon-${version}-${process.platform}-${process.arch}-${inputsDigest()}`,
    payload: BINARY,
    needs: ['compiler', 'npm', 'tar'],
    ownProblem: () => undefined,
    make: buildAddon,
  };
};

/** @param {{ part: string, scratch: string }} place */
const buildAddon = async ({ part, scratch }) => {
  const nodeApi = await fetchNpmPackage(NODE_API, scratch);
  const includes = [`-I${join(nodeApi, 'include')}`, `-I${includeFolder()}`];
  const libraries = [
    `-L${partPath(libtensorflow)}`,
    ...LIBRARIES.map((library) => `-l:${library}`),
    '-Wl,-rpath,$ORIGIN/../../deps/lib',
  ];
  const files = sources().filter((path) => path.endsWith('.cc'));
  await runTool(cxxCompiler() ?? 'c++', [...FLAGS, ...includes, ...files, ...libraries, '-o', join(part, BINARY)], {
    env: { TMPDIR: scratch },
    failure: 'The C++ compiler could not build the TensorFlow.js addon.',
  });
};

/** @returns {string | undefined} why `import '@tensorflow/tfjs-node-gpu'` would fail or take another libtensorflow */
export const addonProblem = () => {
  if (!existsSync(packageFolder())) return 'the npm packages are not installed yet';
  if (!existsSync(includeFolder())) return 'libtensorflow is not there yet';
  const part = addonPart();
  const unbuilt = cachedProblem(cacheFolder(part));
  if (unbuilt !== undefined) return unbuilt === 'not fetched yet' ? 'not built yet' : unbuilt;
  if (!existsSync(installedBinary()) || !readFileSync(installedBinary()).equals(readFileSync(partPath(part)))) {
    return 'built, but not put into node_modules yet';
  }
  const linked = lstatSync(libraryLink(), { throwIfNoEntry: false })?.isSymbolicLink()
    ? readlinkSync(libraryLink())
    : undefined;
  if (linked !== partPath(libtensorflow))
    return `linked to ${linked ?? 'no libtensorflow'} instead of ${partPath(libtensorflow)}`;
  return undefined;
};

/** Puts the built addon into node_modules. Each file is renamed into place, so a process loading it sees old or new. */
export const installAddon = () => {
  const aside = `.${process.pid}.tmp`;
  mkdirSync(join(installedBinary(), '..'), { recursive: true });
  copyFileSync(partPath(addonPart()), installedBinary() + aside);
  renameSync(installedBinary() + aside, installedBinary());
  mkdirSync(join(libraryLink(), '..'), { recursive: true });
  rmSync(libraryLink() + aside, { force: true });
  symlinkSync(partPath(libtensorflow), libraryLink() + aside);
  if (lstatSync(libraryLink(), { throwIfNoEntry: false })?.isDirectory()) rmSync(libraryLink(), { recursive: true });
  renameSync(libraryLink() + aside, libraryLink());
};
