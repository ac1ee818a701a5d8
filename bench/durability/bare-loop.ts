import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { engineProcessEnvironment } from '../machine.js';
import { Subject } from '../subject.js';

const STEPS_ASKED_AT_ONCE = 30;

/** The steps of a job, one after the other, in a process that does nothing else: the compiled step alone, its compilation included. */
export class BareLoop {
  readonly #ahead: number[] = [];

  private constructor(
    readonly subject: Subject,
    readonly folder: string,
  ) {}

  static async open(jobFile: string): Promise<BareLoop> {
    const folder = await mkdtemp(join(tmpdir(), 'temper-bench-'));
    const script = fileURLToPath(new URL('../glosses/steps.js', import.meta.url));
    return new BareLoop(new Subject(process.execPath, [script, jobFile, folder], engineProcessEnvironment()), folder);
  }

  /** Does its next steps. */
  async seconds(steps: number): Promise<number> {
    while (this.#ahead.length < steps)
      this.#ahead.push(...(await this.subject.ask({ peer: 'bare', work: `${STEPS_ASKED_AT_ONCE} steps` })));
    return this.#ahead.splice(0, steps).reduce((sum, each) => sum + each, 0) / 1000;
  }

  async close(): Promise<void> {
    this.subject.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
