/** The job of a fork: its parent's, changed where the checkpoint's state permits it. */
import { isDeepStrictEqual } from 'node:util';
import { parse, stringify } from 'yaml';
import { JobError } from '../../job/job-error.js';
import { parseJob } from '../../job/parse.js';
import type { Job } from '../../job/schema.js';
import type { Position } from '../../workflows/contract.js';
import { CliError } from '../../infra/errors.js';

/** `train.learningRate=1e-4`, with a value as YAML writes it. */
export interface Setting {
  readonly path: readonly string[];
  readonly value: unknown;
}

export function parseSetting(text: string): Setting {
  const [, path, value] = /^([A-Za-z][\w.]*)=(.*)$/s.exec(text) ?? [];
  if (path === undefined)
    throw new CliError(`--set: expected KEY=VALUE such as train.learningRate=1e-4, found ${text}.`);
  return { path: path.split('.'), value: parse(value!) };
}

/** @throws CliError with every problem, as `temper run` tells them. */
export function withSettings(job: Job, settings: readonly Setting[]): Job {
  const changed = structuredClone(job) as Record<string, unknown>;
  for (const { path, value } of settings) {
    let section = changed;
    for (const name of path.slice(0, -1)) {
      if (typeof section[name] !== 'object' || section[name] === null) section[name] = {};
      section = section[name] as Record<string, unknown>;
    }
    section[path.at(-1)!] = value;
  }
  return checked(
    () => parseJob(stringify(changed, { aliasDuplicateObjects: false }), '--set'),
    (problem) => `--set ${problem}`,
  );
}

export function checked(read: () => Job, say: (problem: string) => string): Job {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    throw new CliError(error.problems.map(({ path, message }) => say(`${path}: ${message}`)).join('\n'));
  }
}

/** What decides which tensors a state holds, and which examples were learnt from. */
const ofTheState = ['task', 'model', 'mlp', 'pooling', 'data', 'freeze', 'lora', 'seed'] as const;
/** Within an epoch: what it is cut by. */
const ofTheEpoch = ['batchSize', 'accumulate'] as const;

/** What of `job` a state of `parent` cannot go on with, as `data.maxLength (24, here 32)`. */
export function differences(parent: Job, job: Job, { cursor }: Position): string[] {
  const slots = ({ train: { optimizer, momentum, ema } }: Job) => ({
    optimizer,
    momentum: (optimizer === 'sgd' || optimizer === 'rmsprop') && momentum > 0,
    ema: ema !== undefined,
  });
  return [
    ...ofTheState.flatMap((key) => differing(parent[key], job[key], key)),
    ...differing(slots(parent), slots(job), 'train'),
    ...(cursor === 0 ? [] : ofTheEpoch.flatMap((key) => differing(parent.train[key], job.train[key], `train.${key}`))),
  ];
}

function differing(theirs: unknown, ours: unknown, path: string): string[] {
  if (isDeepStrictEqual(theirs, ours)) return [];
  const [a, b] = [theirs, ours];
  if (isSection(a) && isSection(b)) {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    return keys.flatMap((key) => differing(a[key], b[key], `${path}.${key}`));
  }
  return [`${path} (${said(a)}, here ${said(b)})`];
}

const isSection = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const said = (value: unknown): string => (value === undefined ? 'not given' : JSON.stringify(value));
