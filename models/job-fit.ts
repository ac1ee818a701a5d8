import { quotedList } from '../job/nearest.js';
import type { Job } from '../job/schema.js';
import { adaptersOf, type AdapterSpec } from './adapters.js';
import type { Family } from './families/family.js';
import { layoutOf, resolveFreeze, type FrozenLayout } from './freeze.js';
import { ModelError } from './model-error.js';

/** A model with its configuration. */
export interface Configured {
  readonly family: Family;
  readonly config: unknown;
}

/** What a job trains of its model. */
export interface JobLayout extends FrozenLayout {
  /** None without `lora`. */
  readonly adapters: readonly AdapterSpec[];
}

/**
 * Which tensors of its model a job trains. `outputs`: numbers that the head gives (families/labels.ts).
 * @throws ModelError as resolveFreeze and adaptersOf do, and for a `freeze` beside `lora`.
 */
export function layoutFor(job: Job, { family, config }: Configured, outputs: number): JobLayout {
  const base = family.tensors(config, job);
  const head = family.head(config, job, outputs);
  if (job.lora === undefined) {
    const blocks = {
      count: family.blocks(config),
      blockOf: (name: string) => family.blockOf(name, config),
      epochs: job.train.epochs,
    };
    return { ...resolveFreeze(job.freeze, [...base, ...head], blocks), adapters: [] };
  }
  if (job.freeze !== 'none' && job.freeze !== 'all') {
    throw new ModelError('freeze: expected none beside `lora`, which freezes the whole base: leave one of the two out');
  }
  const adapters = adaptersOf(job.lora, base, family);
  const added = adapters.flatMap(({ a, b }) => [a, b]);
  const trainable = [...added, ...head].map(({ name }) => name).sort();
  return { ...layoutOf([...base, ...added, ...head], [{ fromEpoch: 0, trainable }]), adapters };
}

/**
 * Checks that a job fits its base model before anything starts. `outputs` only affects the parameter counts.
 * @throws ModelError for a task that the family cannot do, a maxLength beyond the model's positions, and as layoutFor does.
 */
export function checkJobFitsModel(job: Job, { family, config }: Configured, outputs = 2): JobLayout {
  checkTask(job, family);
  family.checkJob?.(config, job);
  const maxLength = family.maxLength?.(config) ?? Infinity;
  if (job.data.maxLength > maxLength) {
    throw new ModelError(
      `data.maxLength: expected at most ${maxLength} (positions of the model), found ${job.data.maxLength}`,
    );
  }
  return layoutFor(job, { family, config }, outputs);
}

/** @throws ModelError for a task that the family cannot do. */
export function checkTask({ task }: Job, { name, tasks }: Pick<Family, 'name' | 'tasks'>): void {
  if (tasks.includes(task)) return;
  throw new ModelError(
    `task: expected ${quotedList(tasks, 'or')} of a ${name} model, found \`${task}\`: choose another model or task`,
  );
}
