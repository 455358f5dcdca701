import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import type { TestContext } from 'node:test';
import { systemClock } from '../../lib/clock.ts';
import { Unavailable } from '../../lib/unavailable.ts';
import {
  BUSYBOX,
  closeDocker,
  fileInContainer,
  openBusybox,
  openDocker,
} from '../../testing/docker.ts';
import type { Docker } from '../../testing/docker.ts';
import {
  exitOf,
  prints,
  ruleFor,
  run,
  runningOf,
  serve,
  start,
  textOf,
} from '../../testing/engine.ts';
import type { Subject } from '../../testing/engine.ts';
import { makeSpec } from '../../testing/instance.ts';
import { silentLog } from '../../testing/log.ts';
import { engineContract } from '../../testing/contracts/engine-contract.ts';
import { entranceContract } from '../../testing/contracts/entrance-contract.ts';
import { nodeNetworkContract } from '../../testing/contracts/node-network-contract.ts';
import { createDockerEngine } from './docker-engine.ts';
import type { DockerEngine } from './docker-engine.ts';
import { LABEL, containerName } from './names.ts';

after(closeDocker);

type Opened = Subject & { engine: DockerEngine; docker: Docker };

async function open(t: TestContext): Promise<Opened | undefined> {
  const docker = await openDocker(t);
  if (docker === undefined) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'grid-engine-'));
  const options = {
    directory,
    socketPath: docker.socketPath,
    allowedNetworks: [],
    builder: 'auto',
    buildCacheMiB: undefined,
    allowSocket: false,
    clock: systemClock,
    log: silentLog,
  } as const;
  let engine = await createDockerEngine(options);
  t.after(async () => {
    const found = await engine.list(AbortSignal.timeout(30_000));
    for (const id of new Set(found.map(({ workloadId }) => workloadId)))
      await engine.remove(id, 0, AbortSignal.timeout(30_000));
    const all = { isKept: () => false, before: Number.POSITIVE_INFINITY };
    await engine.sweep(all, AbortSignal.timeout(30_000));
    engine.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    engine,
    docker,
    isolated: true,
    givesAddressesOn: false,
    boundsProcesses: true,
    spec: (script, changes = {}) => makeSpec(directory, script, changes),
    devices: async () => [grantable('GPU-one'), grantable('GPU-two')],
    serve,
    async reopen() {
      engine.close();
      engine = await createDockerEngine(options);
      return engine;
    },
    loseStarter: () => docker.restart(),
  };
}

const grantable = (uuid: string) => ({
  device: { uuid, files: ['/dev/nvidia0'] },
  path: fileInContainer(uuid),
});

engineContract('docker engine', open);
entranceContract('docker engine', open);
nodeNetworkContract('docker engine', open);

const rule = ruleFor<Opened>('docker engine', open);

rule(
  'an image runs what is asked of it, and whoever it runs as shares a directory with hooks and others',
  async (subject, t) => {
    assert.ok(await openBusybox(t));
    const made = subject.spec('');
    const { source } = made.files.application;
    const shared = { source: `${source}.shared/files`, mountedAt: '/run/grid' };
    const files = { ...made.files, shared };
    const image = `clever-grid/${made.applicationId}:one`;
    const dockerfile = `FROM ${BUSYBOX}\nUSER 1234\nENTRYPOINT ["/bin/sh", "-c"]\nCMD ["exit 9"]\n`;
    writeFileSync(join(source, 'Dockerfile'), dockerfile);
    const makes = {
      image,
      dockerfile: 'Dockerfile',
      builder: 'classic',
      login: undefined,
    } as const;
    const limits = { withinSeconds: 60, afresh: false };
    const build = { ...made, command: { name: 'image', makes: { ...makes, ...limits } } };
    assert.equal((await run(subject, build, t)).exitCode, 0, await textOf(build));
    const say = (line: string) => ({ name: 'hook', argv: ['/bin/sh', '-c', line] as const });
    const [address] = (await subject.engine.nodeAddresses(made.ownerId, t.signal)).addresses;
    const node = subject.spec('', {
      ownerId: made.ownerId,
      address,
      files,
      command: {
        name: 'train',
        image,
        argv: ['id -u; cat /run/grid/0; echo trained > /run/grid/1'],
      },
      before: [say('echo before > /run/grid/0')],
      after: { succeeded: say('cat /run/grid/1; rm /run/grid/1; echo after > /run/grid/2') },
    });
    assert.equal((await run(subject, node, t)).exitCode, 0, await textOf(node));
    assert.equal(await textOf(node), '1234\nbefore\ntrained');
    const argv = ['/bin/sh', '-c', 'id -u; cat /run/grid/2; rm /run/grid/*'] as const;
    const ofRoot = subject.spec('', { files, command: { name: 'later', image: BUSYBOX, argv } });
    assert.equal((await run(subject, ofRoot, t)).exitCode, 0, await textOf(ofRoot));
    assert.equal(await textOf(ofRoot), '0\nafter');
    assert.equal(statSync(dirname(shared.source)).mode & 0o777, 0o700);
  },
);

rule('who is ended by somebody else was lost, not stopped', async (subject, t) => {
  const one = subject.spec('trap "exit 0" TERM; echo up; while :; do sleep 0.05; done');
  await start(subject, one, t);
  await prints(one, /up/, t);
  const path = `/containers/${containerName(one.instanceId)}/stop`;
  await subject.docker.client.ask({ method: 'POST', path }, t.signal);
  assert.equal((await exitOf(subject, one, t)).reason, 'supervisor_lost');
});

