/**
 * Finds where records end in the bytes of a text, without decoding them: line feeds, quotes and separators are bytes that are
 * part of no other character in UTF-8. It calls `indexOf`, which is native code, instead of looking at every byte.
 */
const QUOTE = 0x22;
const NEWLINE = 0x0a;

export interface RecordEnds {
  /** Line feeds so far, those inside of quotes, too. */
  readonly lines: number;
  /**
   * Takes the next bytes. `visit` is told the place in `bytes` after each line feed that ends a record, and whether to go
   * on by its answer.
   */
  scan(bytes: Buffer, visit: (end: number, lines: number) => void): void;
}

/** Of text whose every line is a record. */
export function lineEnds(): RecordEnds {
  let lines = 0;
  return {
    get lines() {
      return lines;
    },
    scan(bytes, visit) {
      for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) visit(at + 1, ++lines);
    },
  };
}

/** Where the scan of a CSV file is. `after-quote`: in a quoted cell, behind a quote that closes it or is the first of two. */
type State = 'cell-start' | 'in-cell' | 'in-quotes' | 'after-quote';

/** Of a CSV file (RFC 4180), by the rules of readers/csv-records.ts: a quote opens only where a cell begins. */
export function csvEnds(delimiter: ',' | '\t'): RecordEnds {
  const separator = delimiter.charCodeAt(0);
  let state: State = 'cell-start';
  let lines = 0;

  function countLines(bytes: Buffer, from: number, to: number): void {
    for (let at = bytes.indexOf(NEWLINE, from); at !== -1 && at < to; at = bytes.indexOf(NEWLINE, at + 1)) lines++;
  }
  return {
    get lines() {
      return lines;
    },
    scan(bytes, visit) {
      const { length } = bytes;
      let at = 0;
      let quote = bytes.indexOf(QUOTE);
      while (at < length) {
        if (state === 'in-quotes') {
          const close = bytes.indexOf(QUOTE, at);
          countLines(bytes, at, close === -1 ? length : close);
          if (close === -1) return;
          state = 'after-quote';
          at = close + 1;
          continue;
        }
        if (state === 'after-quote') {
          state = bytes[at] === QUOTE ? 'in-quotes' : 'in-cell';
          if (state === 'in-quotes') at++;
          continue;
        }
        const newline = bytes.indexOf(NEWLINE, at);
        const end = newline === -1 ? length : newline;
        if (quote !== -1 && quote < at) quote = bytes.indexOf(QUOTE, at);
        while (quote !== -1 && quote < end && !opens(bytes, quote, at, state)) quote = bytes.indexOf(QUOTE, quote + 1);
        if (quote !== -1 && quote < end) {
          state = 'in-quotes';
          at = quote + 1;
        } else if (newline === -1) {
          state = bytes[length - 1] === separator ? 'cell-start' : 'in-cell';
          return;
        } else {
          state = 'cell-start';
          at = newline + 1;
          visit(at, ++lines);
        }
      }
    },
  };

  function opens(bytes: Buffer, quote: number, at: number, state: State): boolean {
    return quote === at ? state === 'cell-start' : bytes[quote - 1] === separator;
  }
}
