/**
 * Why something waits, by code: the same in the API, on the command line and in metrics. A code is for
 * programs; `means` and `helps` are for people.
 */
export const waitReasons = {
  no_memory: {
    means: 'All memory that there is to give is held, or too much of it.',
    helps: 'A smaller flavor, fewer nodes, or the end of something that runs.',
  },
  no_device: {
    means: 'Too few devices of the kind that it needs are free.',
    helps: 'A flavor with fewer devices or others, fewer nodes, or the end of something that runs.',
  },
  device_fencing: {
    means: 'A device that it could have was given back, and a process is still seen to use it.',
    helps: 'The end of that process: "grid devices" names it.',
  },
  device_quarantined: {
    means: 'It would fit, but for devices that are not well.',
    helps: 'The operator’s repair: "grid devices" says what is wrong.',
  },
  driver_unavailable: {
    means: 'The driver’s tool does not answer, so nobody knows how the devices are.',
    helps: 'The operator: does "nvidia-smi" answer on the machine?',
  },
  behind_others: {
    means: 'It would delay one that came first, for which what it needs is reserved.',
    helps: 'A shorter maximum duration: what surely ends in time may go ahead.',
  },
  owner_limit: {
    means: 'Its owner holds as much memory, or as many GPUs, as a limit allows.',
    helps:
      'The end of something that its owner runs, or a higher limit from the operator ("grid limits").',
  },
  behind_deployment: {
    means: 'Another deployment of the application is under way.',
    helps: 'Its end, or cancelling it.',
  },
  restarting_with_downtime: {
    means: 'The version that serves ends before the new one starts.',
    helps: 'Zero downtime as the application’s option, or capacity for both side by side.',
  },
  behind_run: {
    means: 'The application’s run before it is under way; those that are pushed never overlap.',
    helps: 'Its end, or stopping it; "grid run" starts runs beside it.',
  },
  pausing: {
    means: 'An attempt failed, and the next one begins after a pause.',
    helps: 'Nothing: it begins by itself.',
  },
  engine_unavailable: {
    means: 'The engine that runs it does not answer.',
    helps: 'The operator: does Docker run? It goes on by itself when it is back.',
  },
  never_fits: {
    means:
      'The platform could not hold it if it were empty, or it is more than a limit of its owner.',
    helps: 'A smaller flavor or fewer nodes; or a higher limit from the operator ("grid limits").',
  },
} as const;

export type WaitReason = keyof typeof waitReasons;

export const isWaitReason = (code: Reason | null): code is WaitReason =>
  code !== null && Object.hasOwn(waitReasons, code);

/** Why something is over, or a device is not offered, by code. */
export const endReasons = {
  exited: 'Its program ended by itself, with the exit code or signal that is said.',
  stopped: 'It was asked to end.',
  max_duration: 'It took as long as it may.',
  memory_limit: 'It needed more memory than its flavor has.',
  disk_full: 'It wrote more than its flavor’s disk holds.',
  process_limit: 'It started more processes than one instance may.',
  before_failed: 'A step before its command failed.',
  start_failed: 'The engine could not start it.',
  barrier_timeout: 'Not all nodes were ready to begin in time.',
  timeout: 'A step took longer than it may.',
  device_lost: 'A device that it held, or the device itself, is not well or not there any more.',
  device_error: 'The driver says of the device that something is wrong with it.',
  xid: 'The driver’s log tells of an error of the device; the number is said.',
  supervisor_lost:
    'Nobody knows how it ended: what looked after it is gone, or the machine restarted.',
  crashed: 'It ended before it served.',
  unhealthy: 'It did not prove its health in time.',
  never_fits:
    'The platform could not hold it if it were empty, or it is more than a limit of its owner.',
  invalid_variable: 'A variable says something that cannot be.',
  invalid_file: 'A file that says what to do cannot be understood.',
  invalid_repository: 'The commit holds what no application can be made of.',
  missing_start: 'Nothing says how it is started.',
  missing_program: 'The machine has no program to build or run it with.',
  missing_file: 'A file that is named is not in the commit.',
  not_executable: 'The file to start is no program.',
  hook_failed: 'A command of the user’s, before or after the build, failed.',
  dependencies_failed: 'What it depends on could not be installed.',
  build_failed: 'Its build failed.',
  build_timeout: 'A step of its build took longer than it may.',
  platform_error: 'The platform could not go on.',
} as const;

export type EndReason = keyof typeof endReasons;

export const isEndReason = (code: Reason | null): code is EndReason =>
  code !== null && Object.hasOwn(endReasons, code);

/** Some of them. */
export type SomeOf<R extends EndReason> = R;

/** Every reason that a row, an event or an answer may give. */
export type Reason = WaitReason | EndReason;

export const everyReason = Object.keys({ ...waitReasons, ...endReasons }) as readonly Reason[];
