import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

// Compiled output only: there every relative import names its file in full.
const RELATIVE_IMPORT = /(?:from|import|import\()\s*["'](\.{1,2}\/[^"']+)["']/g;

/**
 * @param {string} entry a compiled module
 * @returns {string[]} it and every module of ours that it imports, directly or not
 */
export const importClosure = (entry) => {
  /** @type {Set<string>} */
  const seen = new Set();
  /** @param {string} path */
  const visit = (path) => {
    if (seen.has(path) || !existsSync(path)) return;
    seen.add(path);
    for (const [, specifier = ''] of readFileSync(path, 'utf8').matchAll(RELATIVE_IMPORT))
      visit(resolve(dirname(path), specifier));
  };
  visit(entry);
  return [...seen];
};
