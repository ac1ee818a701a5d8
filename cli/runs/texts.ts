import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { z } from 'zod';
import { CliError } from '../../infra/errors.js';

export interface TextSource {
  readonly texts: readonly string[];
  readonly file: string | null;
  /** Column of the job that holds the text, for .jsonl. */
  readonly column: string;
}

/** The texts to predict: those given, else the file's, else what is piped in. */
export async function readTexts({ texts, file, column }: TextSource): Promise<string[]> {
  if (texts.length > 0 && file !== null) throw new CliError('Give either texts or --file, not both.');
  if (texts.length > 0) return [...texts];
  if (file === null && process.stdin.isTTY) throw new CliError('Give a text, --file, or pipe texts in, one a line.');
  const piped = file === null || file === '-';
  const content = piped
    ? await readAll(process.stdin)
    : await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        throw new CliError(
          error.code === 'ENOENT' ? `There is no file ${file}.` : `${file} cannot be read: ${error.message}.`,
        );
      });
  const jsonLines = piped ? content.trimStart().startsWith('{') : extname(file) === '.jsonl';
  const found = jsonLines ? textsOfJsonl(content, column, piped ? 'stdin' : file) : linesOf(content);
  if (found.length === 0) throw new CliError(`${piped ? 'stdin' : file} holds no text.`);
  return found;
}

export const linesOf = (content: string): string[] => content.split(/\r?\n/).filter((line) => line.trim() !== '');

/** One text of each line: a string, or an object's `column`, else its `text`. */
export function textsOfJsonl(content: string, column: string, where: string): string[] {
  const rows = content.split(/\r?\n/).map((line, i) => ({ line, number: i + 1 }));
  return rows
    .filter(({ line }) => line.trim() !== '')
    .map(({ line, number }) => {
      const row = rowSchema.safeParse(parseJson(line, `${where}:${number}`));
      const text = !row.success
        ? undefined
        : typeof row.data === 'string'
          ? row.data
          : (row.data[column] ?? row.data['text']);
      if (typeof text === 'string') return text;
      throw new CliError(
        `${where}:${number}: expected an object with the text in "${column}" or "text", or a JSON string.`,
      );
    });
}

const rowSchema = z.union([z.string(), z.record(z.string(), z.unknown())]);

function parseJson(line: string, where: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new CliError(`${where}: this line is no JSON (${error instanceof Error ? error.message : String(error)}).`);
  }
}
