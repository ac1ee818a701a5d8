import { z } from 'zod';
import { ModelError } from '../model-error.js';

export const size = z.int('a whole number above 0').positive('a whole number above 0');
export const rate = z
  .number('a number from 0 to below 1')
  .min(0, 'a number from 0 to below 1')
  .lt(1, 'a number from 0 to below 1');
export const positive = z.number('a number above 0').positive('a number above 0');
/** The id of a token that a model need not have. */
export const tokenId = z.int('a whole number').nonnegative('a whole number').nullable();

/**
 * Reads a config.json by its family's schema; keys that do not matter here are passed over. The messages of the schema's
 * rules say what is expected.
 * @throws ModelError naming every key at fault, what was expected and what was found.
 */
export function parseConfig<Schema extends z.ZodType>(
  schema: Schema,
  config: Readonly<Record<string, unknown>>,
  fileName: string,
  what: string,
): z.output<Schema> {
  const parsed = schema.safeParse(config);
  if (parsed.success) return parsed.data;
  const said = parsed.error.issues.map((issue) => {
    const key = String(issue.path[0]);
    const expected = issue.code === 'invalid_value' ? issue.values.map(String).join(' or ') : issue.message;
    return `${key}: expected ${expected}, found ${config[key] === undefined ? 'none' : JSON.stringify(config[key])}`;
  });
  throw new ModelError(`${fileName}: not ${what} that can be trained here: ${said.join('; ')}`);
}

/** @throws ModelError unless the heads of attention share the width evenly. */
export function requireDivides(
  fileName: string,
  [headsKey, heads]: [string, number],
  [widthKey, width]: [string, number],
) {
  if (width % heads === 0) return;
  throw new ModelError(`${fileName}: expected ${headsKey} to divide ${widthKey}, found ${heads} and ${width}`);
}
