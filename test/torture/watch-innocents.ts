import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { percentile } from '../../bench/figure.ts';
import { until } from '../system/platform.ts';
import { probes } from './probes.ts';
import type { Credentials } from './probes.ts';
import type { Sample } from './innocents.ts';
import type { Scene } from './scene.ts';

export type Waited = { probe: string; p50: number; p99: number; max: number; failed: string[] };

export type Innocents = {
  /** What those waited that began to ask in this time. */
  between(from: number, to: number): Waited[];
  /** Waits until all that was asked before now is over; who has no answer after a minute all the same. */
  settled(): Promise<string[]>;
  end(): Promise<unknown>;
};

export function watchInnocents({ platform, sshPort, innocent }: Scene): Innocents {
  const { bearer, basic, ownerId, webapp, host, email, password } = innocent;
  const account = { bearer, basic, ownerId, webapp, host, email, password };
  const key = readFileSync(innocent.key, 'utf8');
  const credentials: Credentials = { ...account, port: platform.port(), sshPort, key };
  const worker = new Worker(new URL('./innocents.ts', import.meta.url), {
    workerData: credentials,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const samples: Sample[] = [];
  worker.on('message', (sample: Sample) => samples.push(sample));
  return {
    between(from, to) {
      const within = samples.filter(({ begunAt }) => begunAt >= from && begunAt <= to);
      return [...Map.groupBy(within, ({ probe }) => probe)].map(([probe, all]) =>
        describe(probe, all),
      );
    },
    async settled() {
      const now = Date.now();
      const waiting = new Set(names);
      const look = (): boolean => {
        for (const { probe, begunAt } of samples.slice(-RECENT))
          if (begunAt > now) waiting.delete(probe);
        return waiting.size === 0;
      };
      await until('the innocent have their answers', look).catch(() => undefined);
      return [...waiting];
    },
    end: () => worker.terminate(),
  };
}

/** More than come in between two looks. */
const RECENT = 200;

const names: readonly string[] = ['log', ...probes.map(({ name }) => name)];

function describe(probe: string, samples: readonly Sample[]): Waited {
  const times = samples.map(({ ms }) => ms);
  const [p50, p99, max] = [0.5, 0.99, 1].map((share) => percentile(times, share));
  const failed = samples.flatMap(({ error }) => (error === undefined ? [] : [error]));
  return { probe, p50: p50 ?? 0, p99: p99 ?? 0, max: max ?? 0, failed };
}
