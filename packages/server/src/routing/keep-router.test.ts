import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { systemClock } from '../lib/clock.ts';
import { answerTo, askHttp, beginRequest, readAll, serveHttp } from '../testing/http.ts';
import type { Ask } from '../testing/http.ts';
import { makeCertificate } from '../testing/certificate.ts';
import { silentLog } from '../testing/log.ts';
import { HOST, makeRoute, upstreamAt } from '../testing/router.ts';
import { until } from '../testing/until.ts';
import { openRouter } from './keep-router.ts';
import type { RouterHandle } from './keep-router.ts';
import { endRouters, findRouters } from './router-process.ts';
import type { RouterSettings } from './router-settings.ts';

type Site = {
  settings: RouterSettings;
  /** Whom the certificate is from. */
  ca: string;
  open(change?: Partial<RouterSettings>): Promise<RouterHandle>;
  /** As if the control plane had ended. */
  leave(): void;
};

/** A data directory whose routers end with the test; opening it is what a control plane does at its start. */
async function openSite(t: TestContext, settings: Partial<RouterSettings> = {}): Promise<Site> {
  const { files, ca } = await makeCertificate(t);
  const directory = mkdtempSync(join(tmpdir(), 'grid-router-'));
  const own: RouterSettings = {
    version: '1.0.0',
    directory,
    controlSocket: join(directory, 'control.sock'),
    address: '127.0.0.1',
    ports: { http: 0, https: 0 },
    certificate: files,
    namespaces: undefined,
    python: 'python3',
    connectionsPerApplication: 4_096,
    ...settings,
  };
  let closing = new AbortController();
  t.after(async () => {
    closing.abort();
    await endRouters(directory, AbortSignal.timeout(10_000));
    rmSync(directory, { recursive: true, maxRetries: 5 });
  });
  return {
    settings: own,
    ca,
    leave: () => closing.abort(),
    async open(change = {}) {
      closing.abort();
      closing = new AbortController();
      const { signal } = closing;
      return openRouter({
        settings: { ...own, ...change },
        clock: systemClock,
        log: silentLog,
        signal,
      });
    },
  };
}

const within = (): AbortSignal => AbortSignal.timeout(20_000);

const pids = async ({ settings }: Site): Promise<number[]> =>
  (await findRouters(settings.directory, within())).map(({ status }) => status.pid);

const ask = (port: number, options: Ask = {}) =>
  askHttp({ port, ...options, headers: { host: HOST } });

/** Gives the router an application that answers with these words. */
async function serve(t: TestContext, router: RouterHandle, words: string): Promise<void> {
  const { port } = await serveHttp(t, (_, response) => response.end(words));
  const routes = [makeRoute({ upstreams: [upstreamAt(port, 'instance_1')] })];
  await router.put({ version: systemClock(), platformHosts: ['localhost'], routes }, within());
}

/** Visitors that come one after another over both schemes, some on kept connections; what failed. */
function keepAsking({ ports }: RouterHandle, ca: string) {
  const kept = new Agent({ keepAlive: true });
  const keptSecure = new SecureAgent({ keepAlive: true });
  const secure = { ca, servername: 'localhost' };
  const visitors: [port: number, Ask][] = [
    [ports.http, { agent: kept }],
    [ports.http, {}],
    [ports.https, { ...secure, agent: keptSecure }],
    [ports.https, secure],
  ];
  const failures: unknown[] = [];
  let served = 0;
  const ending = new AbortController();
  const all = visitors.map(async ([port, options]) => {
    while (!ending.signal.aborted)
      await ask(port, options).then(
        ({ status }) => (status === 200 ? (served += 1) : failures.push(status)),
        (error: unknown) => failures.push(error),
      );
  });
  return {
    served: () => served,
    async end() {
      ending.abort();
      await Promise.all(all);
      for (const agent of [kept, keptSecure]) agent.destroy();
      return failures;
    },
  };
}

