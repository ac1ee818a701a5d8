import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { jobJsonSchema, jobReference } from '../../job/describe.js';
import { jobSchema } from '../../job/schema.js';

const committed = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

test('docs/job.schema.json is up to date (node dist/job/generate-docs.js writes it)', () => {
  expect(committed('job.schema.json')).toBe(jobJsonSchema());
});

test('docs/job.md is up to date (node dist/job/generate-docs.js writes it)', () => {
  expect(committed('job.md')).toBe(jobReference());
});

test('every key of the job says what it means', () => {
  const silent = jobReference()
    .split('\n')
    .filter((line) => line.startsWith('| `') && /\|\s*\|$/.test(line));
  expect(silent).toEqual([]);
});

test('the job shown in the reference is valid', async () => {
  const { parse } = await import('yaml');
  const shown = /```yaml\n([^]*?)```/.exec(jobReference())![1]!;
  expect(jobSchema.safeParse(parse(shown)).success).toBe(true);
});
