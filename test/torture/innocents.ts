import { request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import { setTimeout as wait } from 'node:timers/promises';
import { probes } from './probes.ts';
import type { Credentials, Probe } from './probes.ts';

/** The innocent clients, in a thread of their own, so that they do not wait for the attackers' work. */
export type Sample = { probe: string; begunAt: number; ms: number; error: string | undefined };

const credentials = workerData as Credentials;
const LONGEST = 15_000;

const tell = (sample: Sample): void => parentPort?.postMessage(sample, []);

async function repeat({ name, pause, once }: Probe): Promise<never> {
  for (;;) {
    const [begunAt, begun] = [Date.now(), performance.now()];
    const error = await once(credentials, AbortSignal.timeout(LONGEST)).then(
      () => undefined,
      (reason: Error) => reason.message,
    );
    tell({ probe: name, begunAt, ms: performance.now() - begun, error });
    await wait(pause);
  }
}

/** When it heard something last. */
let heardAt = Date.now();

/** How late each line is that the Webapp says; why there are no more. */
function followOnce({ port, bearer, ownerId, webapp }: Credentials): Promise<string> {
  const since = new Date();
  const path = `/v4/logs/organisations/${ownerId}/applications/${webapp}/logs?since=${since.toISOString()}`;
  const headers = { authorization: bearer, accept: 'text/event-stream' };
  return new Promise((resolve) => {
    const outgoing = request({ host: '127.0.0.1', port, path, headers, agent: false });
    const late = setTimeout(() => outgoing.destroy(new Error('no line in time')), LONGEST);
    outgoing.on('error', (error) => resolve(error.message));
    outgoing.on('close', () => {
      clearTimeout(late);
      resolve('the stream ended');
    });
    outgoing.on('response', (answer) => {
      if (answer.statusCode !== 200) outgoing.destroy(new Error(`answered ${answer.statusCode}`));
      answer.setEncoding('utf8').on('error', (error) => resolve(error.message));
      answer.on('data', (text: string) => {
        late.refresh();
        hear(text, since.getTime());
      });
    });
    outgoing.end();
  });
}

/** What was said before it began to listen is not late. */
function hear(text: string, since: number): void {
  heardAt = Date.now();
  for (const said of Array.from(text.matchAll(/tick (\d+)/g), ([, at]) => Number(at)))
    if (said >= since) tell({ probe: 'log', begunAt: said, ms: heardAt - said, error: undefined });
}

async function follow(): Promise<never> {
  for (;;) {
    const error = await followOnce(credentials);
    tell({ probe: 'log', begunAt: heardAt, ms: Date.now() - heardAt, error });
    heardAt = Date.now();
    await wait(500);
  }
}

await Promise.all([...probes.map(repeat), follow()]);
