import { DataError } from '../data-error.js';
import { countNewlines } from './decode-utf8.js';
import { placeOf } from './row.js';

/** One element of the list of rows. */
export interface JsonElement {
  readonly json: string;
  readonly line: number;
  readonly lastLine: number;
  /** `json` is its beginning only. */
  readonly isTooLong: boolean;
}

const MAX_ELEMENT_CHARACTERS = 16 * 2 ** 20;

const [QUOTE, BACKSLASH, NEWLINE, COMMA, COLON] = [0x22, 0x5c, 0x0a, 0x2c, 0x3a];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

type State =
  /** Before the value that the file is. */
  | 'file'
  /** In the object around the list: between its members, or in a member that is passed over. */
  | 'members'
  /** In the list, where an element may begin. */
  | 'list'
  | 'element'
  /** After an element: a comma, or the list's end. */
  | 'comma'
  | 'done';

/**
 * Cuts the elements out of a JSON list, or of the one list that an object has, as the text comes. It looks at brackets and
 * strings alone: whether an element is JSON is for JSON.parse to say.
 */
export function jsonElements(name: string) {
  let state: State = 'file';
  let line = 1;
  let rest = '';
  /** Of the element that is open: where it begins in `rest`, and on which line. */
  let start = 0;
  let startLine = 1;
  let cutOff = '';
  let depth = 0;
  let inString = false;
  let escaped = false;
  let isScalar = false;
  let inObject = false;
  let listsSeen = 0;
  let afterColon = false;

  const wrong = (expected: string, found: string): DataError =>
    new DataError(`${placeOf(name, line)}: expected ${expected}, found ${found}`);
  const shape = 'a list of objects, or an object with one such list (or write JSON Lines)';

  const close = (end: number): JsonElement => {
    state = 'comma';
    const isTooLong = cutOff !== '';
    const json = isTooLong ? cutOff : rest.slice(start, end);
    cutOff = '';
    return { json, line: startLine, lastLine: line, isTooLong };
  };

  function* push(text: string): Generator<JsonElement> {
    let at = rest.length;
    rest += text;
    let [quote, backslash] = [-1, -1];
    for (; at < rest.length; at++) {
      if (inString && !escaped) {
        // Most of a file is strings: on to what may end one.
        if (quote < at) quote = indexOrEnd(rest, '"', at);
        if (backslash < at) backslash = indexOrEnd(rest, '\\', at);
        const next = Math.min(quote, backslash);
        line += countNewlines(rest, at, next);
        at = next;
        if (at === rest.length) break;
      }
      const code = rest.charCodeAt(at);
      if (code === NEWLINE) line++;
      if (inString) {
        if (escaped) escaped = false;
        else if (code === BACKSLASH) escaped = true;
        else if (code === QUOTE) {
          inString = false;
          if (state === 'element' && depth === 0) yield close(at + 1);
        }
        continue;
      }
      if (state === 'element') {
        if (code === QUOTE) inString = true;
        else if (code === OPEN_LIST || code === OPEN_OBJECT) depth++;
        else if (isScalar) {
          if (code !== COMMA && code !== CLOSE_LIST && !isBlank(code)) continue;
          yield close(at);
          at--; // it belongs to the list
          if (code === NEWLINE) line--;
        } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) {
          if (--depth === 0) yield close(at + 1);
        }
        continue;
      }
      if (isBlank(code)) continue;
      switch (state) {
        case 'file':
          if (code === OPEN_LIST) enterList();
          else if (code === OPEN_OBJECT) [state, inObject, depth] = ['members', true, 0];
          else throw wrong(shape, `\`${rest.slice(at, at + 20)}\``);
          break;
        case 'members':
          inMembers(code);
          break;
        case 'list':
        case 'comma':
          if (code === CLOSE_LIST) state = inObject ? 'members' : 'done';
          else if (state === 'comma' && code === COMMA) state = 'list';
          else if (state === 'comma') throw wrong('a comma or the end of the list', `\`${rest.slice(at, at + 20)}\``);
          else openElement(code, at);
          break;
        case 'done':
          throw wrong('the end of the file after its list', `\`${rest.slice(at, at + 20)}\``);
      }
    }
    keepOpen();
  }

  const enterList = (): void => {
    listsSeen++;
    [state, depth] = ['list', 0];
  };

  const openElement = (code: number, at: number): void => {
    [state, start, startLine] = ['element', at, line];
    isScalar = code !== OPEN_OBJECT && code !== OPEN_LIST && code !== QUOTE;
    inString = code === QUOTE;
    depth = isScalar || inString ? 0 : 1;
  };

  const inMembers = (code: number): void => {
    if (code === QUOTE) inString = true;
    if (depth === 0) {
      if (code === OPEN_LIST && afterColon) {
        if (listsSeen > 0) throw wrong(shape, 'an object with two lists');
        afterColon = false;
        enterList();
        return;
      }
      if (code === CLOSE_OBJECT) {
        if (listsSeen === 0) throw wrong(shape, 'an object without a list');
        state = 'done';
        return;
      }
      afterColon = code === COLON;
    }
    if (code === OPEN_LIST || code === OPEN_OBJECT) depth++;
    else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth--;
  };

  /** Of the text that was looked at only an open element is still needed. */
  const keepOpen = (): void => {
    const open = state === 'element' && cutOff === '' ? rest.slice(start) : '';
    [rest, start] = [open, 0];
    if (open.length > MAX_ELEMENT_CHARACTERS) [cutOff, rest] = [open.slice(0, 1000), ''];
  };

  return {
    push,
    /** @throws DataError for a file that ends before its list does. */
    end(): void {
      if (state === 'file') return;
      if (state !== 'done') throw wrong('the end of the list', 'the end of the file: it was cut short');
    },
  };
}

const indexOrEnd = (text: string, letter: string, from: number): number => {
  const at = text.indexOf(letter, from);
  return at === -1 ? text.length : at;
};

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
