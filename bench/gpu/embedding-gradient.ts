// Takes the gradient of one embedding many times and prints what came out:  node dist/bench/gpu/embedding-gradient.js
// On a GPU it is a sum into the same row from many threads at once: the first thing to give other bits each time.
import { createHash } from 'node:crypto';
import { embed } from '../../training/ops/embedding.js';
import { tf } from '../../training/tensorflow.js';

const [ROWS, WIDTH, TOKENS, TIMES] = [1000, 384, 8192, 20];
const wave = (count: number, by: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(by * i));
const [table, upstream] = [wave(ROWS * WIDTH, 0.1), wave(TOKENS * WIDTH, 0.7)];
const ids = Int32Array.from({ length: TOKENS }, (_, i) => (i * i) % 37); // some hundred tokens share each row

const digests = new Set<string>();
let gradient: Float32Array = new Float32Array();
for (let i = 0; i < TIMES; i++) {
  gradient = tf.tidy(() => {
    const dy = tf.tensor(upstream, [TOKENS, WIDTH]);
    const at = tf.tensor1d(ids, 'int32');
    return tf
      .grad((x) => embed(x, at))(tf.tensor(table, [ROWS, WIDTH]), dy)
      .dataSync() as Float32Array;
  });
  digests.add(
    createHash('sha256')
      .update(Buffer.from(gradient.buffer, gradient.byteOffset, gradient.byteLength))
      .digest('hex'),
  );
}
const exact = new Float64Array(ROWS * WIDTH);
ids.forEach((row, i) => {
  for (let j = 0; j < WIDTH; j++) exact[row * WIDTH + j]! += upstream[i * WIDTH + j]!;
});
const error = exact.reduce((worst, value, i) => Math.max(worst, Math.abs(value - gradient[i]!)), 0);
process.stdout.write(`${JSON.stringify({ times: TIMES, distinct: digests.size, error })}\n`);
