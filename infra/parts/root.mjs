// Dependency-free: this runs before anything is installed, and again from dist/ once built.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @param {string} folder */
const isRoot = (folder) => {
  const manifest = join(folder, 'package.json');
  return (
    existsSync(manifest) &&
    /** @type {{name?: string}} */ (JSON.parse(readFileSync(manifest, 'utf8'))).name === 'temper'
  );
};

/**
 * The repository root, found by walking up: this file lives at two depths, in infra/ and in dist/infra/.
 * @returns {string}
 */
export const repositoryRoot = () => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!isRoot(folder)) {
    const parent = dirname(folder);
    if (parent === folder)
      throw new Error('Temper cannot find its own package.json above ' + fileURLToPath(import.meta.url));
    folder = parent;
  }
  return folder;
};
