import { resolve } from 'node:path';
import { z } from 'zod';
import type { Config } from './config.ts';
import { findFlavor, flavors } from './scheduling/flavor.ts';

const flag = z.union([z.boolean(), z.stringbool()], { error: 'must be true or false' });
const port = z.coerce.number().int().min(0).max(65_535);
const BYTE = /^(25[0-5]|2[0-4]\d|1?\d?\d)$/;

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const bytes = address.split('.');
  const isAddress = bytes.length === 4 && bytes.every((byte) => BYTE.test(byte));
  const isPrefix = bits === undefined || (/^\d{1,2}$/.test(bits) && Number(bits) <= 32);
  return isAddress && isPrefix && rest.length === 0;
}

const network = z.string().refine(isNetwork, 'must be IPv4 networks such as 10.1.0.0/16');
const networks = z
  .union([z.array(network), z.string().transform((text) => text.split(/[\s,]+/).filter(Boolean))])
  .pipe(z.array(network));

const line = z.object({
  flavor: z
    .string()
    .refine(
      (name) => name === '*' || (findFlavor(name)?.gpus ?? 0) > 0,
      `must map sizes with GPUs (${flavors
        .filter(({ gpus }) => gpus > 0)
        .map(({ name }) => name)
        .join(', ')}, or * for all others), as in ML_XS=L4`,
    )
    .transform((name) => findFlavor(name)?.name ?? name),
  model: z.string().min(1, 'must say a part of a model’s name behind each ='),
});
const mapping = z
  .union([
    z.record(z.string(), z.string()).transform((lines) => Object.entries(lines)),
    z.string().transform((text) =>
      text
        .split(',')
        .filter((part) => part.trim() !== '')
        .map((part) => part.split(/=(.*)/s).map((word) => word.trim())),
    ),
  ])
  .transform((lines) => lines.map(([flavor, model = '']) => ({ flavor, model })))
  .pipe(z.array(line));

const HOST_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** Every setting: its check, and what it is for; `docs/configuration.md` is made from this. */
export const settings = {
  dataDirectory: z.string().min(1).describe('Where the platform keeps everything'),
  domain: z
    .string()
    .max(253, 'must be a host name')
    .regex(HOST_NAME, 'must be a host name, in small letters')
    .default('localhost')
    .describe('The platform’s own name; applications answer below it'),
  domains: z
    .enum(['auto', 'open', 'proven'])
    .default('auto')
    .describe(
      'Who may add a name of the world to an application: `open`, whoever asks first; `proven`, who proves it by a TXT record; `auto`, `open` while there is one organization',
    ),
  httpAddress: z.string().default('127.0.0.1').describe('Address that http and https listen on'),
  httpPort: port.default(8080).describe('Port of http; 0 picks a free one'),
  httpsPort: port.default(8443).describe('Port of https; 0 picks a free one'),
  tlsCertificate: z
    .string()
    .optional()
    .describe('PEM file with the certificate and its chain; without it the platform makes its own'),
  tlsKey: z.string().optional().describe('PEM file with the private key of `tlsCertificate`'),
  sshAddress: z
    .string()
    .default('127.0.0.1')
    .describe('Address that SSH listens on, for git and for entering instances'),
  sshPort: port.default(2222).describe('Port of SSH; 0 picks a free one'),
  databaseUrl: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
    .optional()
    .describe('PostgreSQL instead of SQLite in the data directory; `DATABASE_URL` says the same'),
  engine: z
    .enum(['auto', 'process', 'docker'])
    .default('auto')
    .describe(
      'What runs applications that ask for no engine (`CG_ENGINE`): `docker`, or else processes; `process` uses no Docker at all',
    ),
  dockerSocket: z
    .string()
    .optional()
    .describe('Socket of Docker or Podman; without it, the first of the usual ones that is there'),
  dockerBuilder: z
    .enum(['auto', 'classic'])
    .default('auto')
    .describe('`classic` never builds images with BuildKit'),
  dockerBuildCacheMiB: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .describe(
      'What the build cache of the Docker engine is kept to (MiB), everybody’s; without it, it is left alone',
    ),
  allowDockerSocket: flag
    .default(false)
    .describe(
      'Let applications have the socket of the engine (`CC_MOUNT_DOCKER_SOCKET`), and with it the whole machine',
    ),
  shareMirrorCredentials: flag
    .default(false)
    .describe(
      'Let builds, and so every application, have the credentials in this machine’s settings of pip, Maven and proxies',
    ),
  isolation: z
    .enum(['auto', 'none'])
    .default('auto')
    .describe('`none` runs applications without a sandbox although there could be one'),
  allowUnisolated: flag
    .default(false)
    .describe(
      'Serve several organizations although applications are not isolated from each other, or not held to their memory',
    ),
  memoryReserveMiB: z.coerce
    .number()
    .int()
    .min(0)
    .default(1024)
    .describe('Memory (MiB) that is never given to applications'),
  eventsKeptDays: z.coerce
    .number()
    .int()
    .min(1)
    .default(90)
    .describe('For how many days it is kept what happened to applications'),
  allowedNetworks: networks
    .default([])
    .describe('Private networks that applications may reach all the same'),
  flavorDevices: mapping
    .default([])
    .describe(
      'Which GPUs each size means, by a part of the model’s name, such as `ML_XS=L4,*=H100`; without it, any whole GPU. Slices (MIG) are only used where a line names them: `ML_XS=MIG 1g.10gb`',
    ),
  simulatedGpus: z
    .string()
    .optional()
    .describe('GPUs to pretend, for trying things out: `8xH100,2xL4`, or a JSON file'),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('What the platform’s own log holds'),
} as const satisfies Record<Exclude<keyof Config, 'environment'>, z.ZodType>;

