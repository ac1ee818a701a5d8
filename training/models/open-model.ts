import { join } from 'node:path';
import type { Job } from '../../job/schema.js';
import type { Family } from '../../models/families/family.js';
import { MODULE_FILE, moduleFamily, type ModuleConfig } from '../../models/families/module-family.js';
import { loadModule } from '../../models/families/module.js';
import { ModelError } from '../../models/model-error.js';
import type { Model } from '../model.js';
import { buildModel } from './index.js';
import { moduleModel, type CreateUserModel } from './module.js';

export interface ToOpen {
  readonly family: Family;
  readonly config: unknown;
  readonly folder: string;
  readonly outputs: number;
  /** Whether a module of the user's may run in this process. */
  readonly allowModules: boolean;
}

/**
 * The model of a folder, whose code is loaded where it has some.
 * @throws ModelError for a module where none may run, and for one that gives other tensors than its config.json has.
 */
export async function openModel({ family, config, folder, outputs, allowModules }: ToOpen, job: Job): Promise<Model> {
  if (family.name !== moduleFamily.name) return buildModel(family.name, config, job, outputs);
  const path = join(folder, MODULE_FILE);
  if (!allowModules) {
    throw new ModelError(
      `${MODULE_FILE}: the model is a module, whose code would run here: set TEMPER_ALLOW_MODULES=1 for this process where whoever wrote it may run code (docs/operations.md)`,
    );
  }
  const { inputs, tensors } = config as ModuleConfig;
  const create = (await loadModule(path)) as unknown as CreateUserModel;
  const model = moduleModel(create, { job, outputs, inputs }, path);
  const [expected, found] = [tensors, model.tensors].map((list) =>
    list.map(({ name, shape }) => `${name} [${shape.join(', ')}]`),
  ) as [string[], string[]];
  if (expected.join() === found.join()) return model;
  const differing = found.findIndex((tensor, i) => tensor !== expected[i]);
  throw new ModelError(
    `${MODULE_FILE}: expected the tensors that it gave when the job was submitted, ${expected[differing] ?? 'no more'}, found ${found[differing] ?? 'none'}: createModel has to be a function of its arguments`,
  );
}
