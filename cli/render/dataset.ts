import { BAD_ROWS_FILE } from '../../data/bad-rows.js';
import { MANIFEST_FILE, type DatasetManifest } from '../../data/manifest.js';
import { hasBadRows } from '../../data/write-bad-rows.js';
import { findings } from './dataset-findings.js';
import { renderTable } from './table.js';
import { count, counted, size } from './units.js';

const splits = ['train', 'validation', 'test'] as const;

/** What `temper data prepare` tells of a data set. */
export function renderDataset(
  manifest: DatasetManifest,
  { digest, place }: { digest: string; place: string },
): string[] {
  const { rows, files, labels } = manifest;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const facts: [string, string][] = [
    ['rows', splits.map((split) => `${count(rows[split])} ${split}`).join(', ')],
    ['left out', leftOut(manifest)],
    ...kindFacts(manifest),
    ...findings(manifest),
    ['shards', `${counted(files.length, 'file')}, ${size(bytes)}`],
    ['digest', digest],
    ['lies at', place],
    ...(hasBadRows(manifest)
      ? [['cannot be read', place.replace(MANIFEST_FILE, BAD_ROWS_FILE)] as [string, string]]
      : []),
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  const lines = facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  return labels.length === 0 ? lines : [...lines, '', ...classTable(manifest)];
}

function leftOut(manifest: DatasetManifest): string {
  const { rowsRead, ...cleaning } = manifest.cleaning;
  const unreadable = manifest.kind === 'images' ? manifest.unreadable.count : 0;
  const reasons = [
    [cleaning.droppedEmpty, 'empty'],
    [cleaning.droppedDuplicates, 'there before'],
    [cleaning.droppedContradictions, 'with a label that contradicts an equal row'],
    [cleaning.droppedNearDuplicates, 'nearly the same as one before'],
    [cleaning.droppedShort, 'too short'],
    [cleaning.droppedLong, 'too long'],
    [cleaning.droppedSmall, 'of too few pixels'],
    [cleaning.droppedGaps, 'with an empty cell'],
    [cleaning.droppedOutliers, 'with a number far from the others'],
    [unreadable, 'whose image cannot be read'],
    [manifest.badRows.count, 'that cannot be read'],
  ] as const;
  const told = reasons.filter(([rows]) => rows > 0).map(([rows, why]) => `${count(rows)} ${why}`);
  return `${told.length > 0 ? told.join(', ') : 'none'} of ${counted(rowsRead, 'row')} read`;
}

function kindFacts(manifest: DatasetManifest): [string, string][] {
  switch (manifest.kind) {
    case 'tokens':
      return [
        ['lengths', lengthsText(manifest.lengths.train)],
        ['cut', `${counted(manifest.cut.train, 'training row')} to ${manifest.maxLength} tokens`],
      ];
    case 'images':
      return [['images', `${manifest.size} x ${manifest.size} pixels`]];
    case 'features':
      return [['features', `${count(manifest.width)} numbers a row`]];
    default:
      return manifest satisfies never;
  }
}

/** Of a histogram, lengths[n] = rows of n tokens. */
function lengthsText(lengths: readonly number[]): string {
  const rows = lengths.reduce((sum, each) => sum + each, 0);
  const quantile = (share: number): number => {
    let seen = 0;
    return lengths.findIndex((each) => (seen += each) >= share * rows && seen > 0);
  };
  if (rows === 0) return 'none';
  return `tokens of a training row: half have up to ${quantile(0.5)}, 95 % up to ${quantile(0.95)}, the longest ${lengths.findLastIndex((each) => each > 0)}`;
}

const CLASSES_SHOWN = 40;

function classTable({ labels, rowsPerClass }: DatasetManifest): string[] {
  const classes = labels.map((label, index) => ({ label, index }));
  const table = renderTable(
    [
      { title: 'CLASS', value: ({ label }) => label },
      ...splits.map((split) => ({
        title: split.toUpperCase(),
        right: true as const,
        value: ({ index }: { index: number }) => count(rowsPerClass[split][index]),
      })),
    ],
    classes.slice(0, CLASSES_SHOWN),
  );
  const more = classes.length - CLASSES_SHOWN;
  return more > 0 ? [...table, `and ${count(more)} more`] : table;
}
