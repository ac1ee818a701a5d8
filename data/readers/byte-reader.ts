const NEWLINE = 0x0a;

/** Reads a stream of bytes by lines and by counts. */
export function byteReader(stream: AsyncIterable<Uint8Array>) {
  const pieces = stream[Symbol.asyncIterator]();
  let held: Uint8Array = new Uint8Array(0);

  /** Reads on until `enough` is held, or the source ends. */
  async function fill(enough: (length: number) => boolean): Promise<void> {
    const more = [held];
    let length = held.length;
    while (!enough(length)) {
      const next = await pieces.next();
      if (next.done) break;
      more.push(next.value);
      length += next.value.length;
    }
    if (more.length > 1) held = Buffer.concat(more);
  }
  const take = (length: number): Uint8Array => {
    const taken = held.subarray(0, length);
    held = held.subarray(length);
    return taken;
  };
  return {
    /** Without its line feed; null at the end of the source. */
    async line(): Promise<string | null> {
      for (;;) {
        const end = held.indexOf(NEWLINE);
        if (end !== -1) return new TextDecoder().decode(take(end + 1).subarray(0, end));
        const before = held.length;
        await fill((length) => length > before);
        if (held.length === before) return before === 0 ? null : new TextDecoder().decode(take(before));
      }
    },
    /** null when the source ends before. */
    async exactly(length: number): Promise<Uint8Array | null> {
      await fill((there) => there >= length);
      return held.length < length ? null : take(length);
    },
    /** To be called when not all is read. */
    async close(): Promise<void> {
      await pieces.return?.();
    },
  };
}
