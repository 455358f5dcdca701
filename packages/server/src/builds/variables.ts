/** A variable of the user's that means something to the platform: what its page says, and whether builds may show it. */
export type Documented = {
  /** `[_n]` at its end stands for any number of them. */
  name: string;
  what: string;
  fallback?: string;
  example?: string;
  /** Hidden in what builds print. */
  secret?: true;
  /** It belongs to the run alone: builds do not see it, and another value of it builds nothing anew. */
  onlyRuns?: true;
};

/** What every runtime understands. */
export const commonVariables: readonly Documented[] = [
  {
    name: 'APP_FOLDER',
    what: 'The folder of the repository that has the application; paths in other variables start there',
    fallback: 'the root',
    example: 'services/api',
  },
  {
    name: 'CC_RUN_COMMAND',
    what: 'A shell line that replaces everything else that would be started',
    example: './train.sh --epochs 3',
  },
  {
    name: 'CC_PRE_BUILD_HOOK',
    what: 'A shell line, or an executable script, before anything is installed or built; each time, also where the build is taken from the cache. A failure ends the deployment',
    example: './clevercloud/before.sh',
  },
  {
    name: 'CC_POST_BUILD_HOOK',
    what: 'The same when all is built, before the build is kept; not where the build is taken from the cache. A failure ends the deployment',
  },
  {
    name: 'CC_PRE_RUN_HOOK',
    what: 'The same in each instance before it starts. A failure ends the deployment',
    onlyRuns: true,
  },
  {
    name: 'CC_RUN_SUCCEEDED_HOOK',
    what: 'When a Webapp serves, or a Runner ended with exit code 0; a failure is only logged',
    onlyRuns: true,
  },
  {
    name: 'CC_RUN_FAILED_HOOK',
    what: 'When a Webapp did not come to serve, or a Runner failed; a failure is only logged',
    onlyRuns: true,
  },
  {
    name: 'CC_SSH_PRIVATE_KEY',
    what: 'A private key without passphrase for private dependencies: in `~/.ssh` of builds and instances, never shown. `clevercloud/ssh.json` (`{"privateKeyFile": "path"}`) names one of the repository instead',
    secret: true,
  },
  {
    name: 'CC_SSH_PRIVATE_KEY_FILE',
    what: 'What that file is called',
    fallback: 'id_ed25519',
    example: 'id_rsa',
  },
  {
    name: 'CC_DISABLE_GIT_SUBMODULES',
    what: '`true`: [submodules](git.md) are not fetched',
    fallback: 'false',
  },
  {
    name: 'CC_CACHE_DEPENDENCIES',
    what: '`true`: the next build begins with the paths of `CC_CACHE_DEPENDENCIES_EXTRA_PATHS`. What package managers download is kept in any case',
    fallback: 'false',
  },
  {
    name: 'CC_CACHE_DEPENDENCIES_EXTRA_PATHS',
    what: 'Files and folders of `APP_HOME` that the next build begins with, and folders of the home (by one `../`); a rebuild without the cache forgets them',
    example: 'node_modules:../.cargo',
  },
  {
    name: 'CC_DISABLE_BUILD_CACHE_UPLOAD',
    what: '`true`: each restart builds again',
    fallback: 'false',
  },
  {
    name: 'CC_IGNORE_FROM_BUILDCACHE',
    what: 'Paths that the build is kept without (also `IGNORE_FROM_BUILDCACHE`)',
    example: 'data/raw:tmp',
  },
  { name: 'IGNORE_FROM_BUILDCACHE', what: 'The old name of `CC_IGNORE_FROM_BUILDCACHE`' },
  {
    name: 'CC_OVERRIDE_BUILDCACHE',
    what: 'The only paths that the build is kept with',
    example: 'dist:models',
  },
  {
    name: 'CG_RUN_VARIABLES',
    what: 'Names of variables that builds do not see: another value of one builds nothing anew ([what a build sees](builds.md)). A `*` at the end of one stands for any letters',
    example: 'EPOCHS:HYPER_*',
    onlyRuns: true,
  },
  {
    name: 'CC_HEALTH_CHECK_PATH[_n]',
    what: 'A path that must answer 200 to 299 before a Webapp gets visitors; with `_0`, `_1`… several',
    fallback: 'any answer of `/` but an error of the server',
    example: '/health',
    onlyRuns: true,
  },
  {
    name: 'CG_START_TIMEOUT',
    what: 'How many seconds a Webapp may take until it serves, 5 to 3600',
    fallback: '300, with a GPU 900',
    onlyRuns: true,
  },
  {
    name: 'CG_ENGINE',
    what: 'What builds and runs it: one of the [engines](engines.md) that the platform has. Another fails the deployment',
    fallback: 'the platform’s choice',
    example: 'docker',
  },
  {
    name: 'CG_MAX_DURATION',
    what: 'How long each attempt of a Runner’s run may take, from its start; then it is told to end (TERM), and killed 30 s later',
    fallback: 'no limit',
    example: '12h',
    onlyRuns: true,
  },
  {
    name: 'CG_RETRIES',
    what: 'How often a run whose program failed is tried again. What the platform is to blame for is tried again three times in any case, but with `0`',
    fallback: 'never',
    example: '2',
    onlyRuns: true,
  },
  {
    name: 'CG_PRIORITY',
    what: '`low`, `normal` or `high`: a head start of a day in the queue, or as much the other way',
    fallback: 'normal',
    onlyRuns: true,
  },
  { name: 'PORT', what: 'What a Webapp listens on: visitors come to 8080', fallback: '8080' },
];

