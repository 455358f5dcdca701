import { logs } from '@grid/api';
import type { AccessRecord } from '@grid/api';
import type { Command } from 'commander';
import { Failure } from '../fail.ts';
import { findApplication, paramsOf } from '../find-application.ts';
import { printStream } from '../follow.ts';
import { formatOption } from '../options.ts';
import { colour, say } from '../print.ts';
import { signedIn } from '../profile.ts';
import { readStream } from '../read-stream.ts';

/** What applications say, and what they were asked. */
export function logCommands(program: Command): void {
  logsCommand(program);
  accessLogsCommand(program);
}

type ReadOptions = {
  app?: string;
  follow?: boolean;
  since?: string;
  format: 'human' | 'json';
};
type LogsOptions = ReadOptions & { deployment?: string; search?: string };

function logsCommand(program: Command): void {
  program
    .command('logs')
    .description('the log of an application')
    .option('--app <application>')
    .option('-f, --follow', 'go on as lines come')
    .option('--deployment <id>', 'of one deployment only')
    .option('--since <time>', 'such as 2026-11-01T12:00:00Z, or 1h')
    .option('--search <text>', 'only lines that contain it')
    .addOption(formatOption('human, or json for a line each, when it has ended'))
    .action(async ({ deployment, search, ...options }: LogsOptions) => {
      const unended = options.format === 'human' ? 'true' : undefined;
      const query = { ...windowOf(options), deploymentId: deployment, filter: search, unended };
      const client = signedIn();
      const call = { params: paramsOf(await findApplication(client, options.app)), query };
      const lines = readStream(client, logs.streamLogs, call);
      if (options.format === 'human') return printStream(lines);
      for await (const line of lines) say(JSON.stringify(line));
    });
}

function accessLogsCommand(program: Command): void {
  program
    .command('accesslogs')
    .description('the requests that an application answered')
    .option('--app <application>')
    .option('-f, --follow', 'go on as requests come')
    .option('--since <time>', 'such as 2026-11-01T12:00:00Z, or 1h')
    .addOption(formatOption('human, or json for a line each'))
    .action(async (options: ReadOptions) => {
      const query = windowOf(options);
      const client = signedIn();
      const call = { params: paramsOf(await findApplication(client, options.app)), query };
      for await (const access of readStream(client, logs.streamAccessLogs, call))
        say(options.format === 'json' ? JSON.stringify(access) : formatAccess(access));
    });
}

function formatAccess({ date, source, http }: AccessRecord): string {
  const { request, response } = http;
  const status = colour(response.statusCode < 400 ? 'green' : 'red', String(response.statusCode));
  const asked = `${request.method.padEnd(4)} ${request.host}${request.path}`;
  return `${colour('dim', date)} ${source.ip} ${status} ${asked} ${response.time} ms`;
}

/** What is there by now, or what comes too. */
const windowOf = ({ since, follow }: ReadOptions) => ({
  since: since === undefined ? undefined : parseTime(since).toISOString(),
  until: follow === true ? undefined : new Date().toISOString(),
});

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

function parseTime(text: string): Date {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const date =
    count === undefined
      ? new Date(text)
      : new Date(Date.now() - Number(count) * UNITS[unit as keyof typeof UNITS] * 1000);
  if (Number.isNaN(date.getTime()))
    throw new Failure(`${text} is not a time: try 1h, or 2026-11-01T12:00:00Z.`, 'misused');
  return date;
}
