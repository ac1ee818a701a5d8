const special = /[*?[{]/;

export const isGlob = (path: string): boolean => special.test(path);

/** `a/b` and `*.csv` of `a/b/*.csv`: the folder that has no pattern in it, and the rest. */
export function splitGlob(pattern: string): { readonly folder: string; readonly rest: string } {
  const parts = pattern.split('/');
  const first = parts.findIndex(isGlob);
  return { folder: parts.slice(0, first).join('/'), rest: parts.slice(first).join('/') };
}

/**
 * As a shell's: `*` and `?` stay within a folder, `**` does not; `[a-z]`, `{a,b}`. Matches a whole relative path.
 * @throws RangeError for a pattern that is not closed.
 */
export function globMatcher(pattern: string): (path: string) => boolean {
  let text = '';
  let depth = 0;
  for (let at = 0; at < pattern.length; at++) {
    const letter = pattern[at]!;
    if (letter === '*' && pattern.startsWith('**/', at)) [text, at] = [`${text}(?:.*/)?`, at + 2];
    else if (letter === '*' && pattern[at + 1] === '*') [text, at] = [`${text}.*`, at + 1];
    else if (letter === '*') text += '[^/]*';
    else if (letter === '?') text += '[^/]';
    else if (letter === '[') {
      const end = pattern.indexOf(']', at + 2);
      if (end === -1) throw new RangeError(`${pattern}: a [ is never closed`);
      const set = pattern
        .slice(at + 1, end)
        .replace(/\\/g, '\\\\')
        .replace(/^!/, '^')
        .replace(/\[/g, '\\[');
      [text, at] = [`${text}(?!/)[${set}]`, end];
    } else if (letter === '{') [text, depth] = [`${text}(?:`, depth + 1];
    else if (letter === '}' && depth > 0) [text, depth] = [`${text})`, depth - 1];
    else if (letter === ',' && depth > 0) text += '|';
    else text += letter.replace(/[.+^$()|\\\]{}]/g, '\\$&');
  }
  if (depth > 0) throw new RangeError(`${pattern}: a { is never closed`);
  let expression: RegExp;
  try {
    expression = new RegExp(`^${text}$`, 'su');
  } catch {
    throw new RangeError(`${pattern}: a range between [ and ] is none`);
  }
  return (path) => expression.test(path);
}
