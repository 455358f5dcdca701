/** One thing that the platform needs or can use. */
export type Finding = {
  what: string;
  state: 'ok' | 'limited' | 'missing';
  /** What there is, or what its absence costs. */
  detail: string;
  /** The command that mends it. */
  mend?: string;
};

/** Looks for a program by running it; without it, `need` is the state. */
export type FindProgram = (
  name: string,
  args: readonly string[],
  without: { need: 'missing' | 'limited'; cost: string; mend: string },
) => Promise<Finding>;
