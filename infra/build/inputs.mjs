// Whether a build step's inputs changed since it last succeeded, judged by content: a checkout or a touch that changes
// no byte costs nothing.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow } from '../parts/cache.mjs';

/**
 * @param {string} stampPath
 * @param {readonly string[]} inputs
 * @returns {{ write: () => void } | undefined} undefined when nothing changed; else what records the inputs as built
 */
export const changedSince = (stampPath, inputs) => {
  const hash = createHash('sha256');
  for (const path of [...inputs].sort()) hash.update(path).update('\0').update(readFileSync(path)).update('\0');
  const digest = hash.digest('hex');
  if (existsSync(stampPath) && readFileSync(stampPath, 'utf8') === digest) return undefined;
  return { write: () => writeFileSync(stampPath, digest) };
};

/** @typedef {{ include: string[] }} TypeScriptConfig */

/** @param {string} root */
const sourceFolders = (root) => {
  const config = /** @type {TypeScriptConfig} */ (JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')));
  return config.include.filter((name) => existsSync(join(root, name)));
};

/**
 * @param {string} root
 * @returns {string[]} what tsc reads of ours, and what decides the types it sees
 */
export const sourceFiles = (root) => [
  join(root, 'tsconfig.json'),
  join(root, 'package-lock.json'),
  ...sourceFolders(root).flatMap((name) =>
    filesBelow(join(root, name))
      .filter((file) => /\.([cm]?[jt]s|json)$/.test(file))
      .map((file) => join(root, name, file)),
  ),
];

/**
 * Removes the outputs of sources that are gone, which tsc leaves: a renamed test would otherwise live on in dist/.
 * @param {string} root
 */
export const removeOrphanedOutputs = (root) => {
  const dist = join(root, 'dist');
  if (!existsSync(dist)) return;
  for (const folder of readdirSync(dist, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    for (const file of filesBelow(join(dist, folder.name))) {
      const source = join(folder.name, file.replace(/\.map$/, ''));
      const typed = source.replace(/\.([cm]?)js$/, '.$1ts');
      if (!existsSync(join(root, source)) && !existsSync(join(root, typed))) rmSync(join(dist, folder.name, file));
    }
  }
};
