import pc from 'picocolors';
import type { TextPrediction } from '../../engine/protocol.js';
import { percent } from './units.js';

/** Labels with their scores, best first. */
export const topScores = (scores: TextPrediction['scores']): [string, number][] =>
  Object.entries(scores).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));

/** One label: a line for each text. More: the text, and its labels below it. */
export function renderPredictions(predictions: readonly TextPrediction[], top: number): string[] {
  const named = predictions.map(({ text, scores }) => ({ text, best: topScores(scores).slice(0, top) }));
  const width = Math.max(0, ...named.flatMap(({ best }) => best.map(([label]) => label.length)));
  const scored = ([label, score]: [string, number]) => `${pc.bold(label.padEnd(width))}  ${percent(score).padStart(7)}`;
  if (top === 1) return named.map(({ text, best }) => `${best.map(scored).join('')}  ${text}`);
  return named.flatMap(({ text, best }) => [text, ...best.map((each) => `  ${scored(each)}`)]);
}