test('the router that runs is kept by the next control plane, with its table', async (t) => {
  const site = await openSite(t);
  const router = await site.open();
  await serve(t, router, 'kept');
  const before = await pids(site);
  const again = await site.open();
  assert.deepEqual(await pids(site), before);
  assert.equal(again.ports.http, router.ports.http);
  assert.equal((await ask(again.ports.http)).body, 'kept');
});

test('a router that dies is started again on its port, with its table, without anybody asking', async (t) => {
  const site = await openSite(t);
  const router = await site.open();
  await serve(t, router, 'again');
  for (let death = 0; death < 2; death += 1) {
    const [pid = 0] = await pids(site);
    process.kill(pid, 'SIGKILL');
    await until(
      async () => (await ask(router.ports.http).catch(() => undefined))?.body === 'again',
    );
    assert.notDeepEqual(await pids(site), [pid]);
  }
});

test('a router that is told to end finishes what it has, and another takes its place', async (t) => {
  const site = await openSite(t);
  const router = await site.open();
  const { server, port } = await serveHttp(t, (_, response) => void response.write('begun '));
  const routes = [makeRoute({ upstreams: [upstreamAt(port)] })];
  await router.put({ version: systemClock(), platformHosts: [], routes }, within());
  const asking = ask(router.ports.http);
  const [, response] = await once(server, 'request');
  const [pid = 0] = await pids(site);
  process.kill(pid, 'SIGTERM');
  await until(async () => (await pids(site)).length === 2);
  await serve(t, router, 'again');
  assert.equal((await ask(router.ports.http)).body, 'again');
  response.end('ended');
  assert.equal((await asking).body, 'begun ended');
  await until(async () => !(await pids(site)).includes(pid));
});

test('a router that only finishes what it has is not taken for one that serves', async (t) => {
  const site = await openSite(t);
  const router = await site.open();
  let visits = 0;
  const { server, port } = await serveHttp(t, (_, response) => {
    visits += 1;
    if (visits === 1) response.write('begun ');
    else response.end('late');
  });
  const routes = [makeRoute({ upstreams: [upstreamAt(port)] })];
  await router.put({ version: systemClock(), platformHosts: [], routes }, within());
  const asking = ask(router.ports.http);
  const [, response] = await once(server, 'request');
  site.leave();
  const [pid = 0] = await pids(site);
  process.kill(pid, 'SIGTERM');
  await until(async () => {
    const [running] = await findRouters(site.settings.directory, within());
    return running?.status.draining === true;
  });
  const next = await site.open();
  await serve(t, next, 'again');
  assert.equal((await ask(next.ports.http)).body, 'again');
  response.end('ended');
  assert.equal((await asking).body, 'begun ended');
});

test('an upgrade replaces the router under load without one failed request', async (t) => {
  const site = await openSite(t);
  const router = await site.open();
  await serve(t, router, 'served');
  const load = keepAsking(router, site.ca);
  await until(() => load.served() > 50);
  for (const version of ['1.1.0', '1.2.0', '1.3.0']) {
    const [before] = await pids(site);
    const next = await site.open({ version });
    assert.deepEqual(next.ports, router.ports);
    const served = load.served();
    await until(() => load.served() > served + 50);
    const [newest] = await findRouters(site.settings.directory, within());
    assert.equal(newest?.status.startedWith.version, version);
    assert.notEqual(newest?.status.pid, before);
  }
  assert.deepEqual(await load.end(), []);
  await until(async () => (await pids(site)).length === 1);
});

test('another port for https leaves the one for http as it is', async (t) => {
  const site = await openSite(t);
  const router = await site.open();
  await serve(t, router, 'both');
  const spare = await serveHttp(t, () => undefined);
  spare.server.close();
  await once(spare.server, 'close');
  const next = await site.open({ ports: { http: 0, https: spare.port } });
  assert.deepEqual(next.ports, { http: router.ports.http, https: spare.port });
  await until(async () => (await pids(site)).length === 1);
  const secure = { ca: site.ca, servername: 'localhost' };
  assert.equal((await ask(next.ports.https, secure)).body, 'both');
  assert.equal((await ask(next.ports.http)).body, 'both');
});

