import type { ConvertedTensor as FileTensor, Family, ImageNormalisation, InitialValues } from './family.js';
import { ModelError } from '../model-error.js';

export type { ConvertedTensor as FileTensor, ImageNormalisation, InitialValues } from './family.js';

type Config = Readonly<Record<string, unknown>>;

/** A family whose models read `pixels` (rows, size, size, channels). */
export interface ImageFamily<Parsed> extends Family<Parsed> {
  readonly imageSize: (config: Parsed) => number;
  /** `preprocessor` is the folder's preprocessor_config.json, if it has one. */
  readonly imageNormalisation: (config: Parsed, preprocessor?: Config) => ImageNormalisation;
  /** Shape that a file's tensor has once `convert` has read it: compare this one with the architecture's. */
  readonly shapeOf: (name: string, fileShape: readonly number[], config: Parsed) => readonly number[];
  /** The inverse of `convert`, for the published file: our values and shape as they are there; null where both are alike. */
  readonly unconvert: (name: string) => ((values: Float32Array, shape: readonly number[]) => FileTensor) | null;
  /** How a tensor of the base begins with `pretrained: false`. */
  readonly initialValues: (name: string, shape: readonly number[], config: Parsed) => InitialValues;
}

export const imageNet: ImageNormalisation = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
/** 0..1 becomes -1..1. */
export const symmetric: ImageNormalisation = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

/**
 * Normalisation as a preprocessor_config.json has it, the family's own where the file is silent.
 * @throws ModelError for values that are no triples, and for a rescaling that does not begin with 0..1.
 */
export function normalisationOf(own: ImageNormalisation, preprocessor: Config = {}): ImageNormalisation {
  const where = 'preprocessor_config.json';
  const factor = preprocessor['rescale_factor'] ?? 1 / 255;
  if (preprocessor['do_rescale'] === false || typeof factor !== 'number' || Math.abs(factor * 255 - 1) > 1e-3) {
    throw new ModelError(
      `${where}: expected pixels that are divided by 255 first (do_rescale true, rescale_factor 1/255), found do_rescale ${JSON.stringify(preprocessor['do_rescale'])} and rescale_factor ${JSON.stringify(factor)}: fold another factor into image_mean and image_std`,
    );
  }
  if (preprocessor['do_normalize'] === false) return { mean: [0, 0, 0], std: [1, 1, 1] };
  return {
    mean: triple(preprocessor, 'image_mean', () => true, 'numbers') ?? own.mean,
    std: triple(preprocessor, 'image_std', (value) => value > 0, 'numbers above 0') ?? own.std,
  };
}

function triple(preprocessor: Config, key: string, valid: (value: number) => boolean, expected: string) {
  const found = preprocessor[key];
  if (found === undefined || found === null) return null;
  const values: unknown[] = Array.isArray(found) ? found : [];
  if (
    values.length === 3 &&
    values.every((value) => typeof value === 'number' && Number.isFinite(value) && valid(value))
  ) {
    return values as [number, number, number];
  }
  throw new ModelError(
    `preprocessor_config.json: ${key}: expected three ${expected}, one a colour, found ${JSON.stringify(found)}`,
  );
}
