import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { AsyncByteQueue, RecordBatchFileWriter, type RecordBatch } from 'apache-arrow';

/** Writes an Arrow IPC file batch by batch: a batch is in memory, the file is not. */
export function arrowFile(path: string) {
  const file = openSync(path, 'w');
  const hash = createHash('sha256');
  let bytes = 0;
  const sink = new (class extends AsyncByteQueue {
    override write(chunk: Uint8Array): void {
      for (let at = 0; at < chunk.byteLength;) at += writeSync(file, chunk, at);
      hash.update(chunk);
      bytes += chunk.byteLength;
    }
  })();
  const writer = new RecordBatchFileWriter().reset(sink);
  return {
    write: (batch: RecordBatch): void => writer.write(batch),
    finish(): { readonly sha256: string; readonly bytes: number } {
      writer.finish();
      closeSync(file);
      return { sha256: hash.digest('hex'), bytes };
    },
    /** Leaves the file as it is. */
    abandon: (): void => closeSync(file),
  };
}
