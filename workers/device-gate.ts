/**
 * Whether this worker takes sessions. It stops when no engine starts on its device (a driver that fell over, a library that is
 * missing), says so, looks again from time to time, and takes sessions again once an engine starts. Meanwhile its pollers wait
 * before they poll, so that the runs go to other hosts.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { ActivitySlotInfo, CustomSlotSupplier, SlotPermit, WorkerTuner } from '@temporalio/worker';

const FIRST_LOOK_MS = 5_000;
const LONGEST_LOOK_MS = 5 * 60_000;

export interface Gate {
  /** Starts an engine; rejects where none does. */
  readonly tryDevice: () => Promise<void>;
  readonly say: (sentence: string) => void;
  readonly firstLookMs?: number;
}

export class DeviceGate {
  readonly #gate: Gate;
  #open = true;
  readonly #closed = new AbortController();
  readonly #waiting = new Set<() => void>();

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** From now on no session is taken, until an engine starts. */
  shut(why: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#gate.say(`${why}. This worker takes no sessions until one starts; it looks again from time to time.`);
    void this.#lookAgain();
  }

  /** Whatever waits at it is waited for no more. */
  close(): void {
    this.#closed.abort();
  }

  async #lookAgain(): Promise<void> {
    const { tryDevice, say, firstLookMs = FIRST_LOOK_MS } = this.#gate;
    const { signal } = this.#closed;
    for (let lookMs = firstLookMs; ; lookMs = Math.min(2 * lookMs, LONGEST_LOOK_MS)) {
      await pause(lookMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await tryDevice();
        break;
      } catch (error) {
        say(`Still no engine starts: ${(error as Error).message}. Next look in ${Math.round((2 * lookMs) / 1000)} s.`);
      }
    }
    this.#open = true;
    say('An engine starts again: this worker takes sessions.');
    this.#wake();
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** As many slots as a worker of a device queue has, none of them while the gate is shut. */
  slots(size: number): CustomSlotSupplier<ActivitySlotInfo> {
    let used = 0;
    const free = (): SlotPermit | null => (this.#open && used < size ? { place: ++used } : null);
    return {
      type: 'custom',
      reserveSlot: (_, signal) =>
        new Promise<SlotPermit>((resolve, reject) => {
          const look = () => {
            if (signal.aborted) return;
            const permit = free();
            if (permit === null) return void this.#waiting.add(look);
            resolve(permit);
          };
          signal.addEventListener('abort', () => {
            this.#waiting.delete(look);
            reject(new DOMException('the poller is not needed any more', 'AbortError'));
          });
          look();
        }),
      tryReserveSlot: free,
      markSlotUsed: () => undefined,
      releaseSlot: () => {
        used -= 1;
        this.#wake();
      },
    };
  }

  tuner(size: number): WorkerTuner {
    const none = { type: 'fixed-size', numSlots: 1 } as const;
    const others = { workflowTaskSlotSupplier: none, localActivityTaskSlotSupplier: none, nexusTaskSlotSupplier: none };
    return { activityTaskSlotSupplier: this.slots(size), ...others };
  }
}
