import pc from 'picocolors';
import type { Prediction, PredictInput } from '../../engine/protocol.js';
import { percent } from './units.js';

/** Labels with their scores, best first. */
export const topScores = (scores: Readonly<Record<string, number>>): [string, number][] =>
  Object.entries(scores).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));

/** What was predicted for, on one line. */
export function shownInput(input: PredictInput): string {
  switch (input.kind) {
    case 'text':
      return input.pair === null ? input.text : `${input.text} | ${input.pair}`;
    case 'words':
      return input.words.join(' ');
    case 'image':
      return input.path;
    case 'row':
      return JSON.stringify(input.cells);
  }
}

/** One label: a line for each input. More: the input, and its labels below it. */
export function renderPredictions(
  inputs: readonly PredictInput[],
  predictions: readonly Prediction[],
  top: number,
): string[] {
  const width = Math.max(
    0,
    ...predictions.flatMap((prediction) => shownLabels(prediction, top)).map(([label]) => label.length),
  );
  return predictions.flatMap((prediction, i) => renderOne(shownInput(inputs[i]!), inputs[i]!, prediction, top, width));
}

const shownLabels = (prediction: Prediction, top: number): [string, number][] =>
  prediction.kind === 'class' ? topScores(prediction.scores).slice(0, top) : [];

function renderOne(shown: string, input: PredictInput, prediction: Prediction, top: number, width: number): string[] {
  const scored = ([label, score]: [string, number]) => `${pc.bold(label.padEnd(width))}  ${percent(score).padStart(7)}`;
  switch (prediction.kind) {
    case 'class': {
      const best = shownLabels(prediction, top);
      return top === 1
        ? [`${best.map(scored).join('')}  ${shown}`]
        : [shown, ...best.map((each) => `  ${scored(each)}`)];
    }
    case 'classes':
      return [`${pc.bold(prediction.labels.join(', ') || 'none')}  ${shown}`];
    case 'tags': {
      const words = input.kind === 'words' ? input.words : [];
      return [words.map((word, i) => tagged(word, prediction.tags[i] ?? null)).join(' ')];
    }
    case 'value':
      return [`${pc.bold(prediction.value.toPrecision(6))}  ${shown}`];
    case 'text':
      return [`${shown}${pc.bold(prediction.text)}`];
  }
}

const tagged = (word: string, tag: string | null): string =>
  tag === null || tag === 'O' ? word : `${word}${pc.bold(`/${tag}`)}`;

/** One prediction as an object of `--json`. */
export function predictionAsJson(input: PredictInput, prediction: Prediction): object {
  const given = inputAsJson(input);
  switch (prediction.kind) {
    case 'class': {
      const scores = Object.fromEntries(topScores(prediction.scores));
      return { ...given, label: prediction.label, score: prediction.scores[prediction.label] ?? null, scores };
    }
    case 'classes':
      return { ...given, labels: prediction.labels, scores: Object.fromEntries(topScores(prediction.scores)) };
    case 'tags':
      return { ...given, tags: prediction.tags };
    case 'value':
      return { ...given, value: prediction.value };
    case 'text':
      return { ...given, generated: prediction.text };
  }
}

function inputAsJson(input: PredictInput): object {
  switch (input.kind) {
    case 'text':
      return input.pair === null ? { text: input.text } : { text: input.text, textPair: input.pair };
    case 'words':
      return { words: input.words };
    case 'image':
      return { image: input.path };
    case 'row':
      return { row: input.cells };
  }
}
