import { Parser } from 'htmlparser2';

/** Their content is no text. */
const unseen = new Set(['script', 'style', 'template', 'noscript']);

/** They part words: `<p>one</p><p>two</p>` is two words, `f<b>oo</b>` one. */
const inline = new Set(
  'a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q s samp small span strike strong sub sup time tt u var wbr'.split(
    ' ',
  ),
);

/**
 * The text of HTML: tags, comments, scripts and styles taken out, entities read; what is no inline element parts words with
 * a blank, `<br>` with a line end. A text without `<` and `&` stays as it is.
 */
export function withoutHtml(text: string): string {
  if (!/[<&]/.test(text)) return text;
  const parts: string[] = [];
  let hidden = 0;
  const part = (name: string): void => {
    if (!inline.has(name)) parts.push(name === 'br' ? '\n' : ' ');
  };
  const parser = new Parser(
    {
      onopentagname(name) {
        if (unseen.has(name)) hidden++;
        part(name);
      },
      ontext(data) {
        if (hidden === 0) parts.push(data);
      },
      onclosetag(name) {
        if (unseen.has(name)) hidden--;
        if (name !== 'br') part(name);
      },
    },
    { decodeEntities: true },
  );
  parser.end(text);
  return parts
    .join('')
    .replace(/ *\n */g, '\n')
    .replace(/ {2,}/g, ' ')
    .trim();
}