test('a certificate that was renewed is shown by the router that runs', async (t) => {
  const site = await openSite(t);
  const router = await site.open();
  await serve(t, router, 'secure');
  const before = await pids(site);
  const next = await makeCertificate(t);
  copyFileSync(next.files.certificate, site.settings.certificate.certificate);
  const secure = { ca: next.ca, servername: 'localhost' };
  await assert.rejects(ask(router.ports.https, secure));
  await router.reloadCertificate(within());
  assert.equal((await ask(router.ports.https, secure)).body, 'secure');
  writeFileSync(site.settings.certificate.certificate, 'spoilt');
  await assert.rejects(router.reloadCertificate(within()), /PEM/);
  assert.equal((await ask(router.ports.https, secure)).body, 'secure');
  assert.deepEqual(await pids(site), before);
});

test('another port is served instead, and what the old one has under way is finished and counted', async (t) => {
  const site = await openSite(t);
  const router = await site.open();
  const { server, port } = await serveHttp(t, (_, response) => void response.write('begun '));
  const routes = [makeRoute({ upstreams: [upstreamAt(port, 'instance_1')] })];
  await router.put({ version: systemClock(), platformHosts: [], routes }, within());
  const asking = ask(router.ports.http);
  const [, response] = await once(server, 'request');
  const spare = await serveHttp(t, () => undefined);
  spare.server.close();
  await once(spare.server, 'close');
  const next = await site.open({ ports: { http: spare.port, https: 0 } });
  assert.equal(next.ports.http, spare.port);
  await assert.rejects(ask(router.ports.http), { code: 'ECONNREFUSED' });
  assert.equal(await next.inFlight(['instance_1'], within()), 1);
  await serve(t, next, 'new');
  assert.equal((await ask(next.ports.http)).body, 'new');
  response.end('ended');
  assert.equal((await asking).body, 'begun ended');
  await until(async () => (await next.inFlight(['instance_1'], within())) === 0);
  await until(async () => (await pids(site)).length === 1);
});

test('another address is served on the same port', async (t) => {
  const site = await openSite(t);
  const router = await site.open();
  await serve(t, router, 'here');
  const next = await site.open({ address: '0.0.0.0' });
  assert.equal(next.ports.http, router.ports.http);
  await until(async () => (await pids(site)).length === 1);
  assert.equal((await ask(next.ports.http)).body, 'here');
});

test('a port that is in use is refused with its reason, another platform’s too', async (t) => {
  const first = await (await openSite(t)).open();
  const site = await openSite(t, { ports: { http: first.ports.http, https: 0 } });
  await assert.rejects(
    site.open(),
    /port \d+ of 127\.0\.0\.1 cannot be used: Address already in use/,
  );
});

test('sockets that nobody listens on do not count, and go', async (t) => {
  const site = await openSite(t);
  writeFileSync(join(site.settings.directory, 'router-99.sock'), '');
  await site.open();
  const names = readdirSync(site.settings.directory).filter((name) => name.endsWith('.sock'));
  assert.deepEqual(names, ['router-100.sock']);
});

test('a request under way when its router is replaced can be as long as it likes', async (t) => {
  const site = await openSite(t);
  const router = await site.open();
  const { server, port } = await serveHttp(t, (request, response) => request.pipe(response));
  const routes = [makeRoute({ upstreams: [upstreamAt(port)] })];
  await router.put({ version: systemClock(), platformHosts: [], routes }, within());
  const asked = beginRequest({ port: router.ports.http, method: 'POST', headers: { host: HOST } });
  const answering = answerTo(asked);
  asked.write('before ');
  await once(server, 'request');
  await site.open({ version: '1.1.0' });
  asked.end('after');
  assert.equal(await readAll(await answering), 'before after');
});
