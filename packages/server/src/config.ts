/** How the platform is set up. Parsed once from `GRID_*`, the configuration file and options. */
export type Config = {
  /** Absolute. Everything the platform keeps lives below it (`paths.ts`). */
  dataDirectory: string;
  /** The platform's own name: `localhost`, or a domain whose sub-domains reach this machine. */
  domain: string;
  /** `open`: whoever asks first for a name has it; `auto`: so while there is one organization. */
  domains: 'auto' | 'open' | 'proven';
  httpAddress: string;
  /** 0 picks a free one, for each port; the one picked is in `grid status`. */
  httpPort: number;
  httpsPort: number;
  /** PEM files that https is served with; both undefined for the platform's own. */
  tlsCertificate: string | undefined;
  tlsKey: string | undefined;
  sshAddress: string;
  sshPort: number;
  /** `postgres://…`, or undefined for SQLite in the data directory. */
  databaseUrl: string | undefined;
  /**
   * What runs what asks for none: the process engine (`auto`, `process`) or the Docker engine, which `auto` and
   * `docker` have beside it, and `process` has not.
   */
  engine: 'auto' | 'process' | 'docker';
  /** Where Docker or Podman listens, or undefined for the first of the usual places that is there. */
  dockerSocket: string | undefined;
  /** `auto`: BuildKit, where the engine has it and the application does not refuse it. */
  dockerBuilder: 'auto' | 'classic';
  /** What BuildKit's cache is kept to; undefined leaves it to the engine, whose other users have their part in it. */
  dockerBuildCacheMiB: number | undefined;
  /** Let applications have the engine's socket (`CC_MOUNT_DOCKER_SOCKET`), and with it this machine. */
  allowDockerSocket: boolean;
  /** Let builds have the credentials of this machine's package mirrors and proxies. */
  shareMirrorCredentials: boolean;
  /** `none`: run instances without a sandbox although there could be one. */
  isolation: 'auto' | 'none';
  /** Serve several organizations although instances are not isolated from each other. */
  allowUnisolated: boolean;
  /** Memory that is never given to instances. */
  memoryReserveMiB: number;
  /** For how many days it is kept what happened. */
  eventsKeptDays: number;
  /** Private networks (CIDR) that instances may reach all the same. */
  allowedNetworks: readonly string[];
  /** Which devices each size with GPUs means; empty: any whole GPU. */
  flavorDevices: readonly { flavor: string; model: string }[];
  /** GPUs that are pretended, for machines without: `8xH100,2xL4` or a JSON file. */
  simulatedGpus: string | undefined;
  /** The environment that the platform was started in: the machine's own pip settings are in it. */
  environment: Readonly<Record<string, string | undefined>>;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
};
