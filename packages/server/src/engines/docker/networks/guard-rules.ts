/**
 * What the host's firewall refuses to the containers of owners: Docker alone lets them reach every address of
 * the host and of the networks around it.
 */

/** Private, shared, link-local (metadata services of clouds) and reserved addresses of IPv4. */
const PRIVATE = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '224.0.0.0/3',
];

export type Guarded = {
  /** The name of the table: one for each platform. */
  table: string;
  /** Bridges of owners. */
  bridges: readonly string[];
  /** A bridge that builds share with containers of others: what it may reach is refused, who reaches it is not. */
  buildBridge: string | undefined;
  /** Name servers of this machine. */
  resolvers: readonly string[];
  /** Private networks that instances may reach all the same. */
  allowed: readonly string[];
};

/** Rules of nftables that replace what the table held, at once. */
export function guardRules({ table, bridges, buildBridge, resolvers, allowed }: Guarded): string {
  const all = [...bridges, ...(buildBridge === undefined ? [] : [buildBridge])];
  if (all.length === 0) return `table inet ${table}\ndelete table inet ${table}\n`;
  const from = `iifname ${setOf(all.map(quoted))}`;
  const toResolvers =
    resolvers.length === 0
      ? []
      : [`${from} ip daddr ${setOf(resolvers)} meta l4proto { tcp, udp } th dport 53 accept`];
  const within = bridges.map((bridge) => `iifname "${bridge}" oifname "${bridge}" accept`);
  const toAllowed = allowed.length === 0 ? [] : [`${from} ip daddr ${setOf(allowed)} accept`];
  const intoOwners =
    bridges.length === 0 ? [] : [`oifname ${setOf(bridges.map(quoted))} ct state new drop`];
  return [
    `table inet ${table}`,
    `delete table inet ${table}`,
    `table inet ${table} {`,
    ...chain('forward', [
      'ct state established,related accept',
      ...within,
      ...toResolvers,
      ...toAllowed,
      `${from} ip daddr ${setOf(PRIVATE)} drop`,
      `${from} meta nfproto ipv6 drop`,
      ...intoOwners,
    ]),
    ...chain('input', ['ct state established,related accept', ...toResolvers, `${from} drop`]),
    '}',
    '',
  ].join('\n');
}

/** Before the engine's own rules: what is dropped here is dropped. */
const chain = (hook: string, rules: readonly string[]): string[] => [
  `  chain ${hook} {`,
  `    type filter hook ${hook} priority filter - 10; policy accept;`,
  ...rules.map((rule) => `    ${rule}`),
  '  }',
];

const setOf = (values: readonly string[]): string => `{ ${values.join(', ')} }`;
const quoted = (name: string): string => `"${name}"`;
