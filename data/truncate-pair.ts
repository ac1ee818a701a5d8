/**
 * How many tokens of two texts stay when there is room for `room`: the longer one is cut first, then both alike
 * (`longest_first` of Hugging Face's tokenizers, truncate_encodings).
 */
export function truncatePair(first: number, second: number, room: number): readonly [number, number] {
  if (first + second <= room) return [first, second];
  const shorter = Math.min(first, second);
  let [small, large] = [shorter, shorter > room ? shorter : Math.max(shorter, room - shorter)];
  if (small + large > room) [small, large] = [Math.floor(room / 2), Math.floor(room / 2) + (room % 2)];
  return first > second ? [large, small] : [small, large];
}
