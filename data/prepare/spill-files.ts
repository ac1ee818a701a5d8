/** Records of a fixed size that are more than memory holds, divided into files and read back one file at a time. */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';

const RECORDS_AT_ONCE = 2048;

export interface SpilledRecord {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where the record begins in `bytes`. */
  readonly at: number;
}

export function spillFiles(pathOf: (index: number) => string, count: number, recordBytes: number) {
  const files = Array.from({ length: count }, (_, index) => {
    const bytes = new Uint8Array(RECORDS_AT_ONCE * recordBytes);
    return { file: openSync(pathOf(index), 'w+'), bytes, view: new DataView(bytes.buffer), held: 0, written: 0 };
  });
  const flush = (of: (typeof files)[number]): void => {
    for (let at = 0; at < of.held;) at += writeSync(of.file, of.bytes, at, of.held - at);
    of.written += of.held;
    of.held = 0;
  };
  return {
    /** Room for one more record in a file, to be filled before the next call. */
    next(index: number): SpilledRecord {
      const of = files[index]!;
      if (of.held === of.bytes.length) flush(of);
      const at = of.held;
      of.held += recordBytes;
      return { bytes: of.bytes, view: of.view, at };
    },
    /** The records of a file, in the order in which they were written. Each is valid until the next. */
    *records(index: number): Generator<SpilledRecord> {
      const of = files[index]!;
      flush(of);
      for (let from = 0; from < of.written;) {
        const found = readSync(of.file, of.bytes, 0, Math.min(of.bytes.length, of.written - from), from);
        if (found === 0 || found % recordBytes !== 0) throw new Error('a file on the way was cut short');
        for (let at = 0; at < found; at += recordBytes) yield { bytes: of.bytes, view: of.view, at };
        from += found;
      }
    },
    close(): void {
      for (const { file } of files) closeSync(file);
    },
  };
}
