/** `node make-rows.js FILE ROWS`: a table of about 800 bytes a row, the same each time; one row in a hundred is a double. */
import { closeSync, openSync, writeSync } from 'node:fs';

const NUMBERS = 10;
const NOTE_BYTES = 680;
const WORDS = 'the of a granite harbour measured twice before noon and left where nobody would look for it again'.split(
  ' ',
);

/** xorshift32 (Marsaglia, 2003) */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

export const COLUMNS = ['id', ...Array.from({ length: NUMBERS }, (_, i) => `n${i}`), 'place', 'note', 'label'];

export function writeRows(path: string, rows: number): void {
  const draw = generator(2026);
  const notes = Array.from({ length: 4096 }, () => {
    let note = '';
    while (note.length < NOTE_BYTES) note += `${WORDS[Math.floor(draw() * WORDS.length)]!} `;
    return `"${note.slice(0, NOTE_BYTES - 2)}, end"`;
  });
  const file = openSync(path, 'w');
  let [lines, held, before] = [[`${COLUMNS.join(',')}\n`], 0, ''];
  const flush = (): void => {
    writeSync(file, lines.join(''));
    [lines, held] = [[], 0];
  };
  for (let row = 0; row < rows; row++) {
    let cells = before;
    if (row % 100 !== 99) {
      cells = '';
      for (let i = 0; i < NUMBERS; i++) cells += `${(draw() * 1000 - 500).toFixed(4)},`;
      cells += `place ${Math.floor(draw() * 50)},${notes[Math.floor(draw() * notes.length)]!},class ${Math.floor(draw() * 8)}`;
      before = cells;
    }
    lines.push(`row-${row},${cells}\n`);
    if (++held === 1024) flush();
  }
  flush();
  closeSync(file);
}

const [, script, path, rows] = process.argv;
if (script?.endsWith('make-rows.js') && path !== undefined) writeRows(path, Number(rows));
