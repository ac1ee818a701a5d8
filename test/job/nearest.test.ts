import { expect, test } from 'vitest';
import { nearest, quotedList } from '../../job/nearest.js';

test.each([
  ['learningrate', 'learningRate'],
  ['learning_rate', 'learningRate'],
  ['epoch', 'epochs'],
  ['lable', 'label'],
  ['id', null],
  ['zebra', null],
])('the name nearest to %s is %s', (name, expected) => {
  expect(nearest(name, ['learningRate', 'epochs', 'label', 'weightDecay'])).toBe(expected);
});

test('names are listed as a sentence', () => {
  expect(quotedList(['a'])).toBe('`a`');
  expect(quotedList(['a', 'b', 'c'], 'or')).toBe('`a`, `b` or `c`');
});
