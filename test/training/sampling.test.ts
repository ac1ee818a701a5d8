import { expect, test } from 'vitest';
import { draw } from '../../training/counter-random.js';
import { nextToken, probabilities } from '../../training/generation/sampling.js';
import { expected } from '../support/tiny-gpt2.js';

const scores = Float32Array.from({ length: 40 }, (_, i) => 3 * Math.sin(0.7 * i ** 1.5));
const open = { temperature: 1, topK: null, topP: 1, repetitionPenalty: 1 };

test.each(expected.filtered)(
  'temperature $temperature, top-k $topK, top-p $topP and penalty $repetitionPenalty give the shares of transformers',
  ({ seen, probabilities: shares, topK, ...settings }) => {
    const found = probabilities(scores, seen, { ...settings, topK: topK === 0 ? null : topK });
    expect([...found].map((share) => share > 0)).toEqual(shares.map((share) => share > 0));
    shares.forEach((share, token) => expect(Math.abs(found[token]! - share), `token ${token}`).toBeLessThan(1e-6));
  },
);

test('tokens are drawn as often as their shares say', () => {
  const settings = { ...open, topK: 4 };
  const shares = probabilities(scores, [], settings);
  const counts = new Float64Array(40);
  const draws = 20_000;
  for (let i = 0; i < draws; i++) counts[nextToken(scores, [], settings, draw(7, 0, i) / 2 ** 32)]!++;
  shares.forEach((share, token) => {
    if (share === 0) expect(counts[token]).toBe(0);
    else expect(Math.abs(counts[token]! / draws - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / draws));
  });
});

test('the ends of the draw are tokens that have a share', () => {
  const settings = { ...open, topK: 3 };
  const shares = probabilities(scores, [], settings);
  for (const uniform of [0, 1 - 2 ** -32, 1])
    expect(shares[nextToken(scores, [], settings, uniform)]).toBeGreaterThan(0);
});

test('greedy takes the likeliest token, the first of equal ones, after the penalty', () => {
  const greedy = { ...open, temperature: 0 };
  expect(nextToken(Float32Array.of(1, 3, 3, 2), [], greedy, 0.9)).toBe(1);
  const penalty = { ...greedy, repetitionPenalty: 1.2 };
  expect(nextToken(Float32Array.of(1, 3, 3, 2), [1], penalty, 0.9)).toBe(2);
  expect(nextToken(Float32Array.of(1, 3, 2.4, 2), [1, 1, 1], penalty, 0.9), 'once, however often it occurred').toBe(1);
  expect(nextToken(Float32Array.of(-3, -1, -1.2), [1], { ...greedy, repetitionPenalty: 1.5 }, 0)).toBe(2);
});
