import { expect, test } from 'vitest';
import { compile } from '../../training/compile/program.js';

/** Views of one buffer, 4 bytes apart: whatever its address, one of 16 lies on the 64-byte boundary where tfjs-node lends memory. */
const viewsAtEveryAlignment = (length: number): Float32Array[] => {
  const buffer = new ArrayBuffer(16 * 4 + 16 * 4 * length);
  return Array.from({ length: 16 }, (_, i) => new Float32Array(buffer, 4 * i + 4 * length * i, length).fill(i + 1));
};

test('a variable keeps its value whatever becomes of the array it was assigned from', () => {
  const views = viewsAtEveryAlignment(64);
  const program = compile({ variables: new Map(views.map((view, i) => [`v${i}`, [view.length]])), functions: {} });
  views.forEach((view, i) => program.assign(`v${i}`, view));
  for (const view of views) view.fill(0);
  views.forEach((view, i) => expect(program.read(`v${i}`), `array ${i}`).toEqual(view.map(() => i + 1)));
  program.close();
});
