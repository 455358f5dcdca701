/** What may differ from what is wanted, by kind. */
export type Kind =
  | 'repository'
  | 'deployment'
  | 'run'
  | 'queue'
  | 'workload'
  | 'devices'
  | 'routes'
  | 'application'
  | 'cleanup';

/** The right to look at one thing, until another leader takes it. */
export type Claim = {
  kind: Kind;
  id: string;
  /** Unique per taking. */
  claim: string;
  /** The version that was due: asked again since, it comes due again at once. */
  version: number;
  /** How often in a row a look has failed. */
  attempts: number;
};

/**
 * Looks at one thing and brings it one step nearer to what is wanted: load, decide, record.
 * Answers when to look again (epoch ms), or undefined where nothing is left to do. Throws where it
 * failed: it is asked again later, with growing pauses.
 */
export type Reconciler = (claim: Claim, signal: AbortSignal) => Promise<number | undefined>;

/** How a claimant takes what is due. */
export type Taking = {
  now: number;
  /** How long the claim holds without being renewed. */
  leaseMs: number;
  epoch: number;
  kinds: readonly Kind[];
  limit: number;
};
