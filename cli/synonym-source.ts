/** The table of data.augment.synonyms, wherever the job says it is. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gather } from '../activities/source/gather.js';
import { augmentPlan } from '../data/augment/plan.js';
import { readSynonymTable, synonymLines } from '../data/augment/synonym-table.js';
import { fileSource } from '../data/byte-source.js';
import { DataError } from '../data/data-error.js';
import type { Job } from '../job/schema.js';
import { quotedList } from '../job/nearest.js';
import { placesOf } from './local-source.js';
import { anyBucket, storeFailure } from './services.js';

export interface SynonymSource {
  /** The table on this machine, as synonymLines writes it; null where the job has none. */
  readonly synonyms: string | null;
  /** Sentences about words that are of no use. */
  readonly warnings: readonly string[];
}

const SHOWN = 5;

/** @throws DataError for a table that is not there, cannot be read, or has no word that the model's tokenizer knows. */
export async function synonymSource(
  job: Job,
  jobFolder: string,
  modelFolder: string,
  scratch: string,
): Promise<SynonymSource> {
  const given = job.data.augment?.synonyms?.table;
  if (given === undefined) return { synonyms: null, warnings: [] };
  const folder = join(scratch, 'synonyms');
  await mkdir(folder, { recursive: true });
  const synonyms = join(folder, 'synonyms.jsonl');
  const { path, name, format } = await fetched(given, jobFolder, folder);
  const table = await readSynonymTable(await fileSource(path, name), format);
  await writeFile(synonyms, synonymLines(table));
  const { unknownWords = [] } = (await augmentPlan(job, modelFolder, synonyms)) ?? {};
  if (unknownWords.length === 0) return { synonyms, warnings: [] };
  const shown = quotedList(unknownWords.slice(0, SHOWN));
  const more = unknownWords.length > SHOWN ? ' and others' : '';
  const warning = `data.augment.synonyms.table: the model's tokenizer does not know ${shown}${more}, or no other word for it: ${unknownWords.length} of ${table.size} words are never replaced`;
  return { synonyms, warnings: [warning] };
}

async function fetched(given: string, jobFolder: string, scratch: string) {
  const files = await gather({
    places: placesOf({ source: given }, jobFolder),
    columns: { text: 'text', label: 'label' },
    scratch,
    withBucket: anyBucket,
  }).catch((error: unknown) => {
    if (!(error instanceof DataError)) throw storeFailure(error);
    throw new DataError(error.message.replace(/^data\.source:/, 'data.augment.synonyms.table:'));
  });
  if (files.length === 1) return files[0]!;
  throw new DataError(`data.augment.synonyms.table: expected one file, found ${files.length} in ${given}`);
}
