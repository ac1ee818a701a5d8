import pc from 'picocolors';
import type { Metrics } from '../../workflows/contract.js';
import type { RunEnd } from '../runs/ending.js';
import { headlines } from './metrics.js';
import { counted, loss, size } from './units.js';

/** The last word on a run: what came out, where the model is, what to try next. */
export function renderEnd(run: string, end: RunEnd): string[] {
  if (end.state === 'cancelled')
    return [end.message, `What it has stored, if that is still there, goes with: temper cancel ${run} --purge`];
  const { result } = end;
  if (end.state === 'failed' || !result)
    return [pc.red(end.message), `See what happened on the way: temper explain ${run}`];
  const { evaluation, best, final, model, observations } = result;
  const observed = observations.find(({ step }) => step === best.step);
  const { metrics } = evaluation;
  const folder = model.files[0]?.key.replace(/[^/]+$/, '') ?? '';
  return [
    pc.bold(end.message),
    `  test        ${said(metrics, pc.bold)} on ${counted(metrics.examples, 'example')}`,
    `  best step   ${best.step} (epoch ${best.epoch}) of ${final.step}${observed ? `: validation ${said(observed)}` : ''}`,
    `  model       ${folder} in the store: ${counted(model.files.length, 'file')}, ${size(model.bytes)}`,
    `  report      ${evaluation.report.key}`,
    'Try next:',
    ...triedNext(run, end.task),
  ];
}

function triedNext(run: string, task: RunEnd['task']): string[] {
  const { input, says } = predicted(task);
  const hints = [
    [`predict ${run} ${input}`, says],
    [`export ${run} --to ./model`, 'a Hugging Face folder of your own'],
    [`explain ${run}`, 'sessions, recoveries and what they cost'],
  ] as const;
  const width = Math.max(...hints.map(([command]) => command.length));
  return hints.map(([command, what]) => `  temper ${command.padEnd(width)}   ${what}`);
}

/** What to give `temper predict`, and what it answers. */
function predicted(task: RunEnd['task']): { readonly input: string; readonly says: string } {
  switch (task?.task ?? null) {
    case 'image-classification':
      return { input: 'some.png', says: 'what the model sees in it' };
    case 'tabular-classification':
    case 'tabular-regression':
      return { input: '--file rows.csv', says: 'what the model says of each row' };
    case 'token-classification':
      return { input: '"some words"', says: 'the tag of each' };
    case 'causal-lm':
      return { input: '"some text"', says: 'how the model goes on' };
    case 'text-classification':
    case null:
      return task?.pairs
        ? { input: '"one text" "another text"', says: 'what the model says of the two' }
        : { input: '"some text"', says: 'what the model says of it' };
  }
}

/** `accuracy 81.4 %, loss 0.6102, F1 81.2 %` */
function said(metrics: Metrics, strong: (text: string) => string = (text) => text): string {
  const [first, ...rest] = headlines(metrics).map(({ title, text }, i) => `${title} ${i === 0 ? strong(text) : text}`);
  return [first, `loss ${loss(metrics.loss)}`, ...rest].filter((text) => text !== undefined).join(', ');
}
