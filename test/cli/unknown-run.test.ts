import { expect, test } from 'vitest';
import { nearestRuns, unknownRunMessage } from '../../cli/runs/unknown-run.js';

const known = ['glosses-1a2b3c4d', 'glosses-99887766', 'reviews-00000001'];

test('a mistyped id names the run that was meant', () => {
  expect(unknownRunMessage('glosses-1a2b3c4e', known)).toBe(
    'There is no run glosses-1a2b3c4e. Did you mean glosses-1a2b3c4d?',
  );
});

test("a job's name names its runs", () => {
  expect(nearestRuns('glosses', known)).toEqual(['glosses-1a2b3c4d', 'glosses-99887766']);
});

test('where nothing is near, the list is named', () => {
  expect(unknownRunMessage('xyz', known)).toBe('There is no run xyz: `temper list` shows those there are.');
  expect(unknownRunMessage('xyz', [])).toBe('There is no run xyz: no run was started here yet.');
});
