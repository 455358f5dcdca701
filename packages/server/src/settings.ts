import { z } from 'zod';
import { engines, engineSettings } from './engines/engines.ts';
import { flag, oneOf, path, text, whole } from './lib/setting.ts';
import type { Setting } from './lib/setting.ts';
import { canonicalName, isFlavorName } from './scheduling/flavor.ts';

const port = whole(0, 65_535);
const BYTE = /^(25[0-5]|2[0-4]\d|1?\d?\d)$/;

function isNetwork(given: string): boolean {
  const [address = '', bits, ...rest] = given.split('/');
  const bytes = address.split('.');
  const isAddress = bytes.length === 4 && bytes.every((byte) => BYTE.test(byte));
  const isPrefix = bits === undefined || (/^\d{1,2}$/.test(bits) && Number(bits) <= 32);
  return isAddress && isPrefix && rest.length === 0;
}

const NETWORKS = 'must be IPv4 networks such as 10.1.0.0/16';
const network = z.string().refine(isNetwork, NETWORKS);
const networks = z
  .union(
    [z.array(network), z.string().transform((given) => given.split(/[\s,]+/).filter(Boolean))],
    { error: NETWORKS },
  )
  .pipe(z.array(network));

const line = z.object({
  flavor: z
    .string()
    .refine(
      (name) => name === '*' || isFlavorName(name),
      'must map names of sizes, or * for all others, as in ML_XS=L4',
    )
    .transform(canonicalName),
  model: z.string().min(1, 'must say a part of a model’s name behind each ='),
});
const mapping = z
  .union(
    [
      z.record(z.string(), z.string()).transform((lines) => Object.entries(lines)),
      z.string().transform((given) =>
        given
          .split(',')
          .filter((part) => part.trim() !== '')
          .map((part) => part.split(/=(.*)/s).map((word) => word.trim())),
      ),
    ],
    { error: 'must map sizes to models, as in ML_XS=L4' },
  )
  .transform((lines) => lines.map(([flavor, model = '']) => ({ flavor, model })))
  .pipe(z.array(line));

const HOST_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

const spellEngines = engines.map(({ name, means }) => `\`${name}\`, ${means}`).join(', or ');

/**
 * Every setting by its key in `grid.json`, from which follow its option and its variable (`namesOf`).
 * The configuration's type, `grid up --help` and `docs/configuration.md` are made from this table.
 */