/** What every instance and build step is told; users cannot change it. */
export const platformVariables: readonly Documented[] = [
  {
    name: 'APP_ID',
    what: 'The application (also `CC_APP_ID`); `CC_APP_NAME` its name, `CC_OWNER_ID` its owner',
  },
  { name: 'APP_HOME', what: 'The folder that the repository is in' },
  {
    name: 'CC_COMMIT_ID',
    what: 'The deployed commit (also `COMMIT_ID`); `CC_DEPLOYMENT_ID` the deployment',
  },
  {
    name: 'INSTANCE_NUMBER',
    what: '0 to N-1 among N nodes; `INSTANCE_ID` (also `CC_INSTANCE_ID`) the instance, `CC_PRETTY_INSTANCE_NAME` its name',
  },
  { name: 'INSTANCE_TYPE', what: '`build` or `production`' },
  { name: 'CG_MEMORY_MIB', what: 'The memory of this instance' },
  {
    name: 'CC_GPU_COUNT',
    what: 'Its GPUs; `CUDA_VISIBLE_DEVICES` and `NVIDIA_VISIBLE_DEVICES` name them by UUID, and are empty and `void` where it has none',
  },
  {
    name: 'CG_CHECKPOINT_DIR',
    what: 'In a Runner: a folder that the nodes and attempts of its run share; `CG_RUN_ID` the run, `CG_ATTEMPT` the attempt, `CG_RESUME=1` from the second on',
  },
  {
    name: 'CG_NODE_RANK',
    what: 'In a Runner: 0 to `CG_NNODES`-1 among its nodes; [where the others are](multi-node.md)',
  },
];

/** Whether its value may stand in what a build prints. */
export function isPlain(name: string, documented: readonly Documented[]): boolean {
  const known = documentationOf(name, documented);
  return name === 'PATH' || name === 'PYTHONPATH' || (known !== undefined && known.secret !== true);
}

/** The variables that are for runs alone: those of the platform's that are, and what the user says of others. */
export function namesOfRuns(
  environment: Readonly<Record<string, string>>,
  documented: readonly Documented[],
): string[] {
  const said = (environment['CG_RUN_VARIABLES'] ?? '').split(/[\s:,]+/);
  const isSaid = (name: string): boolean =>
    said.some((one) => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : name === one));
  return Object.keys(environment).filter((name) => {
    const known = documentationOf(name, documented);
    return known === undefined ? isSaid(name) : known.onlyRuns === true;
  });
}

function documentationOf(name: string, documented: readonly Documented[]): Documented | undefined {
  const base = name.replace(/_\d+$/, '');
  return documented.find((one) => one.name === name || one.name === `${base}[_n]`);
}
