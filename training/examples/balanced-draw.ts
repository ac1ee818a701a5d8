import { draw, permutation } from '../counter-random.js';

/** Tells these draws from those of the order. */
const SITE = 0x62616c61;

/**
 * As many examples as there are, every class as often as every other (to one): a rare one's are drawn again and again, all of them
 * before any comes once more; of a frequent one each epoch takes others. A function of (seed, epoch) alone.
 */
export function balancedDraw(classes: Int32Array, seed: number, epoch: number): Int32Array {
  const members = new Map<number, number[]>();
  classes.forEach((label, example) => {
    const of = members.get(label);
    if (of) of.push(example);
    else members.set(label, [example]);
  });
  const labels = [...members.keys()].sort((a, b) => a - b);
  const drawn = new Int32Array(classes.length);
  // What does not divide evenly goes to other classes in other epochs.
  const turn = permutation(labels.length, draw(seed ^ SITE, epoch, labels.length), 0);
  let at = 0;
  turn.forEach((place, rank) => {
    const of = members.get(labels[place]!)!;
    const quota = Math.floor((classes.length - rank + labels.length - 1) / labels.length);
    for (let taken = 0, round = 0; taken < quota; round++) {
      const order = permutation(of.length, draw(seed ^ SITE, epoch, labels[place]!), round + 1);
      for (let i = 0; i < order.length && taken < quota; i++, taken++) drawn[at++] = of[order[i]!]!;
    }
  });
  return drawn;
}
