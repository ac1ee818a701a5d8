/** What a thread of ours and the one that asks it say to each other. Types only. */
export interface Ask<Question> {
  readonly id: number;
  readonly question: Question;
}

export type Answer<Result> =
  { readonly id: number; readonly result: Result } | { readonly id: number; readonly error: string };
