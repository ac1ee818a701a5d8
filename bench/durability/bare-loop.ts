import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { engineProcessEnvironment } from '../machine.js';
import { LOAD } from '../glosses/load.js';
import { Subject } from '../subject.js';

export interface Sample {
  /** The last step of a job. */
  readonly steps: number;
  /** So many first ones are all done: in them it compiles. */
  readonly all: number;
  /** Of the others each so-manieth. */
  readonly each: number;
  /** Of an op; left out: one a core. */
  readonly threads?: number | undefined;
}

/** Steps of a job, one after the other, in a process that does nothing else: the compiled step alone. */
export class BareLoop {
  readonly #subject: Subject;
  readonly #folder: string;
  readonly #sample: Sample;
  /** What each step took that it did, by the step's number. */
  readonly ms = new Map<number, number>();
  /** What it took to load model and data, to build the graph and to restore the first state. */
  loadMs = 0;
  #next = 1;

  private constructor(subject: Subject, folder: string, sample: Sample) {
    [this.#subject, this.#folder, this.#sample] = [subject, folder, sample];
  }

  /** Does its first step, and with it compiles. */
  static async open(jobFile: string, sample: Sample): Promise<BareLoop> {
    const folder = await mkdtemp(join(tmpdir(), 'temper-bench-'));
    const script = fileURLToPath(new URL('../glosses/steps.js', import.meta.url));
    const args = [script, jobFile, folder, '1', String(sample.all), String(sample.each)];
    const loop = new BareLoop(
      new Subject(process.execPath, args, engineProcessEnvironment(sample.threads)),
      folder,
      sample,
    );
    [loop.loadMs] = (await loop.#subject.ask({ peer: 'bare', work: LOAD })) as [number];
    await loop.step();
    return loop;
  }

  get pid(): number {
    return this.#subject.pid;
  }

  get isDone(): boolean {
    return this.#next > this.#sample.steps;
  }

  /** From its next step to the one after it. */
  get stride(): number {
    const { all, each } = this.#sample;
    return this.#next < all ? 1 : each;
  }

  async step(): Promise<void> {
    const [ms] = await this.#subject.ask({ peer: 'bare', work: 'a step' });
    this.ms.set(this.#next, ms!);
    this.#next += this.stride;
  }

  async close(): Promise<void> {
    this.#subject.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
