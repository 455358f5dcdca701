import { parseId } from '../lib/ids.ts';
import type { ApplicationId, InstanceId } from '../lib/ids.ts';
import type { Service } from '../git/serve-git.ts';

/** What a client wants, as its command says it. */
export type Asked =
  | { kind: 'git'; service: Service; path: string }
  | { kind: 'enter'; place: Place; line: string | undefined }
  | { kind: 'list' }
  /** Git LFS looks for its server here. */
  | { kind: 'lfs' }
  | { kind: 'unknown' };

/** An instance by its id, or by its application: the only one there is, or that of a number. */
export type Place =
  | { instanceId: InstanceId; applicationId?: undefined }
  | { applicationId: ApplicationId; number?: number; instanceId?: undefined };

/** As git writes it: the path in single quotes, of which an application's id has none. */
const GIT = /^(git-(?:upload|receive)-pack) '?([^']*)'?$/;
/** As git-lfs does where a remote is reached by SSH: its older way, and its newer. */
const LFS = /^git-lfs-(authenticate|transfer) /;
/** An id, and what is to be run there. */
const ENTER = /^(\S+)(?:\s+(\S[\s\S]*))?$/;

export function parseAsked(command: string): Asked {
  const text = command.trim();
  if (text === '') return { kind: 'list' };
  const [, service, path] = GIT.exec(command) ?? [];
  if (service !== undefined && path !== undefined)
    return { kind: 'git', service: service as Service, path };
  if (LFS.test(command)) return { kind: 'lfs' };
  const [, id = '', line] = ENTER.exec(text) ?? [];
  const place = parsePlace(id);
  return place === undefined ? { kind: 'unknown' } : { kind: 'enter', place, line };
}

function parsePlace(id: string): Place | undefined {
  const instanceId = parseId('instance', id);
  if (instanceId !== undefined) return { instanceId };
  const [, name = '', number] = /^(.*?)(?:\/(\d{1,4}))?$/.exec(id) ?? [];
  const applicationId = parseId('application', name);
  if (applicationId === undefined) return undefined;
  return number === undefined ? { applicationId } : { applicationId, number: Number(number) };
}
