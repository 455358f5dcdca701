import { Resolver } from 'node:dns/promises';
import { createGate } from '../lib/gate.ts';

/** Reads the texts of the records at any of these names; what does not answer in time has none. */
export type ReadTxt = (names: readonly string[]) => Promise<readonly string[]>;

const WITHIN = 5_000;

/** Asks the resolvers of this machine, or `servers`; for a few names at a time, whoever wants to know. */
export function createTxtReader({
  servers,
  withinMs = WITHIN,
}: {
  servers?: readonly string[];
  withinMs?: number;
} = {}): ReadTxt {
  const turn = createGate({ atOnce: 4, waiting: 16 });
  return (names) =>
    turn(async () => {
      const resolver = new Resolver({ timeout: withinMs / 2, tries: 2 });
      if (servers !== undefined) resolver.setServers(servers);
      const deadline = setTimeout(() => resolver.cancel(), withinMs);
      const found = await Promise.all(
        names.map((name) => resolver.resolveTxt(name).catch(() => [])),
      );
      clearTimeout(deadline);
      return found.flat().map((parts) => parts.join(''));
    });
}
