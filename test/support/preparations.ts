import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { stringify } from 'yaml';
import { repositoryRoot } from '../../infra/parts/root.mjs';
import type { PartsDone } from '../../workflows/contract.js';
import { eventsOf, type HistoryEvent } from './history.js';
import { expectExit, tinySections, type JobSections } from './runs.js';
import type { CommandResult, TestStack } from './stack.js';

/** Data of many small parts, prepared through the command line. */
const fixtures = join(repositoryRoot(), 'test', 'fixtures');

/** So many rows a part: hundreds of rows have parts enough to share. */
export const SMALL_PARTS = { TEMPER_PART_ROWS: '40' } as const;

export interface PreparedData {
  /** Of the workflow. */
  readonly id: string;
  readonly digest: string;
  readonly rows: { readonly train: number; readonly validation: number; readonly test: number };
  readonly cleaning: { readonly rowsRead: number };
  readonly files: readonly { readonly split: string; readonly rows: number; readonly sha256: string }[];
  readonly provenance: { readonly cut: { readonly files?: readonly object[] } };
}

/** So many rows of the tiny glosses, no two alike, as a CSV file. */
export function writeRows(directory: string, rows: number, file = 'many.csv'): string {
  const glosses = readFileSync(join(fixtures, 'tiny-glosses.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { gloss: string; topic: string });
  const lines = Array.from({ length: rows }, (_, row) => {
    const { gloss, topic } = glosses[row % glosses.length]!;
    return `${row},"${gloss.replaceAll('"', '""')} ${row}",${topic}`;
  });
  writeFileSync(join(directory, file), ['id,gloss,topic', ...lines, ''].join('\n'));
  return file;
}

/** A job on those rows; returns its file. */
export function writeDataJob(directory: string, sections: JobSections = {}, file = 'many.yaml'): string {
  const model = join(directory, 'tiny-bert');
  if (!existsSync(model)) cpSync(join(fixtures, 'tiny-bert'), model, { recursive: true });
  const made = tinySections({ ...sections, data: { source: 'many.csv', ...sections.data } });
  writeFileSync(join(directory, file), stringify({ name: 'many', ...made }));
  return file;
}

export const prepare = (stack: TestStack, job: string, timeoutMs = 240_000): Promise<CommandResult> =>
  stack.temper(['data', 'prepare', job, '--json'], { timeoutMs });

export const preparedBy = (result: CommandResult): PreparedData => JSON.parse(expectExit(result)) as PreparedData;

/** What two preparations of the same data have in common. */
export const contentOf = ({ digest, rows, files }: PreparedData) => ({
  ...{ digest, rows },
  shards: files.map(({ split, rows: count, sha256 }) => `${split} ${count} ${sha256}`),
});

/** Parts that were found and made by a stage, as its activities have said. */
export async function partsOf(client: Client, id: string, stage: 'surveyParts' | 'encodeParts'): Promise<PartsDone> {
  const events = await eventsOf(client, id);
  const ids = new Set(scheduledOf(events, stage));
  const sum = { found: 0, made: 0 };
  for (const { activityTaskCompletedEventAttributes: completed } of events) {
    if (!completed || !ids.has(String(completed.scheduledEventId))) continue;
    const data = completed.result?.payloads?.[0]?.data;
    const done = JSON.parse(Buffer.from(data ?? []).toString()) as PartsDone;
    sum.found += done.found;
    sum.made += done.made;
  }
  return sum;
}

/** Processes that have worked on it. */
export async function workersOf(client: Client, id: string): Promise<Set<string>> {
  const events = await eventsOf(client, id);
  const started = events.flatMap(({ activityTaskStartedEventAttributes: each }) => each?.identity ?? []);
  return new Set(started);
}

const scheduledOf = (events: readonly HistoryEvent[], name: string): string[] =>
  events.flatMap(({ eventId, activityTaskScheduledEventAttributes: each }) =>
    each?.activityType?.name === name ? [String(eventId)] : [],
  );
