import { parentPort } from 'node:worker_threads';
import type { Answer, Ask } from './ask.js';

/** The whole of a thread: answers each question; the buffers of `handsOver` leave it with the answer. */
export function answerAll<Question, Result>(
  answer: (question: Question) => Result | Promise<Result>,
  handsOver: (result: Result) => ArrayBuffer[] = () => [],
): void {
  const port = parentPort!;
  port.on('message', async ({ id, question }: Ask<Question>) => {
    try {
      const result = await answer(question);
      port.postMessage({ id, result } satisfies Answer<Result>, handsOver(result));
    } catch (error) {
      console.error(error); // where it happened is for the log
      port.postMessage({ id, error: error instanceof Error ? error.message : String(error) } satisfies Answer<Result>);
    }
  });
}
