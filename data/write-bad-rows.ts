import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BAD_ROWS_FILE, type BadRows } from './bad-rows.js';

/** Writes the rows that were left out, as they stood, each with its place and what is wrong with it. */
export const writeBadRows = (folder: string, { kept }: BadRows): Promise<void> =>
  writeFile(join(folder, BAD_ROWS_FILE), kept.map((row) => `${JSON.stringify(row)}\n`).join(''));
