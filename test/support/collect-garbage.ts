import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Runs V8's collector, twice with a turn between: what a finaliser lets go of is found by the second. */
export async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let time = 0; time < 2; time++) {
    await new Promise((resolve) => setTimeout(resolve)); // a WeakRef holds what it was given until the turn ends
    collect();
  }
}
