// Fetching by the users' own package managers, so that their mirrors, proxies and certificates apply. The digests are
// ours: pip checks the wheel's, and we check an npm tarball's ourselves.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './errors.mjs';
import { runTool } from './tool.mjs';

/**
 * @typedef {object} Wheel
 * @property {string} project
 * @property {string} version
 * @property {string} sha256
 * @property {readonly string[]} [pipArgs] which of the project's wheels
 */

/**
 * Downloads one wheel into `scratch`.
 * @param {Wheel} wheel
 * @param {string} scratch
 * @param {string} ownRemedy what to do where the index cannot be reached
 * @returns {Promise<string>} the wheel's path
 */
export const fetchWheel = async (wheel, scratch, ownRemedy) => {
  const requirements = join(scratch, 'requirements.txt');
  writeFileSync(requirements, `${wheel.project}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
  const args = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--require-hashes', '--progress-bar=off'];
  await runTool('python3', [...args, ...(wheel.pipArgs ?? []), '-r', requirements, '-d', scratch], {
    // TMPDIR: pip streams into it, so the bytes already fetched can be seen, and a kill leaves nothing elsewhere.
    env: { TMPDIR: scratch, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_REQUIRE_VIRTUALENV: '0' },
    failure: `pip could not fetch ${wheel.project} ${wheel.version} with the pinned digest: check the network and pip's index, ${ownRemedy}.`,
  });
  return onlyFile(scratch, '.whl');
};

const UNZIP = `
import os, sys, zipfile
archive, target, prefix, suffixes = sys.argv[1], sys.argv[2], sys.argv[3], tuple(sys.argv[4:])
with zipfile.ZipFile(archive) as z:
    for info in z.infolist():
        if info.is_dir() or not info.filename.startswith(prefix): continue
        name = info.filename[len(prefix):]
        if suffixes and not name.endswith(suffixes): continue
        info.filename = name
        z.extract(info, target)
`;

/**
 * Unpacks what lies below `prefix` in a wheel (prefix removed; only names with one of the suffixes, if any are given).
 * Python is there anyway, for pip, and Node has no reader of zip files.
 * @param {string} archive
 * @param {string} target
 * @param {string} prefix
 * @param {readonly string[]} [suffixes]
 */
export const unzip = async (archive, target, prefix, suffixes = []) => {
  await runTool('python3', ['-c', UNZIP, archive, target, prefix, ...suffixes], {
    failure: `Could not unpack ${archive}.`,
  });
};

/**
 * Downloads an npm package's tarball and unpacks it below `scratch`.
 * @param {{ name: string, version: string, integrity: string }} pinned
 * @param {string} scratch
 * @returns {Promise<string>} the unpacked package's folder
 */
export const fetchNpmPackage = async ({ name, version, integrity }, scratch) => {
  await runTool('npm', ['pack', `${name}@${version}`, '--ignore-scripts', '--pack-destination', scratch], {
    cwd: scratch,
    failure: `npm could not fetch ${name} ${version}: check the network and npm's registry setting.`,
  });
  const tarball = onlyFile(scratch, '.tgz');
  const found = 'sha512-' + createHash('sha512').update(readFileSync(tarball)).digest('base64');
  if (found !== integrity) {
    throw new SetupError(
      `npm fetched another ${name} ${version} than the pinned one: expected ${integrity}, found ${found}.`,
    );
  }
  await runTool('tar', ['-xzf', tarball, '-C', scratch], { failure: `Could not unpack ${tarball}.` });
  return join(scratch, 'package');
};

/**
 * @param {string} folder
 * @param {string} suffix
 */
const onlyFile = (folder, suffix) => {
  const names = readdirSync(folder).filter((name) => name.endsWith(suffix));
  const [name] = names;
  if (name === undefined || names.length > 1)
    throw new SetupError(`Expected one ${suffix} file in ${folder}, found ${names.length}.`);
  return join(folder, name);
};
