import { ModelError } from './model-error.js';

/** @throws ModelError unless the text is a JSON object. */
export function parseObject(text: string, fileName: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ModelError(`${fileName}: not valid JSON: ${(error as Error).message}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new ModelError(`${fileName}: expected a JSON object`);
}
