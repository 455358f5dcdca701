import type { DockerClient } from '../client.ts';

/** What keeps a container's log where we can read it, and how it is told to keep a budget. */
export type LogConfig = { Type: string; Config: Readonly<Record<string, string>> };

type Info = { Plugins?: { Log?: readonly string[] | null } | null };

/** Docker's `local`, or Podman's own: of an engine that has neither, what it does by itself. */
export function chooseLog({ Plugins }: Info, budgetMiB: number): LogConfig | undefined {
  const offered = new Set(Plugins?.Log ?? []);
  if (offered.has('local')) {
    const files = 4;
    const size = `${Math.max(1, Math.ceil(budgetMiB / files))}m`;
    return { Type: 'local', Config: { 'max-size': size, 'max-file': String(files) } };
  }
  return offered.has('k8s-file') ? { Type: 'k8s-file', Config: {} } : undefined;
}

/** Asked once for each engine. */
export function createLogChoice(client: DockerClient) {
  let info: Info | undefined;
  return async (budgetMiB: number, signal: AbortSignal): Promise<LogConfig | undefined> => {
    info ??= await client.ask<Info>({ path: '/info' }, signal);
    return chooseLog(info, budgetMiB);
  };
}
