/** A longer word is rare: made up anew each time. */
const LONGEST_WORD = 48;
/** Some 10 MiB. */
const WORDS = 65_536;

/** Remembers what `idsOf` said of a word, of so many words at most. */
export function wordCache(
  idsOf: (word: string) => readonly number[],
  atMost = WORDS,
): (word: string) => readonly number[] {
  const known = new Map<string, readonly number[]>();
  return (word) => {
    const found = known.get(word);
    if (found !== undefined) return found;
    const ids = idsOf(word);
    if (word.length > LONGEST_WORD) return ids;
    if (known.size >= atMost) known.clear(); // frequent words are back at once
    known.set(word, ids);
    return ids;
  };
}
