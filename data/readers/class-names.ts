/** Hugging Face datasets keep classes as numbers; their names stand in the file's metadata (a ClassLabel feature). */
import { z } from 'zod';

interface Feature {
  readonly _type?: string | undefined;
  readonly names?: readonly string[] | undefined;
  readonly feature?: unknown;
}

const metadataSchema = z.object({ info: z.object({ features: z.record(z.string(), z.unknown()) }) });
const featureSchema: z.ZodType<Feature> = z.object({
  _type: z.string().optional(),
  names: z.array(z.string()).optional(),
  feature: z.unknown().optional(),
});

export type NamesOfColumns = ReadonlyMap<string, readonly string[]>;

/** Column -> names of its classes, from the metadata under `huggingface`; none where it says nothing of classes. */
export function classNames(metadata: string | undefined | null): NamesOfColumns {
  const found = new Map<string, readonly string[]>();
  const parsed = metadataSchema.safeParse(parseJson(metadata ?? ''));
  if (!parsed.success) return found;
  for (const [column, feature] of Object.entries(parsed.data.info.features)) {
    const names = namesOf(feature);
    if (names) found.set(column, names);
  }
  return found;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Of a class, or of the classes of a list; older versions write a list as `[feature]`. */
function namesOf(feature: unknown): readonly string[] | null {
  const parsed = featureSchema.safeParse(Array.isArray(feature) ? { feature: feature[0] as unknown } : feature);
  if (!parsed.success) return null;
  const { _type, names, feature: inner } = parsed.data;
  if (_type === 'ClassLabel') return names ?? null;
  const innermost = featureSchema.safeParse(inner);
  return innermost.success && innermost.data._type === 'ClassLabel' ? (innermost.data.names ?? null) : null;
}

/** The value with names for the numbers of classes; -1 says that there is none. */
export function named(value: unknown, names: readonly string[] | undefined): unknown {
  if (!names) return value;
  if (Array.isArray(value)) return value.map((one) => named(one, names));
  return typeof value === 'number' ? (names[value] ?? (value === -1 ? null : value)) : value;
}