export const settings = {
  dataDirectory: {
    check: path,
    takes: '<folder>',
    means: 'where the platform keeps everything',
    formerOption: '--data-dir',
  },
  domain: {
    check: z
      .string()
      .max(253, 'must be a host name')
      .regex(HOST_NAME, 'must be a host name, in small letters')
      .default('localhost'),
    takes: '<name>',
    means: 'the platform’s own name; applications answer below it',
  },
  domains: {
    check: oneOf(['auto', 'open', 'proven']).default('auto'),
    takes: '<rule>',
    means:
      'who may add a name of the world to an application: `open`, whoever asks first; `proven`, who proves it by a TXT record; `auto`, `open` while there is one organization',
  },
  httpAddress: {
    check: text.default('127.0.0.1'),
    takes: '<address>',
    means: 'address that http and https listen on',
  },
  httpPort: {
    check: port.default(8080),
    takes: '<port>',
    means: 'port of http; 0 picks a free one',
  },
  httpsPort: {
    check: port.default(8443),
    takes: '<port>',
    means: 'port of https; 0 picks a free one',
  },
  tlsCertificate: {
    check: path.optional(),
    takes: '<file>',
    means: 'PEM file with the certificate and its chain; without it the platform makes its own',
  },
  tlsKey: {
    check: path.optional(),
    takes: '<file>',
    means: 'PEM file with the private key of the certificate',
  },
  connectionsPerApplication: {
    check: whole(1).default(4_096),
    takes: '<count>',
    means:
      'how many requests and WebSockets of one application may be under way at a time; who comes beyond that waits five seconds at most',
  },
  sshAddress: {
    check: text.default('127.0.0.1'),
    takes: '<address>',
    means: 'address that SSH listens on, for git and for entering instances',
  },
  sshPort: {
    check: port.default(2222),
    takes: '<port>',
    means: 'port of SSH; 0 picks a free one',
  },
  databaseUrl: {
    check: z
      .string()
      .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
      .optional(),
    takes: '<url>',
    means: 'PostgreSQL instead of SQLite in the data directory; `DATABASE_URL` says the same',
    // hosts that offer a database name it so
    otherVariable: 'DATABASE_URL',
  },
  engine: {
    check: oneOf(['auto', ...engines.map(({ name }) => name)]).default('auto'),
    takes: '<engine>',
    means: `what runs applications that ask for no engine (\`CG_ENGINE\`): ${spellEngines}; \`auto\` is \`${engines[0].name}\`, and offers all that are there to whoever asks; a name offers that one and \`${engines[0].name}\` alone`,
  },
  ...engineSettings,
  shareMirrorCredentials: {
    check: flag,
    takes: '[boolean]',
    means:
      'let builds, and so every application, have the credentials in this machine’s settings of pip, Maven and proxies',
  },
  allowUnisolated: {
    check: flag,
    takes: '[boolean]',
    means:
      'serve several organizations although applications are not isolated from each other, or not held to their memory',
  },
  memoryReserveMiB: {
    check: whole(0).default(1024),
    takes: '<MiB>',
    means: 'memory (MiB) that is never given to applications',
  },
  eventsKeptDays: {
    check: whole(1).default(90),
    takes: '<days>',
    means: 'for how many days it is kept what happened to applications',
  },
  allowedNetworks: {
    check: networks.default([]),
    takes: '<networks>',
    means: 'private networks that applications may reach all the same, such as `10.1.0.0/16`',
  },
  flavorDevices: {
    check: mapping.default([]),
    takes: '<mapping>',
    means:
      'which GPUs each size that names no model means, by a part of the model’s name, such as `ML_XS=L4,*=H100`; without it, any whole GPU. Slices (MIG) are only used where a line names them: `ML_XS=MIG 1g.10gb`',
  },
  simulatedGpus: {
    check: text.optional(),
    takes: '<gpus>',
    means: 'GPUs to pretend, for trying things out: `8xH100,2xL4`, or a JSON file',
  },
  logLevel: {
    check: oneOf(['debug', 'info', 'warn', 'error']).default('info'),
    takes: '<level>',
    means: 'what the platform’s own log holds',
  },
} as const satisfies Readonly<Record<string, Setting>>;

export type SettingName = keyof typeof settings;

export const settingNames = Object.keys(settings) as readonly SettingName[];

export const settingOf = (name: SettingName): Setting => settings[name];

/** What is set where nobody sets anything, as one would write it; undefined where that is nothing. */
export function defaultOf(name: SettingName): string | undefined {
  const usual = settings[name].check.safeParse(undefined).data;
  return usual === undefined || typeof usual === 'object' ? undefined : String(usual);
}

/** `httpPort` is `GRID_HTTP_PORT` in the environment and `--http-port` behind `grid up`. */
export function namesOf(name: SettingName): { variable: string; option: `--${string}` } {
  const words = name.replaceAll(/(MiB|[A-Z])/g, (part) => `_${part}`);
  return {
    variable: `GRID_${words.toUpperCase()}`,
    option: `--${words.replaceAll('_', '-').toLowerCase()}`,
  };
}

/** What else `grid` reads from its environment. */
export const otherVariables: Readonly<Record<string, string>> = {
  GRID_CONFIG: 'file of settings, instead of `grid.json` in the data directory',
  GRID_URL: 'address of the platform to ask, instead of the one that `grid login` stored',
  GRID_TOKEN: 'token of who asks, instead of the one that `grid login` stored',
  GRID_SECRET: 'secret of that token',
  GRID_PASSWORD: 'password, for `grid claim`, `grid login` and `grid password`',
  GRID_CURRENT_PASSWORD: 'password that `grid password` replaces',
};

/** Set for the tests of the platform: a platform may be started where they are. */
const OF_TESTS = /^GRID_(TESTS?|FAULTS|WORLDS)(_|$)/;

/** Kubernetes and Docker say so where a service called `grid` is. */
const OF_SERVICES = /^GRID_(SERVICE_(HOST|PORT)|PORT)(_|$)/;

/** The `GRID_*` variables that nothing reads. */
export function unknownVariables(environment: Readonly<Record<string, unknown>>): string[] {
  const known = new Set(variableNames());
  return Object.keys(environment).filter(
    (name) =>
      name.startsWith('GRID_') &&
      !known.has(name) &&
      !OF_TESTS.test(name) &&
      !OF_SERVICES.test(name),
  );
}

export const variableNames = (): string[] => [
  ...settingNames.map((name) => namesOf(name).variable),
  ...Object.keys(otherVariables),
];
