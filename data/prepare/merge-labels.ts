import type { Job } from '../../job/schema.js';
import { mergedNames, spellingGroups, type SpellingGroup } from '../cleaning/label-spelling.js';

export interface MergedLabels {
  /** Name in the source: name of the class, for those that change. */
  readonly aliases: ReadonlyMap<string, string>;
  /** Rows of each class that is left. */
  readonly rowsPerName: ReadonlyMap<string, number>;
  /** Classes that still look like one. */
  readonly lookAlikes: readonly SpellingGroup[];
}

/** Joins classes as the job says: first its map, then spellings. */
export function mergeLabels(counts: ReadonlyMap<string, number>, labels: Job['data']['clean']['labels']): MergedLabels {
  const { merge = 'none', map = {} } = labels ?? {};
  const given = new Map(Object.entries(map).filter(([name, to]) => counts.has(name) && name !== to));
  const mapped = renamed(counts, given);
  const spelt = mergedNames(mapped, merge);
  const rowsPerName = renamed(mapped, spelt);
  const aliases = new Map<string, string>();
  for (const name of counts.keys()) {
    const to = given.get(name) ?? name;
    const last = spelt.get(to) ?? to;
    if (last !== name) aliases.set(name, last);
  }
  return { aliases, rowsPerName, lookAlikes: spellingGroups(rowsPerName) };
}

function renamed(counts: ReadonlyMap<string, number>, names: ReadonlyMap<string, string>): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [name, count] of counts) {
    const to = names.get(name) ?? name;
    sums.set(to, (sums.get(to) ?? 0) + count);
  }
  return sums;
}

/** The label map with the names that a class also has in the source. */
export const withAliases = (
  labels: ReadonlyMap<string, number>,
  aliases: ReadonlyMap<string, string>,
): ReadonlyMap<string, number> =>
  new Map([...labels, ...[...aliases].map(([name, label]): [string, number] => [name, labels.get(label)!])]);
