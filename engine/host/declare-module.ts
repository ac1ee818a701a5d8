import { moduleFamily } from '../../models/families/module-family.js';
import { loadModule, moduleTensors } from '../../models/families/module.js';
import { layoutFor } from '../../models/job-fit.js';
import type { Family } from '../../models/families/family.js';
import { ModelError } from '../../models/model-error.js';
import { checkModule } from '../../training/models/check-module.js';
import { moduleModel, type CreateUserModel } from '../../training/models/module.js';
import type { EngineRequests } from '../protocol.js';

/**
 * Asks a user's module for its tensors and tries it, forth and back, on small random weights.
 * @throws ModelError for what is wrong with it, in a sentence that names the file.
 */
export async function declareModule(
  { job, path, outputs, inputs }: EngineRequests['declareModule']['input'],
  allowModules: boolean,
): Promise<EngineRequests['declareModule']['output']> {
  if (!allowModules) throw new ModelError(`${path}: no module may run in this process`);
  const create = await loadModule(path);
  const context = { job, outputs, inputs };
  const tensors = moduleTensors(create, context, path);
  const family = moduleFamily as unknown as Family;
  const { trainable } = layoutFor(
    { ...job, lora: undefined },
    { family, config: { inputs, outputs, tensors } },
    outputs,
  );
  const model = moduleModel(create as unknown as CreateUserModel, context, path);
  checkModule(model, path, { trainable, ...(inputs.kind === 'tokens' && { maxLength: inputs.maxLength }) });
  return tensors;
}
