import { createHash } from 'node:crypto';
import { globSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findPrograms, findSupervisors, listProcesses } from './kill-at-random.ts';
import type { Platform } from './platform.ts';

/** What a platform on which nothing runs any more still holds, by its kind; empty where it holds nothing. */
export function findLeaks(platform: Platform, program: string): Record<string, string[]> {
  const all = listProcesses();
  const engine = join(platform.data, 'engine');
  const found = {
    leases: rows(platform, `select device_uuid as id from leases where released_at is null`),
    workloads: rows(platform, `select id from workloads where state != 'gone'`),
    instances: rows(platform, `select id from instances where status != 'exited'`),
    usage: rows(
      platform,
      `select instance_id as id from usage_intervals where ended_at is null
       union select id from instances
         where started_at is not null and id not in (select instance_id from usage_intervals)`,
    ),
    supervisors: findSupervisors(platform, all).map(({ pid }) => String(pid)),
    programs: findPrograms(program, all).map(({ pid }) => String(pid)),
    directories: readdirSync(join(engine, 'instances')),
    changes: readdirSync(join(engine, 'changes')),
    groups: listGroups(engine),
    cables: listCables(engine),
  };
  return Object.fromEntries(Object.entries(found).filter(([, ids]) => ids.length > 0));
}

const rows = (platform: Platform, sql: string): string[] =>
  platform.query<{ id: string }>(sql).map(({ id }) => id);

/** Control groups are called after the data directory's engine and the instance. */
function listGroups(engine: string): string[] {
  const tag = createHash('sha256').update(engine).digest('hex').slice(0, 8);
  return globSync(`/sys/fs/cgroup/{,*/,*/*/,*/*/*/}clever-grid/${tag}-*`);
}

/** Cables of instances to the bridges of their owners, in the platform's own network. */
function listCables(engine: string): string[] {
  try {
    const text = readFileSync(join(engine, 'network.json'), 'utf8');
    const { pid } = JSON.parse(text) as { pid: number };
    const table = readFileSync(`/proc/${pid}/net/dev`, 'utf8');
    return [...table.matchAll(/^ *(v\d+x\d+):/gm)].flatMap(([, name]) => name ?? []);
  } catch {
    return [];
  }
}
