/** Cuts into runs of neighbours of at most so many bytes each; what is larger by itself is alone. */
export function inBatches<Item extends { readonly bytes: number }>(items: readonly Item[], bytes: number): Item[][] {
  const batches: Item[][] = [];
  let room = 0;
  for (const item of items) {
    if (batches.length === 0 || item.bytes > room) {
      batches.push([]);
      room = bytes;
    }
    batches.at(-1)!.push(item);
    room -= item.bytes;
  }
  return batches;
}
