import leven from 'leven';

/** The candidate that `name` was probably meant to be (case and separators count less), or null when none is near. */
export function nearest(name: string, candidates: Iterable<string>): string | null {
  let best: string | null = null;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const distance = Math.min(leven(name, candidate), leven(bare(name), bare(candidate)) + 0.5);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  const tolerated = Math.max(1, Math.round(name.length * 0.4)) + 0.5;
  return bestDistance <= tolerated ? best : null;
}

const bare = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/** `a`, `b` and `c` in backquotes, for a message. */
export function quotedList(names: readonly string[], conjunction: 'and' | 'or' = 'and'): string {
  const quoted = names.map((name) => `\`${name}\``);
  if (quoted.length < 2) return quoted.join('');
  return `${quoted.slice(0, -1).join(', ')} ${conjunction} ${quoted.at(-1)}`;
}
