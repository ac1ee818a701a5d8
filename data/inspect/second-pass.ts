import { classesOf, isMissing, listOf, textOf } from '../cells.js';
import { sha256Of } from '../content-key.js';
import { nearPairs } from '../near/near-pairs.js';
import { bandPlan, similarityOf, textSketcher } from '../near/text-sketch.js';
import type { Row } from '../readers/row.js';
import { placeOf } from '../readers/row.js';
import { shown } from './column-profile.js';
import type { DataReport } from './report.js';
import type { Roles } from './roles.js';

/** Rows whose content is remembered: 8 bytes each, and some more for the set. */
const EXACT_ROWS = 2_000_000;
const NEAR_ROWS = 100_000;
const NEAR_SIMILARITY = 0.85;
const NEAR_EXAMPLES = 5;
const EXAMPLES_A_CLASS = 2;
const MAX_EXAMPLES = 40;
const EXAMPLE_CHARACTERS = 400;
const MAX_CLASSES = 100_000;
/** Values of a column that are held against the label. */
const MAX_TELLING_VALUES = 2000;

/** What can be asked of the rows once it is known which column is which. */
export function secondPass(sourceName: string, roles: Roles, columns: readonly string[]) {
  const classes = new Map<string, number>();
  const seen = new Map<number, string>();
  const examplesOf = new Map<string, number>();
  const examples: DataReport['examples'][number][] = [];
  const tellers = columns
    .filter((name) => name !== roles.label && name !== roles.text && name !== roles.split && name !== roles.image)
    .map((name) => teller(name));
  const near = nearPairs({ threshold: NEAR_SIMILARITY, similarity: similarityOf });
  const sketch = textSketcher(bandPlan(NEAR_SIMILARITY));
  const nearPlaces: string[] = [];
  let [exact, exactOf, contradictions] = [0, 0, 0];
  let labelIsText = 0;
  let rows = 0;

  const labelsOf = ({ fields, line }: Row, place: string): readonly string[] => {
    const column = roles.label;
    if (column === null || isMissing(fields[column])) return [];
    const cell = { value: fields[column], column, place: `${place} (${line})` };
    if (roles.task === 'token-classification') return [...new Set(listOf(cell, 'tags'))];
    return Array.isArray(cell.value) ? classesOf(cell) : [textOf(cell)];
  };

  const contentOf = ({ fields, image }: Row): string | null => {
    if (image) return sha256Of(image.bytes);
    if (roles.text !== null) return asText(fields[roles.text]);
    if (roles.words !== null) return asText(fields[roles.words]);
    const cells = roles.features.map((name) => fields[name]);
    return cells.length === 0 ? null : JSON.stringify(cells);
  };

  const addContent = (content: string, label: string): void => {
    if (exactOf >= EXACT_ROWS) return;
    exactOf++;
    // 52 bits: of two million rows, one in 4,000 sets has a pair that only seems equal.
    const key = Number.parseInt(sha256Of(new TextEncoder().encode(content)).slice(0, 13), 16);
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, label);
      return;
    }
    exact++;
    if (first !== label) contradictions++;
  };

  return {
    add(row: Row): void {
      rows++;
      const place = row.image?.place ?? row.place ?? placeOf(sourceName, row.line);
      const labels = labelsOf(row, place);
      for (const name of labels) {
        const count = classes.get(name);
        if (count !== undefined || classes.size < MAX_CLASSES) classes.set(name, (count ?? 0) + 1);
      }
      const label = labels.join('|');
      const content = contentOf(row);
      if (content !== null && content.trim() !== '') addContent(content, label);
      if (roles.text !== null && rows <= NEAR_ROWS) {
        near.add(sketch(content ?? ''));
        nearPlaces.push(place);
      }
      if (labels.length === 1) for (const one of tellers) one.add(row.fields[one.name], label);
      if (roles.text !== null && label !== '' && content?.trim() === label) labelIsText++;
      const told = examplesOf.get(label) ?? 0;
      if (told < EXAMPLES_A_CLASS && examples.length < MAX_EXAMPLES) {
        examplesOf.set(label, told + 1);
        const text = roles.text === null && roles.words === null ? asText(row.fields) : (content ?? '');
        examples.push({ place, label: roles.label === null ? null : label, text: shown(text, EXAMPLE_CHARACTERS) });
      }
    },

    finish() {
      const nearRows = new Set<number>();
      const nearExamples: [string, string][] = [];
      for (const { row, earlier } of near.pairs()) {
        if (nearRows.has(row)) continue;
        nearRows.add(row);
        if (nearExamples.length < NEAR_EXAMPLES) nearExamples.push([nearPlaces[earlier]!, nearPlaces[row]!]);
      }
      near.close();
      const duplicates: DataReport['duplicates'] = {
        ...{ exact, exactOf, contradictions, nearExamples },
        // Equal rows are near, too.
        near: Math.max(0, nearRows.size - exact),
        nearOf: nearPlaces.length,
      };
      return {
        classes: roles.label === null ? null : [...classes].map(([name, rows]) => ({ name, rows })),
        duplicates,
        examples,
        labelIsText,
        telling: tellers.filter((one) => one.tells(classes.size)).map(({ name }) => name),
      };
    },
  };
}

/** Whether each value of a column goes with one label alone. */
function teller(name: string) {
  const labelOf = new Map<string, string>();
  const labels = new Set<string>();
  let rows = 0;
  let isOpen = true;
  return {
    name,
    add(value: unknown, label: string): void {
      if (!isOpen || isMissing(value) || typeof value === 'object') return;
      const text = String(value);
      const known = labelOf.get(text);
      if ((known !== undefined && known !== label) || labelOf.size > MAX_TELLING_VALUES) {
        isOpen = false;
        labelOf.clear();
        return;
      }
      rows++;
      labels.add(label);
      labelOf.set(text, label);
    },
    /** Few values, each in many rows: an id goes with one label in every row that it has. */
    tells: (classes: number): boolean => isOpen && classes > 1 && labels.size === classes && labelOf.size * 4 <= rows,
  };
}

const asText = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : isMissing(value)
      ? ''
      : JSON.stringify(value, (_, inner: unknown) =>
          inner instanceof Uint8Array ? `${inner.byteLength} bytes` : inner,
        );
