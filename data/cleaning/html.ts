import { Tokenizer } from 'htmlparser2';

/** Their content is no text. */
const unseen = new Set(['script', 'style', 'template', 'noscript']);

/** They part words: `<p>one</p><p>two</p>` is two words, `f<b>oo</b>` one. */
const inline = new Set(
  'a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q s samp small span strike strong sub sup time tt u var wbr'.split(
    ' ',
  ),
);

const nothing = (): void => undefined;

/**
 * The text of HTML: tags, comments, scripts and styles taken out, entities read; what is no inline element parts words with
 * a blank, `<br>` with a line end. A text without `<` and `&` stays as it is. The tags are not paired, so that the time grows with
 * the length alone: a parser looks through all open tags at each of a hundred thousand that were never closed.
 */
export function withoutHtml(text: string): string {
  if (!/[<&]/.test(text)) return text;
  const parts: string[] = [];
  let hidden = 0;
  const tag = (start: number, end: number, depth: 1 | -1): void => {
    const name = text.slice(start, end).toLowerCase();
    if (unseen.has(name)) hidden = Math.max(0, hidden + depth);
    if (!inline.has(name)) parts.push(name === 'br' ? '\n' : ' ');
  };
  const tokenizer = new Tokenizer(
    { decodeEntities: true },
    {
      onopentagname: (start, end) => tag(start, end, 1),
      onclosetag: (start, end) => tag(start, end, -1),
      ontext(start, end) {
        if (hidden === 0) parts.push(text.slice(start, end));
      },
      ontextentity(codePoint) {
        if (hidden === 0) parts.push(String.fromCodePoint(codePoint));
      },
      onattribdata: nothing,
      onattribentity: nothing,
      onattribend: nothing,
      onattribname: nothing,
      oncdata: nothing,
      oncomment: nothing,
      ondeclaration: nothing,
      onend: nothing,
      onopentagend: nothing,
      onprocessinginstruction: nothing,
      onselfclosingtag: nothing,
    },
  );
  tokenizer.write(text);
  tokenizer.end();
  // Line by line: an expression for blanks before a line end tries each blank of a long run anew.
  const lines = parts.join('').split('\n');
  return lines
    .map((line) => line.trim().replace(/ {2,}/g, ' '))
    .join('\n')
    .trim();
}
