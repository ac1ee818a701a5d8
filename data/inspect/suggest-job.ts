import { stringify } from 'yaml';
import type { Task } from '../../job/schema.js';
import { spellingGroups } from '../cleaning/label-spelling.js';
import { saysAllSplits, type Found } from './problems.js';

const models: Readonly<Record<Task, string>> = {
  'text-classification': 'minilm-l6',
  'token-classification': 'minilm-l6',
  'causal-lm': 'file:MODEL-FOLDER',
  'image-classification': 'mobilenet-v2',
  'tabular-classification': 'mlp',
  'tabular-regression': 'mlp',
};

/** A word or two becomes a few tokens more. */
const TOKENS_A_WORD = 1.5;
const BAD_ROWS_MARGIN = 1.5;

/** A job file that learns what the data seem to be for, and handles what was found in them. */
export function suggestJob(found: Found, sources: readonly string[]): string {
  const { roles, classes, columns } = found;
  const { task, text, words, image, label, features } = roles;
  const usesText = task === 'text-classification' || task === 'causal-lm';
  const isTable = task.startsWith('tabular');
  const data: Record<string, unknown> = { source: sources.length === 1 ? sources[0] : [...sources] };
  if (found.badRows.count > 0) {
    const share = found.badRows.count / (found.badRows.count + found.rows);
    if (share > 0.01) data['badRows'] = { maxShare: Math.min(1, Math.ceil(share * BAD_ROWS_MARGIN * 1000) / 1000) };
  }
  if (usesText && text !== null) data['text'] = text;
  if (task === 'token-classification' && words !== null) data['words'] = words;
  if (task === 'image-classification' && image !== null) data['image'] = image;
  if (task !== 'causal-lm' && label !== null) data['label'] = label;
  if (usesText || task === 'token-classification') data['maxLength'] = tokensFor(found);
  if (isTable && features.length > 0) {
    data['features'] = features.filter(
      (name) => !found.telling.includes(name) && columns.find((column) => column.name === name)!.distinct > 1,
    );
  }
  const clean = cleaning(found);
  if (Object.keys(clean).length > 0) data['clean'] = clean;
  if (saysAllSplits(found)) data['split'] = { column: roles.split };
  const counts = (classes ?? []).map(({ rows }) => rows);
  const isUneven =
    task !== 'tabular-regression' && counts.length > 1 && Math.max(...counts) >= 20 * Math.min(...counts);
  if (isUneven && task !== 'token-classification') data['balance'] = 'class-weights';
  return stringify(
    { name: nameOf(found.source), task, model: models[task], data, train: trainOf(task) },
    { lineWidth: 100 },
  );
}

function cleaning({ duplicates, classes, roles }: Found): Record<string, unknown> {
  const clean: Record<string, unknown> = {};
  if (duplicates.exact > 0) clean['dropDuplicates'] = true;
  if (duplicates.near > duplicates.nearOf / 200 && roles.text !== null) clean['nearDuplicates'] = {};
  const isNamed =
    classes !== null &&
    (roles.task === 'text-classification' ||
      roles.task.startsWith('tabular-c') ||
      roles.task === 'image-classification');
  if (
    isNamed &&
    spellingGroups(new Map(classes.map(({ name, rows }) => [name, rows]))).some(({ by }) => by === 'spelling')
  )
    clean['labels'] = { merge: 'spelling' };
  return clean;
}

/** Room for nineteen texts in twenty, in steps that models like. */
function tokensFor({ columns, roles }: Found): number {
  const lengths = columns.find(({ name }) => name === (roles.words ?? roles.text))?.lengths;
  const tokens = (lengths?.p95 ?? 80) * TOKENS_A_WORD + 2;
  return [32, 64, 128, 256].find((size) => tokens <= size) ?? 256;
}

const trainOf = (task: Task): Record<string, unknown> =>
  task.startsWith('tabular')
    ? { epochs: 20, learningRate: 1e-3 }
    : { epochs: 3, learningRate: task === 'causal-lm' ? 5e-5 : 1e-4 };

const nameOf = (source: string): string => {
  const base = source.split('/').at(-1)!.toLowerCase().replace(/\..*$/, '');
  const name = base
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  return name === '' ? 'data' : name;
};
