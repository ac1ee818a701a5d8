import type { Job } from '../job/schema.js';
import type { Adjustment, DatasetRef, JobChanges, Position } from './contract.js';
import { asAdjustments, type Standing } from './policies/adjusting.js';
import { changesAfter, jobWith, withAdjustment } from './policies/adjustments.js';

/** A request to adjust; `made` once the steps are known from which it holds. */
export interface Requested {
  readonly changes: JobChanges;
  made: readonly Adjustment[] | null;
}

/** The adjustments of a run, and the requests for more: those that wait for the running segment to end. */
export class Adjusting {
  #waiting: Requested[] = [];
  /** A segment is being trained from the run's position. */
  #stepping = false;

  constructor(
    readonly run: { readonly job: Job; readonly position: Position; readonly dataset: DatasetRef | null },
    public made: readonly Adjustment[],
  ) {}

  /** The job as it holds for the next step. */
  get job(): Job {
    return jobWith(this.run.job, changesAfter(this.made, this.run.position.step));
  }

  /** `over`: why a request comes too late. */
  standing(over: string | null): Standing {
    const { position, dataset } = this.run;
    return { job: this.job, position, dataset, stepping: this.#stepping, over };
  }

  /** What holds from a later step is made at once; what holds from the step reached waits for it while a segment is under way. */
  request(changes: JobChanges): Requested {
    const requested: Requested = { changes, made: null };
    const { step } = this.run.position;
    const later = asAdjustments(changes, this.standing(null)).every(({ fromStep }) => fromStep > step);
    if (later || !this.#stepping) this.#make(requested);
    else this.#waiting.push(requested);
    return requested;
  }

  beginSegment(): void {
    this.#stepping = true;
  }

  /** The position is known, also after a loss: what was requested holds from here. */
  endSegment(): void {
    this.#stepping = false;
    for (const requested of this.#waiting.splice(0)) this.#make(requested);
  }

  #make(requested: Requested): void {
    requested.made = asAdjustments(requested.changes, this.standing(null));
    for (const each of requested.made) this.made = withAdjustment(this.made, each);
  }
}
