import { describe, expect, test } from 'vitest';
import { withoutHtml } from '../../../data/cleaning/html.js';
import { lengthFault } from '../../../data/cleaning/length.js';
import { cleanText, textCleaningOf } from '../../../data/cleaning/text.js';
import { jobOf } from '../job-of.js';

const none = { unicode: null, stripHtml: false, dropControlCharacters: false };

describe('HTML is taken out of a text', () => {
  test.each([
    ['<p>one</p><p>two</p>', 'one two'],
    ['f<b>oo</b>', 'foo'],
    ['a<br>b<br/>c', 'a\nb\nc'],
    ['fish &amp; chips &#233;t&eacute; &lt;3', 'fish & chips été <3'],
    ['<script>if (a < b) alert("x")</script>text<style>p { color: red }</style>', 'text'],
    ['<!-- a note -->text', 'text'],
    ['<a href="x?a=1&b=2" title="a > b">link</a>', 'link'],
    ['3 < 4 and 5 > 2', '3 < 4 and 5 > 2'],
    ['cut <b>short', 'cut short'],
    ['  plain text  stays', '  plain text  stays'],
  ])('%s', (html, text) => {
    expect(withoutHtml(html)).toBe(text);
  });

  test('from a million tags in no more than a second', () => {
    const before = performance.now();
    expect(withoutHtml('<div>'.repeat(200_000) + 'end')).toBe('end');
    expect(performance.now() - before).toBeLessThan(5000);
  });
});

describe('a text is cleaned', () => {
  test('of control and invisible characters, but not of what joins emoji and words', () => {
    const all = { ...none, dropControlCharacters: true };
    expect(cleanText('a\u0000b\u200b\u0007c\ufeff\td\n\ud800', all)).toBe('abc\td\n');
    expect(cleanText('👩\u200d🔬 می\u200cخواهم', all)).toBe('👩\u200d🔬 می\u200cخواهم');
  });

  test('by its normal form, last of all', () => {
    expect(cleanText('e\u200b\u0301 ﬁ', { ...none, unicode: 'NFC', dropControlCharacters: true })).toBe('é ﬁ');
    expect(cleanText('ﬁ ①', { ...none, unicode: 'NFKC' })).toBe('fi 1');
    expect(cleanText('e&#x301;', { ...none, unicode: 'NFC', stripHtml: true })).toBe('é');
  });

  test('only where the job says so', () => {
    expect(textCleaningOf(jobOf({}).data)).toBeNull();
    expect(textCleaningOf(jobOf({ clean: { unicode: 'NFC' } }).data)).toEqual({ ...none, unicode: 'NFC' });
  });
});

describe('the length of a text', () => {
  const text = (text: string) => ({ kind: 'text', text, pair: null }) as const;

  test('counts code points and words', () => {
    expect(lengthFault(text('👩🏽 é'), { minCharacters: 4, maxCharacters: 4 })).toBeNull();
    expect(lengthFault(text('👩🏽 é'), { maxCharacters: 3 })).toBe('long');
    expect(lengthFault(text(' one  two\n'), { minWords: 2, maxWords: 2 })).toBeNull();
    expect(lengthFault(text('one'), { minWords: 2 })).toBe('short');
  });

  test('of two texts is that of both, of words that of all', () => {
    expect(lengthFault({ kind: 'text', text: 'one', pair: 'two' }, { maxWords: 1 })).toBe('long');
    expect(lengthFault({ kind: 'words', words: ['New York', 'is'] }, { minWords: 3 })).toBe('short');
  });
});
