import { z } from 'zod';

/** A file breaks the safetensors format, or lacks what was asked of it. */
export class SafetensorsError extends Error {
  override readonly name = 'SafetensorsError';
}

/** Bytes of an element. F8 types are known so that a file that has them is read as valid. */
export const dtypeBytes = {
  BOOL: 1, U8: 1, I8: 1, F8_E4M3: 1, F8_E5M2: 1,
  U16: 2, I16: 2, F16: 2, BF16: 2,
  U32: 4, I32: 4, F32: 4,
  U64: 8, I64: 8, F64: 8,
} as const; // prettier-ignore

export type Dtype = keyof typeof dtypeBytes;

export interface TensorEntry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Byte offsets from `dataStart`; `end` is exclusive. */
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly path: string;
  /** Size of the file. */
  readonly bytes: number;
  readonly dataStart: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of their bytes. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
}

/** The limit of the reference implementation. */
const MAX_HEADER_BYTES = 100_000_000;

const whole = z.int().nonnegative();
const entrySchema = z.object({ dtype: z.string(), shape: z.array(whole), data_offsets: z.tuple([whole, whole]) });
const metadataSchema = z.record(z.string(), z.string());

export const elementsOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

type Read = (position: number, length: number) => Promise<Uint8Array>;

/** Reads and checks a header: every tensor has a known dtype and the bytes of its shape, and they fill the file without gap or overlap. */
export async function parseHeader(path: string, bytes: number, read: Read): Promise<SafetensorsHeader> {
  const fail = (message: string): never => {
    throw new SafetensorsError(`${path}: not a valid safetensors file: ${message}`);
  };
  if (bytes < 8) fail(`it has ${bytes} bytes, the header's length alone takes 8`);
  const prefix = await read(0, 8);
  const length = Number(new DataView(prefix.buffer).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES) fail(`its header claims ${length} bytes, at most ${MAX_HEADER_BYTES} are allowed`);
  const dataStart = 8 + length;
  if (dataStart > bytes) fail(`its header claims ${length} bytes, the file has ${bytes}; it may have been cut short`);

  const json = parseJson(await read(8, length)) ?? fail('its header is not a JSON object');
  const { __metadata__: rawMetadata, ...rawEntries } = json;
  const metadata = metadataSchema.safeParse(rawMetadata ?? {});
  if (!metadata.success) fail('its __metadata__ is not a map of texts');

  const entries = Object.entries(rawEntries)
    .map(([name, raw]) => parseEntry(name, raw, fail))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCoverage(entries, bytes - dataStart, fail);
  return {
    path,
    bytes,
    dataStart,
    metadata: metadata.data ?? {},
    tensors: new Map(entries.map((entry) => [entry.name, entry])),
  };
}

function parseJson(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

function parseEntry(name: string, raw: unknown, fail: (message: string) => never): TensorEntry {
  const parsed = entrySchema.safeParse(raw);
  if (!parsed.success) return fail(`tensor ${name} has no valid dtype, shape and data_offsets`);
  const { dtype, shape, data_offsets } = parsed.data;
  if (!Object.hasOwn(dtypeBytes, dtype)) return fail(`tensor ${name} has the unknown dtype ${dtype}`);
  const [begin, end] = data_offsets;
  const expected = elementsOf(shape) * dtypeBytes[dtype as Dtype];
  if (end - begin !== expected) {
    return fail(
      `tensor ${name} (${dtype} [${shape.join(', ')}]) takes ${expected} bytes, its offsets span ${end - begin}`,
    );
  }
  return { name, dtype: dtype as Dtype, shape, begin, end };
}

function checkCoverage(entries: readonly TensorEntry[], dataBytes: number, fail: (message: string) => never): void {
  let reached = 0;
  let before = 'the header';
  for (const { name, begin, end } of entries) {
    if (begin < reached) fail(`tensor ${name} overlaps ${before}: it begins at byte ${begin}, expected ${reached}`);
    if (begin > reached) fail(`${begin - reached} bytes between ${before} and tensor ${name} belong to no tensor`);
    if (end > dataBytes) fail(`tensor ${name} ends at byte ${end} of ${dataBytes}; the file may have been cut short`);
    [reached, before] = [end, name];
  }
  if (reached !== dataBytes) fail(`its last ${dataBytes - reached} bytes belong to no tensor`);
}
