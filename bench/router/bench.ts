import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { cleanUpAfter } from '../clean-up.ts';
import { atLeastTimes, atMostThatOf, figureOf } from '../figure.ts';
import type { Bench, Figure } from '../figure.ts';
import { withGrid } from '../grid.ts';
import { isThere } from '../programs.ts';
import { peers, startPeer, startUpstream } from './peers.ts';
import type { Peer } from './peers.ts';
import { load } from './load.ts';
import type { Load } from './load.ts';

const ROUNDS = 3;
const HOST = 'bench.example.com';

type Measured = Record<Peer | 'ours', Load[]>;

/**
 * The router as the platform starts it, between `wrk` and an upstream that answers 1 KiB, with an
 * access log; beside it others in the same place, with theirs.
 */
export const bench: Bench = async () => {
  const measured: Measured = { ours: [], caddy: [], nginx: [], haproxy: [] };
  if (isThere('wrk') && isThere('nginx')) await measure(measured);
  return toFigures(measured);
};

const measure = (measured: Measured): Promise<void> =>
  withGrid(
    ({ platform }) =>
      cleanUpAfter(async (later) => {
        const upstream = await startUpstream(later);
        await route(join(platform.data, 'router'), upstream);
        const ports = new Map<keyof Measured, number>([['ours', platform.port()]]);
        for (const peer of peers.filter(isThere))
          ports.set(peer, await startPeer(peer, upstream, later));
        for (const port of ports.values()) await load({ port, host: HOST, seconds: 2 });
        for (let round = 0; round < ROUNDS; round++)
          for (const [who, port] of ports)
            measured[who].push(await load({ port, host: HOST, seconds: 6 }));
      }),
    { GRID_ISOLATION: 'none' },
  );

function toFigures({ ours, caddy, nginx, haproxy }: Measured): Figure[] {
  const rate = (loads: readonly Load[]) => loads.map(({ perSecond }) => perSecond);
  const slowest = (loads: readonly Load[]) => loads.map(({ p99 }) => p99);
  const common = { bench: 'router', metric: '1 KiB answers, keep-alive', unit: 'requests/s' };
  return [
    figureOf({
      ...common,
      rounds: rate(ours),
      goal: atLeastTimes(1.5, 'Caddy'),
      beside: { name: 'Caddy', rounds: rate(caddy) },
    }),
    figureOf({
      ...common,
      rounds: rate(ours),
      goal: atLeastTimes(0.4, 'nginx'),
      beside: { name: 'nginx', rounds: rate(nginx) },
    }),
    figureOf({
      ...common,
      rounds: rate(ours),
      beside: { name: 'HAProxy', rounds: rate(haproxy) },
    }),
    figureOf({
      ...common,
      metric: 'p99 of these',
      unit: 'ms',
      rounds: slowest(ours),
      goal: atMostThatOf('Caddy'),
      beside: { name: 'Caddy', rounds: slowest(caddy) },
    }),
  ];
}

/** Gives the running router a table with one route, newer than any that the control plane will make. */
function route(directory: string, port: number): Promise<void> {
  const table = {
    version: Number.MAX_SAFE_INTEGER,
    platformHosts: ['localhost'],
    routes: [
      {
        host: HOST,
        pathPrefix: '/',
        applicationId: 'app_bench',
        state: 'serving',
        upstreams: [{ instanceId: 'instance_bench', host: '127.0.0.1', port }],
        forceHttps: false,
        stickySessions: false,
        idleTimeoutSeconds: 180,
      },
    ],
  };
  const name = readdirSync(directory).find((one) => /^router-\d+\.sock$/.test(one)) ?? '';
  const options = { socketPath: join(directory, name), method: 'PUT', path: '/table' };
  return new Promise((resolve, reject) => {
    const asked = request(options, (answer) => {
      answer.resume();
      if (answer.statusCode === 200) resolve();
      else reject(new Error(`the router did not take the table: ${answer.statusCode}`));
    });
    asked.on('error', reject);
    asked.end(JSON.stringify(table));
  });
}
