import { expect, test } from 'vitest';
import { parseChosen } from '../../cli/runs/choose-checkpoint.js';
import { differences, parseSetting, withSettings } from '../../cli/runs/fork-job.js';
import { tinyJobWith } from '../support/observations.js';

const job = tinyJobWith({});
const set = (...texts: string[]) => withSettings(job, texts.map(parseSetting));
const within = { step: 5, epoch: 0, cursor: 5 };
const between = { step: 48, epoch: 1, cursor: 0 };

test('a checkpoint is named by its number, its step, as the best, or as the newest', () => {
  expect(parseChosen('a-1')).toEqual({ run: 'a-1', at: 'newest' });
  expect(parseChosen('a-1@12')).toEqual({ run: 'a-1', at: { sequence: 12 } });
  for (const text of ['a-1@step 240', 'a-1@step240', 'a-1@step:240']) {
    expect(parseChosen(text)).toEqual({ run: 'a-1', at: { step: 240 } });
  }
  expect(parseChosen('a-1@best')).toEqual({ run: 'a-1', at: 'best' });
  for (const text of ['', '@3', 'a-1@', 'a-1@-3', 'a-1@last', '../x@3']) expect(parseChosen(text)).toBeNull();
});

test('settings are read as YAML and checked as a job file is', () => {
  expect(set('train.learningRate=1e-4', 'train.schedule={ name: cosine }').train).toMatchObject({
    learningRate: 1e-4,
    schedule: { name: 'cosine' },
  });
  expect(set('train.stopEarly.patience=3').train.stopEarly).toMatchObject({ patience: 3 });
  expect(() => set('train.epochs=0')).toThrow(/^--set train\.epochs: expected a whole number above 0, found `0`/);
  expect(() => set('train.epoch=3')).toThrow(/unknown key, did you mean `epochs`/);
  expect(() => set('epochs 3')).toThrow(/expected KEY=VALUE/);
});

test('what the state and its epoch are made by must be the same; the rest is free', () => {
  const free = set(
    'train.learningRate=1e-5',
    'train.dropout=0',
    'checkpoint.everySteps=3',
    'train.epochs=9',
    'name=other',
  );
  expect(differences(job, free, within)).toEqual([]);
  const other = set('data.maxLength=12', 'freeze=all', 'train.optimizer=lion', 'train.ema=0.9', 'seed=8');
  expect(differences(job, other, between)).toEqual([
    'data.maxLength (24, here 12)',
    'freeze ("none", here "all")',
    'seed (7, here 8)',
    'train.optimizer ("adamw", here "lion")',
    'train.ema (false, here true)',
  ]);
  const batch = set('train.batchSize=8');
  expect(differences(job, batch, within)).toEqual(['train.batchSize (4, here 8)']);
  expect(differences(job, batch, between)).toEqual([]);
});
