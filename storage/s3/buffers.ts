/** What one request sends at the most, but for parts of files of hundreds of gigabytes. */
const KEPT_BYTES = 64 * 2 ** 20;
/** A smaller one is cheap to make. */
const WORTH_KEEPING_BYTES = 2 ** 20;
/** A checkpoint's shards follow one another within seconds; the next checkpoint comes after minutes. */
const KEEP_MS = 10_000;

const idle: Buffer[] = [];
let forgetting: NodeJS.Timeout | undefined;

/**
 * Lends a buffer of `size` bytes. Those of the file before are used again: new ones of 64 MiB cost 16,000 page faults each.
 * What a request that was given up may still send of it is refused by the store: the digest of what it should be is signed.
 */
export async function withBuffer<Result>(size: number, use: (buffer: Buffer) => Promise<Result>): Promise<Result> {
  if (size < WORTH_KEEPING_BYTES || size > KEPT_BYTES) return use(Buffer.allocUnsafeSlow(size));
  const buffer = idle.pop() ?? Buffer.allocUnsafeSlow(KEPT_BYTES);
  try {
    return await use(buffer.subarray(0, size));
  } finally {
    idle.push(buffer);
    clearTimeout(forgetting);
    forgetting = setTimeout(() => (idle.length = 0), KEEP_MS).unref();
  }
}
