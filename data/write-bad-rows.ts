import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BAD_ROWS_FILE } from './bad-rows.js';
import type { DatasetManifest } from './manifest.js';
import type { Decisions } from './prepare/decisions-file.js';

/** Whether a data set has a file of rows that were left out. */
export const hasBadRows = (manifest: DatasetManifest): boolean =>
  manifest.badRows.count > 0 || (manifest.kind === 'images' && manifest.unreadable.count > 0);

/** Writes the rows that were left out, as they stood, each with its place and what is wrong with it. */
export const writeBadRows = (
  folder: string,
  { badRows, unreadable }: Pick<Decisions, 'badRows' | 'unreadable'>,
): Promise<void> =>
  writeFile(
    join(folder, BAD_ROWS_FILE),
    [...badRows.kept, ...unreadable.kept].map((row) => `${JSON.stringify(row)}\n`).join(''),
  );
