import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { renderEnd } from '../../cli/render/ended.js';
import type { RunEnd } from '../../cli/runs/ending.js';
import { workflowState } from '../../cli/runs/workflow-state.js';
import type { FineTuneResult } from '../../workflows/contract.js';
import { aLook, run, startedAtMs } from './a-run.js';

const metrics = { loss: 0.5, accuracy: 0.9, examples: 100 };
const at = { kind: 'checkpoint', run, sequence: 2, step: 20, epoch: 1, cursor: 0 };
const result = {
  run,
  outcome: 'completed',
  best: at,
  final: at,
  evaluation: { metrics, report: { key: 'runs/r/report.json', bytes: 1, sha256: 'a' } },
  model: { files: [{ key: 'runs/r/model/model.safetensors', bytes: 1, sha256: 'a' }], bytes: 1 },
  observations: aLook(20).status!.observations,
  sessions: [],
} as unknown as FineTuneResult;

const memoOf = (memo: Record<string, unknown>): NonNullable<RunEnd['task']> =>
  workflowState({
    workflowId: run,
    status: { code: 2, name: 'COMPLETED' },
    startTime: new Date(startedAtMs),
    memo: { job: 'j', model: 'm', ...memo },
  });

const predictHint = (memo: Record<string, unknown>): string => {
  const lines = renderEnd(run, { state: 'done', message: 'done', result, task: memoOf(memo) });
  return stripVTControlCharacters(lines.find((line) => line.includes('temper predict'))!);
};

test.each([
  [{ task: 'text-classification' }, '"some text"'],
  [{ task: 'text-classification', pairs: true }, '"one text" "another text"'],
  [{ task: 'token-classification' }, '"some words"'],
  [{ task: 'causal-lm' }, '"some text"'],
  [{ task: 'image-classification' }, 'some.png'],
  [{ task: 'tabular-classification' }, '--file rows.csv'],
  [{ task: 'tabular-regression' }, '--file rows.csv'],
  [{ task: 'a task of a later version' }, '"some text"'],
])('what is tried next fits the task %j', (memo, input) => {
  expect(predictHint(memo)).toContain(`temper predict ${run} ${input}  `);
});

test('the hints stand in one column', () => {
  const lines = renderEnd(run, {
    state: 'done',
    message: 'done',
    result,
    task: memoOf({ task: 'image-classification' }),
  });
  const hints = lines.slice(lines.indexOf('Try next:') + 1);
  expect(new Set(hints.map((line) => /^ {2}\S+ .*? {3,}/.exec(line)![0].length)).size).toBe(1);
});
