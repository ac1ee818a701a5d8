import type { Job } from '../../job/schema.js';

/** Class names that look like one class. */
export interface SpellingGroup {
  /** The most frequent of them, of equally frequent ones the first by code units: what the others become when merged. */
  readonly name: string;
  readonly variants: readonly string[];
  /** spelling: they differ in case, blanks, punctuation and accents' form alone. near: in one letter, too. */
  readonly by: 'spelling' | 'near';
}

type Merge = NonNullable<Job['data']['clean']['labels']>['merge'];

/** A shorter name has too many neighbours: `cat` and `car` are two classes. */
const NEAR_LETTERS = 6;

/** Comparing all with all is for names, not for a column of texts. */
const MOST_NAMES = 2000;

/** Names of different spelling that probably mean one class, by name; independent of the order of `counts`. */
export function spellingGroups(counts: ReadonlyMap<string, number>): SpellingGroup[] {
  const byForm = new Map<string, string[]>();
  for (const name of counts.keys()) {
    const form = formOf(name);
    byForm.set(form, [...(byForm.get(form) ?? []), name]);
  }
  const forms = [...byForm.keys()].sort();
  const near = forms.length > MOST_NAMES ? [] : nearForms(forms);
  const parent = new Map<string, string>();
  const root = (form: string): string => {
    const above = parent.get(form);
    return above === undefined ? form : root(above);
  };
  for (const [a, b] of near) if (root(a) !== root(b)) parent.set(root(b), root(a));
  const joined = new Map<string, string[]>();
  for (const form of forms) joined.set(root(form), [...(joined.get(root(form)) ?? []), form]);

  const groups: SpellingGroup[] = [];
  for (const members of joined.values()) {
    const names = members.flatMap((form) => byForm.get(form)!);
    if (names.length < 2) continue;
    names.sort((a, b) => counts.get(b)! - counts.get(a)! || (a < b ? -1 : 1));
    groups.push({ name: names[0]!, variants: names.slice(1), by: members.length > 1 ? 'near' : 'spelling' });
  }
  return groups.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Name in the source: name of the class, for those that change. */
export function mergedNames(counts: ReadonlyMap<string, number>, merge: Merge): ReadonlyMap<string, string> {
  if (merge === 'none') return new Map();
  const merged = new Map<string, string>();
  const groups = merge === 'near' ? spellingGroups(counts) : groupsByForm(counts);
  for (const { name, variants } of groups) for (const variant of variants) merged.set(variant, name);
  return merged;
}

/** Groups of the same form alone. */
function groupsByForm(counts: ReadonlyMap<string, number>): SpellingGroup[] {
  const forms = new Map<string, Map<string, number>>();
  for (const [name, count] of counts) {
    const form = formOf(name);
    forms.set(form, (forms.get(form) ?? new Map<string, number>()).set(name, count));
  }
  // Names of one form are neighbours of nothing else: spellingGroups sees one group in each.
  return [...forms.values()].flatMap((names) => spellingGroups(names));
}

/**
 * Without case, blanks and punctuation. Signs that tell classes apart stay: `C`, `C++` and `C#`; and all but blanks and
 * underscores where there are digits: `-1` is not `1`, `1.0` not `10`.
 */
function formOf(name: string): string {
  const plain = name.normalize('NFKC').toLowerCase();
  const letters = plain.replace(/\p{N}/u.test(plain) ? /[\s_]+/gu : /[^\p{L}\p{M}\p{S}#]+/gu, '');
  return letters === '' ? plain.trim() : letters;
}

/** Pairs that one letter put in, taken out, changed or swapped makes equal; never by a digit: `class 1` is not `class 2`. */
function nearForms(forms: readonly string[]): [string, string][] {
  const long = forms.filter((form) => form.length >= NEAR_LETTERS);
  const pairs: [string, string][] = [];
  long.forEach((a, i) => {
    for (let j = i + 1; j < long.length; j++) if (isOneSlipApart(a, long[j]!)) pairs.push([a, long[j]!]);
  });
  return pairs;
}

function isOneSlipApart(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let [enda, endb] = [a.length, b.length];
  while (enda > start && endb > start && a[enda - 1] === b[endb - 1]) {
    enda--;
    endb--;
  }
  const [left, right] = [a.slice(start, enda), b.slice(start, endb)];
  if (/\p{N}/u.test(left + right)) return false;
  if (left.length <= 1 && right.length <= 1) return true;
  return left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0];
}
