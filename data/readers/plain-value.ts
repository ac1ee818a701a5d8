/**
 * Values of Arrow and Parquet as JSON knows them: whole numbers that a double holds are numbers, larger ones texts; times are ISO
 * 8601; not-a-number is what pandas writes for a missing number. Bytes stay bytes.
 */
export function plainValue(value: unknown): unknown {
  switch (typeof value) {
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case 'number':
      return Number.isNaN(value) ? null : value;
    case 'object':
      return plainObject(value);
    case 'undefined':
      return null;
    default:
      return value;
  }
}

function plainObject(value: object | null): unknown {
  if (value === null || value instanceof Uint8Array) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (Array.isArray(value)) return value.map(plainValue);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as Iterable<unknown>, plainValue);
  if (value instanceof Map) return plainEntries(value as Map<unknown, unknown>);
  return plainEntries(Object.entries(value));
}

const plainEntries = (entries: Iterable<readonly [unknown, unknown]>): Record<string, unknown> => {
  const plain: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of entries) plain[String(key)] = plainValue(value);
  return plain;
};
