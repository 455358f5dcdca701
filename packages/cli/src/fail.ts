/** What exit codes mean: 0 done, 1 failed, 2 misused, 3 refused by the platform. */
export const exitCodes = { failed: 1, misused: 2, refused: 3 } as const;

/** An end that the user can understand: a sentence, and the exit code that says its kind. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exitCode: number;

  constructor(message: string, kind: keyof typeof exitCodes = 'failed') {
    super(message);
    this.exitCode = exitCodes[kind];
  }
}
