import type { RateProgress } from '../runs/find-rate.js';
import { bar } from './screen.js';
import { count, loss, rate } from './units.js';

const LINE_EVERY_MS = 10_000;
const BAR = 30;
const CLEAR_LINE = '\r\u001b[K';

interface Out {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** A range test while it runs: a bar that is drawn again and again, or a line each ten seconds where nobody looks. */
export class RateReporter {
  #drawn = false;
  #stage = '';
  #saidAtMs = -Infinity;

  constructor(readonly out: Out) {}

  show(progress: RateProgress, nowMs: number): void {
    const { stage, done, total } = progress;
    const text = textOf(progress);
    if (this.out.isTTY) {
      this.out.write(`${CLEAR_LINE}${bar(done / Math.max(1, total), BAR)}  ${text}`);
      this.#drawn = true;
      return;
    }
    if (stage === this.#stage && nowMs - this.#saidAtMs < LINE_EVERY_MS) return;
    [this.#stage, this.#saidAtMs] = [stage, nowMs];
    this.out.write(`${text}\n`);
  }

  /** Leaves the line to whoever writes next. May be called again. */
  close(): void {
    if (this.#drawn) this.out.write(CLEAR_LINE);
    this.#drawn = false;
  }
}

function textOf({ stage, done, total, loss: lossNow, learningRate }: RateProgress): string {
  switch (stage) {
    case 'preparing':
      return `preparing the data: ${count(done)} of ${count(total)} rows`;
    case 'compiling':
      return 'compiling the step';
    case 'training':
      return `step ${count(done)} of ${count(total)}, learning rate ${rate(learningRate)}, loss ${loss(lossNow)}`;
  }
}
