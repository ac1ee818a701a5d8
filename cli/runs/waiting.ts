import { setTimeout as pause } from 'node:timers/promises';

/** Tells why an answer takes long, each time `everyMs` went by without it. */
export async function whileWaiting<Result>(
  answer: Promise<Result>,
  everyMs: number,
  tell: () => Promise<void>,
): Promise<Result> {
  let settled = false;
  const mark = () => {
    settled = true;
  };
  answer.then(mark, mark);
  for (;;) {
    const cancelled = new AbortController();
    const late = pause(everyMs, undefined, { signal: cancelled.signal }).catch(() => undefined);
    await Promise.race([answer, late]).finally(() => cancelled.abort());
    if (settled) return answer;
    await Promise.race([answer, tell()]);
  }
}
