import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { engineProcessEnvironment } from '../machine.js';
import { Subject } from '../subject.js';

/** The steps of a job, one after the other, in a process that does nothing else: the compiled step alone, its compilation included. */
export class BareLoop {
  readonly #subject: Subject;
  readonly #folder: string;
  readonly #steps: number;
  /** Of each step that is done. */
  readonly ms: number[] = [];

  private constructor(subject: Subject, folder: string, steps: number) {
    [this.#subject, this.#folder, this.#steps] = [subject, folder, steps];
  }

  /** Does its first step, and with it compiles. */
  static async open(jobFile: string, steps: number): Promise<BareLoop> {
    const folder = await mkdtemp(join(tmpdir(), 'temper-bench-'));
    const script = fileURLToPath(new URL('../glosses/steps.js', import.meta.url));
    const subject = new Subject(process.execPath, [script, jobFile, folder, '1'], engineProcessEnvironment());
    const loop = new BareLoop(subject, folder, steps);
    await loop.step();
    return loop;
  }

  get pid(): number {
    return this.#subject.pid;
  }

  get isDone(): boolean {
    return this.ms.length >= this.#steps;
  }

  get seconds(): number {
    return this.ms.reduce((sum, each) => sum + each, 0) / 1000;
  }

  async step(): Promise<void> {
    this.ms.push(...(await this.#subject.ask({ peer: 'bare', work: 'a step' })));
  }

  async close(): Promise<void> {
    this.#subject.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
