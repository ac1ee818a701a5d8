/**
 * A program: functions compiled into one TensorFlow graph over shared variables, run in one call each.
 *
 *   const program = compile({ variables, functions: { 'train/16': { inputs, trace } } });
 *   program.assign('head.bias', values);
 *   const { loss } = program.run('train/16', { ids, mask, … });
 *
 * tfjs sends every op through N-API by itself; a MiniLM step is some 2,000 of them. Here a function runs once without values
 * while its ops are recorded (recorder.ts), and the recording is loaded as a SavedModel through the stock binding. Variables
 * live in the session as resources, so weights cross N-API only when they are read or assigned. All functions share one
 * session, because a variable belongs to a session.
 */
import { createHash } from 'node:crypto';
import { compileFunction, type RunnableFunction } from './compiled-function.js';
import { eagerFunction } from './eager-function.js';
import { GraphBuilder } from './graph.js';
import { asNonFinite, Uncompilable } from './problems.js';
import { openSession } from './session.js';
import type { FeedValues, FunctionSpec } from './spec.js';
import { Variables } from './variables.js';

export type { FeedValues, FunctionSpec, InputSpec, Traced, UpdateContext } from './spec.js';

/**
 * Part of every fingerprint: raise it when recorded graphs may give other bits than before. test/fixtures/graphs.json holds the
 * graphs of this version, so that none changes unnoticed.
 */
export const STEP_COMPILER_VERSION = '1';

export interface ProgramSpec {
  /** float32 variables by name, with their shapes. */
  readonly variables: ReadonlyMap<string, readonly number[]>;
  readonly functions: Record<string, FunctionSpec>;
  /**
   * Told of each function that cannot be compiled and will therefore run op by op, many times slower and in float32 whatever its
   * precision. Without it such a function is an error.
   */
  readonly onUncompilable?: (name: string, problem: Uncompilable) => void;
}

export interface Program {
  readonly nodeCount: number;
  /** SHA-256 of the graph: equal digests, equal steps on the same machine. */
  readonly digest: string;
  /** Ops without a shape rule: each was run once on made-up values while it was traced. */
  readonly tracedEagerly: readonly string[];
  /**
   * Runs a function and returns its outputs. Throws NonFiniteStep, with every variable as before, where a finite check of it
   * (finiteOrStop) fails.
   */
  run(name: string, feeds: Record<string, FeedValues>): Record<string, Float32Array>;
  read(variable: string): Float32Array;
  /** In the order of the names. Of many variables, many times faster than one by one. */
  readAll(variables: readonly string[]): Float32Array[];
  assign(variable: string, values: Float32Array): void;
  /** Of many variables, many times faster than one by one. */
  assignAll(values: ReadonlyMap<string, Float32Array>): void;
  close(): void;
}

export function compile({ variables: shapes, functions, onUncompilable }: ProgramSpec): Program {
  const graph = new GraphBuilder();
  const variables = new Variables(shapes);
  variables.declare(graph);
  const ready = new Map<string, RunnableFunction>();
  for (const [name, spec] of Object.entries(functions)) {
    const before = graph.size;
    try {
      ready.set(name, compileFunction(graph, name, spec, variables));
    } catch (error) {
      if (!(error instanceof Uncompilable) || !onUncompilable) throw error;
      onUncompilable(name, error);
      graph.rewind(before);
      ready.set(name, eagerFunction(graph, name, spec, variables));
    }
  }
  const session = openSession(graph);
  return {
    nodeCount: graph.size,
    digest: createHash('sha256').update(graph.toSavedModel()).digest('hex'),
    tracedEagerly: [...new Set([...ready.values()].flatMap(({ tracedEagerly }) => [...tracedEagerly]))].sort(),
    run(name, feeds) {
      const runnable = ready.get(name);
      if (!runnable) throw new Error(`program: no function is called ${name}`);
      try {
        return runnable.run(session, feeds) as Record<string, Float32Array>;
      } catch (error) {
        throw asNonFinite(error);
      }
    },
    read: (variable) => variables.read(session, [variable])[0]!,
    readAll: (names) => variables.read(session, names),
    assign: (variable, values) => variables.assign(session, new Map([[variable, values]])),
    assignAll: (values) => variables.assign(session, values),
    close: () => session.close(),
  };
}