export type SettingName = keyof typeof settings;

/** `httpPort` is `GRID_HTTP_PORT` in the environment. */
export const variableOf = (name: string): string =>
  `GRID_${name.replaceAll(/(MiB|[A-Z])/g, (part) => `_${part}`).toUpperCase()}`;

type Environment = Readonly<Record<string, string | undefined>>;

/** Hosts that offer a database name it `DATABASE_URL`. An empty variable is none. */
function fromEnvironment(environment: Environment, name: string): string | undefined {
  const names = [variableOf(name), ...(name === 'databaseUrl' ? ['DATABASE_URL'] : [])];
  return names.map((one) => environment[one]).find((value) => value !== undefined && value !== '');
}

const HALF_A_PAIR =
  'tlsCertificate (GRID_TLS_CERTIFICATE), tlsKey (GRID_TLS_KEY): give both, or none for a certificate that the platform makes';

/** Settings that do not fit, all at once. */
export class InvalidConfig extends Error {
  override readonly name = 'InvalidConfig';
}

/**
 * The configuration out of options (strongest), `GRID_*` variables and a file's contents (weakest).
 * Throws `InvalidConfig` that names every wrong setting and its rule.
 */
export function parseConfig(sources: {
  options: Readonly<Record<string, unknown>>;
  environment: Environment;
  file: Readonly<Record<string, unknown>>;
}): Config {
  const { options, environment, file } = sources;
  const given = Object.fromEntries(
    Object.keys(settings)
      .map((name) => [name, options[name] ?? fromEnvironment(environment, name) ?? file[name]])
      .filter(([, value]) => value !== undefined),
  );
  const unknown = Object.keys(file).filter((name) => !(name in settings));
  const parsed = z.object(settings).safeParse(given);
  const halves = [given['tlsCertificate'], given['tlsKey']].filter((half) => half !== undefined);
  const problems = [
    ...(halves.length === 1 ? [HALF_A_PAIR] : []),
    ...unknown.map((name) => `${name}: there is no such setting`),
    ...(parsed.error?.issues ?? []).map(({ path, message }) => {
      const name = String(path[0]);
      return `${name} (${variableOf(name)}): ${message}`;
    }),
  ];
  if (!parsed.success || problems.length > 0)
    throw new InvalidConfig(`The configuration is wrong:\n  ${problems.join('\n  ')}`);
  const { data } = parsed;
  const { databaseUrl, tlsCertificate, tlsKey, dockerSocket, dockerBuildCacheMiB, simulatedGpus } =
    data;
  return {
    ...data,
    environment,
    databaseUrl,
    dockerBuildCacheMiB,
    simulatedGpus,
    dockerSocket: dockerSocket && resolve(dockerSocket),
    tlsCertificate: tlsCertificate && resolve(tlsCertificate),
    tlsKey: tlsKey && resolve(tlsKey),
    dataDirectory: resolve(data.dataDirectory),
  };
}
