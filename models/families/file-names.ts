import type { NameMapping } from './family.js';

/**
 * Reads a file's names as ours. `rename` gives the names that a file's tensor has for us (several for a fused one), or none
 * where training has no use for it. Two names for one tensor: the second stays as it is, and is unexpected.
 */
export function mapFileNames(names: Iterable<string>, rename: (name: string) => readonly string[]): NameMapping {
  const inFile = new Map<string, string>();
  const ignored: string[] = [];
  for (const name of names) {
    const ours = rename(name);
    if (ours.length === 0) ignored.push(name);
    else if (ours.some((candidate) => inFile.has(candidate))) inFile.set(name, name);
    else for (const candidate of ours) inFile.set(candidate, name);
  }
  return { inFile, ignored: ignored.sort() };
}
