import { nearest, quotedList } from '../../job/nearest.js';
import { ModelError } from '../model-error.js';
import { bert } from './bert.js';
import { cnn } from './cnn.js';
import { distilbert } from './distilbert.js';
import type { Family } from './family.js';
import { gpt2 } from './gpt2.js';
import { layers } from './layers.js';
import { mlp } from './mlp.js';
import { mobileNetV2 } from './mobilenet-v2.js';
import { moduleFamily } from './module-family.js';
import { resNet } from './resnet.js';
import { roberta } from './roberta.js';
import { vit } from './vit.js';

/** A configuration is only ever given back to the family that parsed it, so its type need not be known elsewhere. */
const known = <Config>(family: Family<Config>): Family => family as unknown as Family;

/** The first one that reads a config.json takes it. */
export const families: readonly Family[] = [
  known(bert),
  known(distilbert),
  known(roberta),
  known(gpt2),
  known(mobileNetV2),
  known(resNet),
  known(vit),
  known(cnn),
  known(mlp),
  known(layers),
  known(moduleFamily),
];

/** The family of a parsed config.json. @throws ModelError naming the nearest `model_type` that can be trained. */
export function familyOf(config: Readonly<Record<string, unknown>>, fileName = 'config.json'): Family {
  const family = families.find(({ reads }) => reads(config));
  if (family !== undefined) return family;
  const names = families.map(({ name }) => name);
  const found = config['model_type'];
  const near = typeof found === 'string' ? nearest(found, names) : null;
  const advice = near === null ? '' : `; did you mean \`${near}\`?`;
  throw new ModelError(
    `${fileName}: model_type: expected ${quotedList(names, 'or')}, found ${found === undefined ? 'none' : JSON.stringify(found)}${advice}`,
  );
}

/** The family of this name, as ModelRef has it. */
export function familyNamed(name: string): Family {
  const family = families.find((candidate) => candidate.name === name);
  if (family === undefined) throw new Error(`no family of models is called ${name}`);
  return family;
}
