import { readFileSync, statSync } from 'node:fs';
import { lookIntoBlackBox } from '../../engine/black-box.js';
import { commandMark } from '../../infra/stack/leftovers.js';
import { markedProcesses } from '../../infra/stack/reclaim.js';

const LOOK_EACH_MS = 5;
const SEARCH_EACH_MS = 500;

/** When each step of a run began, as its engine's black box says it (engine/black-box.ts): to 5 ms, at no cost to the run. */
export class StepWatch {
  /** By the step's number, in ms since 1970. */
  readonly beganAtMs = new Map<number, number>();
  readonly #startedAtMs = Date.now();
  readonly #timer = setInterval(() => this.#look(), LOOK_EACH_MS);
  #box: string | null = null;
  #searchedAtMs = -Infinity;

  #look(): void {
    if (this.#box === null) return this.#search();
    const step = lookIntoBlackBox(this.#box)?.step;
    if (step !== undefined && !this.beganAtMs.has(step)) this.beganAtMs.set(step, Date.now());
  }

  #search(): void {
    if (Date.now() - this.#searchedAtMs < SEARCH_EACH_MS) return;
    this.#searchedAtMs = Date.now();
    const boxes = markedProcesses(commandMark, process.env[commandMark]!).map(({ pid }) => boxOf(pid));
    // The engine of the run before may still be there: its box does not change any more.
    this.#box =
      boxes.find((box) => box !== null && changedAtMs(box) > this.#startedAtMs && lookIntoBlackBox(box) !== null) ??
      null;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function boxOf(pid: number): string | null {
  try {
    return /\0TEMPER_BLACK_BOX=([^\0]+)\0/.exec(`\0${readFileSync(`/proc/${pid}/environ`, 'utf8')}`)?.[1] ?? null;
  } catch {
    return null; // it has just ended
  }
}

function changedAtMs(box: string): number {
  try {
    return statSync(box).mtimeMs;
  } catch {
    return -Infinity;
  }
}
