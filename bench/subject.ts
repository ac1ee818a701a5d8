import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { z } from 'zod';

export interface Row {
  readonly peer: string;
  readonly work: string;
}

const answerSchema = z.object({ ms: z.array(z.number().positive()).min(1) });

/**
 * A process that measures when asked, one line in, one line out, so that several can take turns on one machine. Whatever
 * else it prints goes nowhere, except when it dies.
 */
export class Subject {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #ended: Promise<never>;
  #output = '';

  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr!.on('data', (chunk: Buffer) => (this.#output = (this.#output + chunk.toString()).slice(-2_000)));
    this.#child.stdin!.on('error', () => undefined); // it ended: the promise below says so
    this.#lines = createInterface(this.#child.stdout!);
    this.#ended = new Promise((_, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) =>
        reject(new Error(`${command} ${args.join(' ')} ended with ${signal ?? code}\n${this.#output}`)),
      );
    });
    this.#ended.catch(() => undefined); // whoever asks next hears of it
  }

  get pid(): number {
    return this.#child.pid!; // whoever could not be started has no answer to give either
  }

  /** The ms of each step that it did for this request. */
  ask(row: Row): Promise<number[]> {
    const answer = new Promise<number[]>((resolve) => {
      const hear = (line: string) => {
        if (!line.startsWith('{"ms"')) return;
        this.#lines.off('line', hear);
        resolve(answerSchema.parse(JSON.parse(line)).ms);
      };
      this.#lines.on('line', hear);
    });
    this.#child.stdin!.write(`${JSON.stringify({ peer: row.peer, work: row.work })}\n`);
    return Promise.race([answer, this.#ended]);
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }
}
