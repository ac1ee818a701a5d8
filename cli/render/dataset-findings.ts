import { leakagePairs } from '../../data/leakage-pairs.js';
import type { DatasetManifest, FeaturesManifest } from '../../data/manifest.js';
import { quotedList } from '../../job/nearest.js';
import { count, counted } from './units.js';

const COLUMNS_SHOWN = 20;
const NAMES_SHOWN = 10;

type Fact = [name: string, text: string];

/** What preparing found in the rows: spellings that were merged, rows that are in two splits, what the columns of a table are. */
export const findings = (manifest: DatasetManifest): Fact[] => [
  ...spellings(manifest),
  ...leakage(manifest),
  ...(manifest.kind === 'features' ? columns(manifest) : []),
];

function spellings({ aliases }: DatasetManifest): Fact[] {
  const namesOf = new Map<string, string[]>();
  for (const [name, label] of Object.entries(aliases)) namesOf.set(label, [...(namesOf.get(label) ?? []), name]);
  if (namesOf.size === 0) return [];
  const told = [...namesOf].map(([label, names]) => `${quotedList(names)} taken as \`${label}\``);
  return [['spellings', shortened(told, NAMES_SHOWN, '; ')]];
}

function leakage({ leakage }: DatasetManifest): Fact[] {
  if (leakage === null)
    return [['leakage', 'not looked for; data.leakage: on looks for it, whatever the size of the source']];
  const { validation, test } = leakage.rows;
  if (validation + test === 0) return [];
  const rows = `${counted(validation, 'row')} of validation and ${count(test)} of test are nearly the same in a split before`;
  return [['leakage', `${rows}: ${leakagePairs(leakage)}`]];
}

function columns({ transform, unseen }: FeaturesManifest): Fact[] {
  const numbers = transform.numeric.map(({ column, hasGaps }) => (hasGaps ? `${column} (with gaps)` : column));
  const categories = transform.categorical.map(({ column, categories }) => `${column} (${count(categories.length)})`);
  const cells = unseen.validation + unseen.test;
  return [
    ...(numbers.length > 0 ? [['numbers', shortened(numbers, COLUMNS_SHOWN)] as Fact] : []),
    ...(categories.length > 0 ? [['categories', shortened(categories, COLUMNS_SHOWN)] as Fact] : []),
    ...(cells > 0
      ? [
          [
            'unseen',
            `${counted(cells, 'cell')} of validation and test with a category that no training row has`,
          ] as Fact,
        ]
      : []),
  ];
}

function shortened(told: readonly string[], most: number, between = ', '): string {
  const more = told.length - most;
  return [...told.slice(0, most), ...(more > 0 ? [`and ${count(more)} more`] : [])].join(between);
}
