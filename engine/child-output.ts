import type { ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as pause } from 'node:timers/promises';

/** A native stack trace takes some thirty. */
const KEPT_LINES = 60;
const LINE_LENGTH = 500;
/** A grandchild may hold the pipe open after its parent's end, and a disk may be away. */
const WITHIN_MS = 500;

export interface ChildOutput {
  /** The last lines of its stderr: what a process says that dies. */
  lastLines(): readonly string[];
  /** After its end, when the rest has been read and is in the file. */
  end(): Promise<void>;
}

/** Writes what a child says to a file, and keeps the end of it. */
export function keepOutput({ stdout, stderr }: ChildProcess, logFile: string): ChildOutput {
  const log = createWriteStream(logFile, { flags: 'a' });
  log.on('error', () => undefined); // a full disk must not end the worker for a line of a log
  stdout?.pipe(log, { end: false });
  stderr?.pipe(log, { end: false });
  const decoder = new StringDecoder('utf8');
  let lines: string[] = [''];
  stderr?.on('data', (bytes: Buffer) => {
    const [first = '', ...rest] = decoder.write(bytes).split('\n');
    const all = [...lines.slice(0, -1), (lines.at(-1) ?? '') + first, ...rest];
    lines = all.slice(-KEPT_LINES - 1).map((line) => line.slice(0, LINE_LENGTH));
  });
  return {
    lastLines: () => lines.filter((line) => line.trim() !== ''),
    end: async () => {
      const read = [stdout, stderr].map(
        (stream) => stream && finished(stream, { writable: false }).catch(() => undefined),
      );
      await within(Promise.all(read));
      await within(new Promise<void>((written) => log.end(() => written())));
    },
  };
}

const within = (done: Promise<unknown>): Promise<unknown> =>
  Promise.race([done, pause(WITHIN_MS, undefined, { ref: false })]);
