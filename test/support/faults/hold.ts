import type { FaultProxy, Requested } from '../s3-fault-proxy.js';
import { Counters } from './points.js';
import type { Watched } from './watch.js';

export interface Hold {
  readonly point: string;
  readonly when: 'before' | 'after';
  readonly watched: Watched;
}

/** Holds whoever asks at this point, once: `reached` when it is there, `release()` lets it go on. */
export function holdAt(proxy: FaultProxy, { point, when, watched }: Hold) {
  const counters = new Counters();
  const pointOf = new WeakMap<Requested, string>();
  let release = (): void => undefined;
  let arrive = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const reached = new Promise<void>((resolve) => (arrive = resolve));
  const hold = (requested: Requested, at: Hold['when']): Promise<void> | undefined => {
    if (when !== at || pointOf.get(requested) !== point) return undefined;
    arrive();
    return released;
  };
  proxy.fault = (requested) => (pointOf.set(requested, counters.point(requested)), null);
  proxy.around = async (requested, send) => {
    await hold(requested, 'before');
    const answer = await watched.around(requested, send);
    await hold(requested, 'after');
    return answer;
  };
  return { reached, release: () => release() };
}
