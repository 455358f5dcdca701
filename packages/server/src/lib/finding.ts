/** One thing that the platform needs or can use. */
export type Finding = {
  what: string;
  state: 'ok' | 'limited' | 'missing';
  /** What there is, or what its absence costs. */
  detail: string;
  /** The command that mends it. */
  mend?: string;
};
