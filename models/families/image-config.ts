import { z } from 'zod';
import { ModelError } from '../model-error.js';

const WHOLE = 'a whole number above 0';
const ABOVE = 'a number above 0';

export const whole = z.int(WHOLE).positive(WHOLE);
export const above = z.number(ABOVE).positive(ABOVE);

const SIDE = 'one side for height and width, a whole number above 0';
/** Height and width are one number here; a pair of equal ones is read as it. */
export const side = z
  .union([whole, z.tuple([whole, whole]).refine(([height, width]) => height === width, SIDE)], SIDE)
  .transform((size) => (typeof size === 'number' ? size : size[0]));

type Config = Readonly<Record<string, unknown>>;

/** @throws ModelError naming each key, what was expected and what was found. */
export function parseImageConfig<Schema extends z.ZodType>(
  schema: Schema,
  config: Config,
  fileName: string,
): z.output<Schema> {
  const parsed = schema.safeParse(config);
  if (parsed.success) return parsed.data;
  const said = parsed.error.issues.map((issue) => {
    const value = config[String(issue.path[0])];
    const expected = issue.code === 'invalid_value' ? issue.values.map(String).join(' or ') : issue.message;
    return `${issue.path.join('.')}: expected ${expected}, found ${value === undefined ? 'none' : JSON.stringify(value)}`;
  });
  throw new ModelError(`${fileName}: not an image model that can be trained here: ${said.join('; ')}`);
}

/** What timm writes as config.json: the architecture's name, and what the weights were trained on. */
const timmSchema = z.object({
  architecture: z.string(),
  pretrained_cfg: z
    .object({
      input_size: z.tuple([whole, whole, whole]).optional(),
      mean: z.tuple([z.number(), z.number(), z.number()]).optional(),
      std: z.tuple([z.number(), z.number(), z.number()]).optional(),
    })
    .optional(),
});

export interface TimmConfig {
  readonly architecture: string;
  readonly imageSize: number | undefined;
  readonly normalisation: { readonly image_mean?: unknown; readonly image_std?: unknown };
}

/** The config of timm, or null where it is another's. */
export function timmConfig(config: Config): TimmConfig | null {
  const parsed = timmSchema.safeParse(config);
  if (!parsed.success) return null;
  const { architecture, pretrained_cfg } = parsed.data;
  const { input_size, mean, std } = pretrained_cfg ?? {};
  return {
    architecture,
    imageSize: input_size?.[1],
    normalisation: { ...(mean && { image_mean: mean }), ...(std && { image_std: std }) },
  };
}

/** config.json of a fine-tuned classifier, as transformers' class of that name loads it. */
export function classifierConfig(
  base: Config,
  architecture: string,
  labels: readonly string[],
): Record<string, unknown> {
  const kept = Object.entries(base).filter(([key]) => !['num_labels', 'problem_type', '_name_or_path'].includes(key));
  return {
    ...Object.fromEntries(kept),
    architectures: [architecture],
    id2label: Object.fromEntries(labels.map((label, id) => [String(id), label])),
    label2id: Object.fromEntries(labels.map((label, id) => [label, id])),
  };
}

/** Standard deviation of a truncated normal whose own, after cutting at two, is that of He et al. (2015). */
export const heStd = (fan: number): number => Math.sqrt(2 / fan) / TRUNCATED_STD;
/** Standard deviation of a standard normal cut at two. */
const TRUNCATED_STD = 0.879_625_661_034_239_8;
