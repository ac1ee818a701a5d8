/** Guesses what a table is for: which column would be learnt from, and which would be learnt. */
import type { Task } from '../../job/schema.js';
import type { ColumnProfile } from './column-profile.js';

export interface Roles {
  readonly task: Task;
  readonly text: string | null;
  readonly words: string | null;
  readonly image: string | null;
  /** The class, the tags, or the number to predict. */
  readonly label: string | null;
  /** Column that says the split. */
  readonly split: string | null;
  /** Of tables: what may be learnt from. */
  readonly features: readonly string[];
}

const labelNames = [
  'label',
  'labels',
  'class',
  'category',
  'target',
  'topic',
  'intent',
  'sentiment',
  'queue',
  'y',
  'tag',
  'type',
  'kind',
  'rating',
  'stars',
  'price',
  'value',
];
const textNames = [
  'text',
  'sentence',
  'body',
  'content',
  'message',
  'review',
  'comment',
  'description',
  'gloss',
  'document',
  'title',
];
const idName = /^(?:|id|.*_id|uuid|index|unnamed: 0|row)$/i;
/** Shorter texts are names and codes. */
const SENTENCE_WORDS = 3;
const splitNames = new Set(['train', 'validation', 'test']);

export type Given = Partial<Pick<Roles, 'task' | 'text' | 'image' | 'label'>>;

/** `given` is what the user says of it. */
export function rolesOf(columns: readonly ColumnProfile[], rows: number, given: Given = {}): Roles {
  const split = columns.find((column) => isSplit(column))?.name ?? null;
  const free = columns.filter(({ name, type }) => name !== split && type !== 'nothing');
  const lists = free.filter(({ type }) => type === 'lists');
  const named = (names: readonly string[], from: readonly ColumnProfile[]) =>
    names.map((name) => from.find((column) => column.name.toLowerCase() === name)).find((found) => found !== undefined);
  const image = free.find(isImage)?.name ?? null;
  const words = lists.length >= 2 ? (lists.find(({ name }) => /word|token/i.test(name)) ?? lists[0]!).name : null;

  const texts = free
    .filter(({ type, name }) => (type === 'texts' || type === 'categories') && !idName.test(name) && name !== image)
    .sort((a, b) => (b.lengths?.median ?? 0) - (a.lengths?.median ?? 0));
  const longTexts = texts.filter(({ type, lengths }) => type === 'texts' && (lengths?.median ?? 0) >= SENTENCE_WORDS);
  const text =
    given.text ??
    (
      named(
        textNames,
        texts.filter(({ type, distinct, filled }) => type === 'texts' || distinct * 2 > filled),
      ) ?? longTexts[0]
    )?.name ??
    null;

  const candidates = free.filter(({ name }) => name !== text && name !== image && !idName.test(name));
  const tags = words === null ? null : (lists.find(({ name }) => name !== words)?.name ?? null);
  const classes = candidates.filter(
    ({ type, distinct }) => type !== 'times' && type !== 'lists' && distinct > 1 && distinct <= Math.max(20, rows / 5),
  );
  const label =
    given.label ??
    tags ??
    (
      named(labelNames, candidates) ??
      classes.filter(({ type }) => type === 'categories').at(-1) ??
      (text === null ? candidates.filter(({ numbers }) => numbers !== null).at(-1) : undefined)
    )?.name ??
    null;
  const features = free.filter(
    ({ name, type }) =>
      name !== label && !idName.test(name) && ['numbers', 'whole numbers', 'categories', 'booleans'].includes(type),
  );
  return {
    task: given.task ?? taskOf({ image, words: tags === null ? null : words, text, label }, columns, rows),
    text,
    words,
    image,
    label,
    split,
    features: features.map(({ name }) => name),
  };
}

function taskOf(
  { image, words, text, label }: Pick<Roles, 'image' | 'words' | 'text' | 'label'>,
  columns: readonly ColumnProfile[],
  rows: number,
): Task {
  if (image !== null) return 'image-classification';
  if (words !== null) return 'token-classification';
  if (text !== null) return label === null ? 'causal-lm' : 'text-classification';
  const target = columns.find(({ name }) => name === label);
  const isAmount =
    target?.numbers !== null &&
    target !== undefined &&
    (target.type === 'numbers' || target.distinct > Math.max(20, rows / 20));
  return isAmount ? 'tabular-regression' : 'tabular-classification';
}

const isSplit = ({ distinct, atLeast, top }: ColumnProfile): boolean =>
  !atLeast &&
  distinct >= 2 &&
  distinct <= 3 &&
  top.every(({ value }) => splitNames.has(value)) &&
  top.some(({ value }) => value === 'train');

const isImage = ({ type, name, top }: ColumnProfile): boolean =>
  (type === 'objects' && /image|img/i.test(name)) ||
  (top.length > 0 && top.every(({ value }) => /\.(?:jpe?g|png|webp|gif|tiff?|avif)$/i.test(value)));
