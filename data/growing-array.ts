type Numbers = Int32Array | Uint32Array | Float32Array | Float64Array | Uint8Array;

/** Appends numbers to a typed array that doubles when it is full: millions of rows without an object each. */
export function growingArray<T extends Numbers>(create: (length: number) => T) {
  let values = create(1024);
  let length = 0;
  const reserve = (more: number): void => {
    if (length + more <= values.length) return;
    const larger = create(Math.max(values.length * 2, length + more));
    larger.set(values.subarray(0, length));
    values = larger;
  };
  return {
    get length() {
      return length;
    },
    push(value: number): void {
      reserve(1);
      values[length++] = value;
    },
    append(more: ArrayLike<number>): void {
      reserve(more.length);
      values.set(more, length);
      length += more.length;
    },
    /** A view of what was appended; valid until the next push. */
    view: (): T => values.subarray(0, length) as T,
    clear(): void {
      length = 0;
    },
  };
}
