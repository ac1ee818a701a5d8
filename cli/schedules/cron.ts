/** Temporal's cron expressions of five fields, read here so that a mistake is placed before anything is created. */

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly words?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const fields: readonly Field[] = [
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day of the month', from: 1, to: 31 },
  { name: 'month', from: 1, to: 12, words: MONTHS },
  { name: 'day of the week', from: 0, to: 7, words: DAYS },
];

const shorthands = ['@hourly', '@daily', '@weekly', '@monthly', '@yearly'];

/** What is wrong with the expression, in a sentence; null when nothing is. */
export function cronProblem(text: string): string | null {
  const cron = text.trim();
  if (cron.startsWith('@'))
    return shorthands.includes(cron)
      ? null
      : `Expected one of ${shorthands.join(', ')}, or five fields, found ${cron}.`;
  const parts = cron.split(/\s+/);
  if (parts.length !== fields.length)
    return `Expected five fields (minute, hour, day of the month, month, day of the week), as in "0 3 * * 1"; found ${cron === '' ? 0 : parts.length}.`;
  for (const [i, field] of fields.entries()) {
    const problem = fieldProblem(parts[i] ?? '', field);
    if (problem) return `Field ${i + 1}, the ${field.name}: ${problem}.`;
  }
  return null;
}

function fieldProblem(text: string, field: Field): string | null {
  for (const item of text.split(',')) {
    const [, start, end, step] = /^(\*|\w+)(?:-(\w+))?(?:\/(\w+))?$/.exec(item) ?? [];
    if (start === undefined || (start === '*' && end !== undefined)) return expected(field, item);
    const first = start === '*' ? field.from : valueOf(start, field);
    const last = end === undefined ? null : valueOf(end, field);
    if (first === null) return expected(field, start);
    if (end !== undefined && last === null) return expected(field, end);
    if (last !== null && last < first) return `the range ${item} ends before it begins`;
    if (step !== undefined && !/^[1-9]\d*$/.test(step)) return `expected a step from 1, found ${step}`;
  }
  return null;
}

function valueOf(text: string, { from, to, words }: Field): number | null {
  const word = words?.indexOf(text.toLowerCase()) ?? -1;
  if (word >= 0) return word + from;
  const value = Number(text);
  return /^\d+$/.test(text) && value >= from && value <= to ? value : null;
}

const expected = ({ from, to, words }: Field, found: string): string =>
  `expected ${from} to ${to}${words ? `, ${words[0]} to ${words.at(-1)},` : ''} or *, found ${found === '' ? 'nothing' : found}`;
