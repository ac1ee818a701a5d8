import { isUtf8 } from 'node:buffer';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { DataError } from '../data-error.js';
import { NOT_UTF8 } from '../readers/bad-row.js';

const MAX_TEXT_BYTES = 16 * 2 ** 20;

export interface TextFile {
  readonly path: string;
  /** Relative: `spam/0001.txt`. */
  readonly name: string;
}

/**
 * A folder of texts, one folder a class, as JSON Lines: a row has the text, its class (the folder's name) and its path.
 * @throws DataError for a file that is no text.
 */
export async function packTexts(
  files: readonly TextFile[],
  columns: { readonly text: string; readonly label: string },
  out: string,
): Promise<void> {
  await writeFile(out, rows(files, columns));
}

async function* rows(
  files: readonly TextFile[],
  { text, label }: { readonly text: string; readonly label: string },
): AsyncGenerator<string> {
  for (const { path, name } of files) {
    const { size } = await stat(path);
    if (size > MAX_TEXT_BYTES)
      throw new DataError(`${name}: expected a text of at most ${MAX_TEXT_BYTES} bytes, found ${size}`);
    const bytes = await readFile(path);
    if (!isUtf8(bytes)) throw new DataError(`${name}: ${NOT_UTF8}`);
    yield `${JSON.stringify({ [text]: bytes.toString('utf8'), [label]: name.split('/').at(-2), path: name })}\n`;
  }
}