rule('an engine that is away is unavailable, and loses nothing', async (subject, t) => {
  const one = subject.spec('echo up; exec sleep 600');
  await start(subject, one, t);
  await prints(one, /up/, t);
  await subject.docker.kill();
  await assert.rejects(subject.engine.list(t.signal), Unavailable);
  await assert.rejects(start(subject, subject.spec('exit 0'), t), Unavailable);
  await subject.docker.start();
  assert.equal((await runningOf(subject, one, t)).status, 'running');
});

rule(
  'files are in layers: what is the same is made once, and goes when it is gone',
  async (subject, t) => {
    const made = subject.spec('cat /opt/env/fact; cat text');
    const { source, ...rest } = made.files.application;
    const environment = { source: `${source}.environment`, access: 'read-only' } as const;
    mkdirSync(environment.source);
    writeFileSync(join(environment.source, 'fact'), 'from its dependencies ');
    const versions = ['one', 'two'].map((text) => {
      const application = { ...rest, source: `${source}.${text}` };
      mkdirSync(application.source);
      writeFileSync(join(application.source, 'text'), text);
      const files = { ...made.files, application, environment };
      return subject.spec('cat /opt/env/fact; cat text', { files, ownerId: made.ownerId });
    });
    for (const [at, spec] of versions.entries()) {
      assert.equal((await run(subject, spec, t)).exitCode, 0);
      assert.equal(await textOf(spec), `from its dependencies ${at === 0 ? 'one' : 'two'}`);
      await subject.engine.remove(spec.workloadId, 0, t.signal);
    }
    const filters = JSON.stringify({ label: [LABEL.source] });
    const images = (): Promise<{ Labels: Record<string, string> }[]> =>
      subject.docker.client.ask({ path: '/images/json', query: { filters } }, t.signal);
    const sources = async (): Promise<string[]> =>
      (await images()).map(({ Labels }) => Labels[LABEL.source] ?? '').toSorted();
    const all = [`${source}.one`, `${source}.two`];
    assert.deepEqual(await sources(), all);
    const before = Number.POSITIVE_INFINITY;
    await subject.engine.sweep({ isKept: (one) => one !== `${source}.one`, before }, t.signal);
    assert.deepEqual(await sources(), [`${source}.two`]);
    await subject.engine.sweep({ isKept: () => false, before: 0 }, t.signal);
    assert.equal((await sources()).length, 1);
  },
);

for (const builder of ['buildkit', 'classic'] as const)
  rule(
    `steps of a build reach neither this machine nor others (${builder})`,
    async (subject, t) => {
      assert.ok(await openBusybox(t));
      const server = createServer().listen(0, '0.0.0.0');
      t.after(() => server.close());
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const mine = Object.values(networkInterfaces())
        .flatMap((one) => one ?? [])
        .filter(({ family, internal }) => family === 'IPv4' && !internal)
        .map(({ address }) => `${address} ${port}`);
      const tries = [...mine, '169.254.169.254 80', '10.0.0.1 80'].map(
        (target) =>
          `(nc -w 1 ${target} </dev/null && echo "REACHED ${target}" || echo "refused") & `,
      );
      const made = subject.spec('');
      const image = `clever-grid/${made.applicationId}:one`;
      const { source } = made.files.application;
      const dockerfile = `FROM ${BUSYBOX}\nRUN ${tries.join('')} wait\nCMD ["true"]\n`;
      writeFileSync(join(source, 'Dockerfile'), dockerfile);
      const makes = { image, dockerfile: 'Dockerfile', builder, login: undefined };
      const limits = { withinSeconds: 60, afresh: true };
      const command = { name: 'image', makes: { ...makes, ...limits } };
      const spec = { ...made, command };
      assert.equal((await run(subject, spec, t)).exitCode, 0, await textOf(spec));
      const text = await textOf(spec);
      assert.equal(text.match(/^refused$/gm)?.length, tries.length, text);
      assert.doesNotMatch(text, /^REACHED/m);
    },
  );

rule(
  'an image is made of the folder of the application, never of what a link leads to',
  async (subject, t) => {
    assert.ok(await openBusybox(t));
    const made = subject.spec('');
    const { source } = made.files.application;
    const canary = `${source}.canary`;
    mkdirSync(canary);
    writeFileSync(join(canary, 'Dockerfile'), `FROM ${BUSYBOX}\nCOPY . /loot\n`);
    symlinkSync(canary, join(source, 'sub'));
    mkdirSync(join(source, 'real'));
    symlinkSync(join(canary, 'Dockerfile'), join(source, 'real', 'Dockerfile'));
    for (const [folder, says] of [
      ['sub', /sub is no folder of the application, or leads out of it/],
      ['real', /There is no file Dockerfile/],
    ] as const) {
      const image = `clever-grid/${made.applicationId}:${folder}`;
      const makes = {
        image,
        dockerfile: 'Dockerfile',
        builder: 'classic',
        login: undefined,
      } as const;
      const limits = { withinSeconds: 60, afresh: false };
      const exit = await run(
        subject,
        subject.spec('', {
          files: made.files,
          workingDirectory: `${made.workingDirectory}/${folder}`,
          command: { name: 'the image', makes: { ...makes, ...limits } },
        }),
        t,
      );
      assert.equal(exit.reason, 'invalid_file');
      assert.match(exit.detail ?? '', says);
      const { client } = subject.docker;
      await assert.rejects(client.ask({ path: `/images/${image}/json` }, t.signal), {
        status: 404,
      });
    }
  },
);
