import { appendFile, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** One request, in the shape of the access log's stream. */
export type Access = {
  applicationId: string;
  instanceId: string | undefined;
  requestId: string;
  at: number;
  source: string;
  method: string;
  host: string;
  path: string;
  scheme: string;
  statusCode: number;
  milliseconds: number;
  bytesIn: number;
  bytesOut: number;
};

const WRITE_EVERY = 500;
const MOST_WAITING = 10_000;
const FILE_BYTES = 16 * 1024 * 1024;
const MOST_FILES = 4;

/** Appends accesses to `<directory>/<APP_ID>/<n>.jsonl`, a few times a second, within a budget. */
export function createAccessLog(directory: string) {
  let waiting: Access[] = [];
  let writing = Promise.resolve();
  const flush = (): Promise<void> => {
    const lines = waiting;
    waiting = [];
    if (lines.length > 0)
      writing = writing.then(() => writeAll(directory, lines)).catch(() => undefined);
    return writing;
  };
  const timer = setInterval(() => void flush(), WRITE_EVERY).unref();
  return {
    add(access: Access): void {
      if (waiting.length < MOST_WAITING) waiting.push(access);
    },
    async close(): Promise<void> {
      clearInterval(timer);
      await flush();
    },
  };
}

async function writeAll(directory: string, accesses: readonly Access[]): Promise<void> {
  for (const [id, own] of Map.groupBy(accesses, ({ applicationId }) => applicationId)) {
    const folder = join(directory, id);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const lines = own.map((access) => `${JSON.stringify(toLine(access))}\n`).join('');
    await appendFile(join(folder, await currentFile(folder)), lines);
  }
}

const toLine = (access: Access) => ({
  date: new Date(access.at).toISOString(),
  applicationId: access.applicationId,
  instanceId: access.instanceId,
  requestId: access.requestId,
  source: { ip: access.source },
  http: {
    request: {
      method: access.method,
      host: access.host,
      path: access.path,
      scheme: access.scheme,
    },
    response: { statusCode: access.statusCode, time: access.milliseconds },
  },
  bytesIn: access.bytesIn,
  bytesOut: access.bytesOut,
});

/** The newest file while it has room, else the next one; the oldest go. */
async function currentFile(folder: string): Promise<string> {
  const files = (await readdir(folder)).filter((name) => /^\d{8}\.jsonl$/.test(name)).toSorted();
  const newest = files.at(-1);
  if (newest !== undefined && (await stat(join(folder, newest))).size < FILE_BYTES) return newest;
  for (const old of files.slice(0, Math.max(0, files.length - MOST_FILES + 1)))
    await rm(join(folder, old), { force: true });
  return `${String(Number(newest?.slice(0, 8) ?? 0) + 1).padStart(8, '0')}.jsonl`;
}
