import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { checkJob } from './checks.js';
import { explainIssue, type Path, type PlacedProblem } from './explain-issue.js';
import { JobError, type JobProblem } from './job-error.js';
import { locate } from './locate.js';
import { jobSchema, type Job } from './schema.js';

/**
 * Parses a job file, YAML or JSON (which is YAML), and fills in the defaults.
 * @throws JobError with every problem found, each with its line and column.
 */
export function parseJob(text: string, fileName: string): Job {
  const lines = new LineCounter();
  const document = parseDocument(text.replace(/^\uFEFF/, ''), { lineCounter: lines, prettyErrors: false });
  const position = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };

  if (document.errors.length > 0) {
    throw new JobError(
      fileName,
      document.errors.map((error) => ({ path: '', ...position(error.pos[0]), message: syntaxMessage(error) })),
    );
  }
  const value = toPlainValue(() => document.toJS({ maxAliasCount: 100 }), fileName);
  if (value === null || value === undefined) {
    throw new JobError(fileName, [{ path: '', line: 1, column: 1, message: 'the file is empty: expected a job' }]);
  }

  const place = ({ path, at, message }: PlacedProblem): JobProblem => ({
    path: formatPath(path),
    ...position(locate(document, path, at)),
    message,
  });
  const parsed = jobSchema.safeParse(value);
  if (!parsed.success) {
    const issues: readonly z.core.$ZodIssue[] = parsed.error.issues;
    throw new JobError(fileName, inOrder(issues.flatMap((issue) => explainIssue(issue, value)).map(place)));
  }
  const problems = checkJob(parsed.data);
  if (problems.length > 0) throw new JobError(fileName, inOrder(problems.map(place)));
  return parsed.data;
}

/** `freeze.train[0]` */
export function formatPath(path: Path): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? String(part) : `.${String(part)}`))
    .join('');
}

const inOrder = (problems: readonly JobProblem[]): JobProblem[] =>
  [...problems].sort((a, b) => a.line - b.line || a.column - b.column);

function syntaxMessage(error: { code: string; message: string }): string {
  const said = error.message.split('\n')[0]!.replace(/[.:]$/, '');
  switch (error.code) {
    case 'DUPLICATE_KEY':
      return 'the same key is given twice: keep one of them';
    case 'TAB_AS_INDENT':
      return 'a tab indents this line: YAML wants spaces';
    case 'MULTIPLE_DOCS':
      return 'a second document (`---`) begins here: a job file holds one job';
    default:
      return `not readable as YAML or JSON: ${said}`;
  }
}

function toPlainValue(toJs: () => unknown, fileName: string): unknown {
  try {
    return toJs();
  } catch (error) {
    // Unresolved or exploding aliases are found only here, without a position.
    const message = `not readable as YAML: ${error instanceof Error ? error.message : String(error)}`;
    throw new JobError(fileName, [{ path: '', line: 1, column: 1, message }]);
  }
}
