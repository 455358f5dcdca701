import assert from 'node:assert/strict';
import {
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { grantableDevices } from '../../testing/device-files.ts';
import { makeSpec } from '../../testing/instance.ts';
import { silentLog } from '../../testing/log.ts';
import { need } from '../../testing/need.ts';
import { exitOf, ruleFor, serve, start, textOf, withLimit } from '../../testing/engine.ts';
import type { Subject } from '../../testing/engine.ts';
import { engineContract } from '../../testing/contracts/engine-contract.ts';
import type { InstanceSpec } from '../../workloads/engine.ts';
import { entranceContract } from '../../testing/contracts/entrance-contract.ts';
import { nodeNetworkContract } from '../../testing/contracts/node-network-contract.ts';
import { createProcessEngine } from './process-engine.ts';
import type { ProcessEngine } from './process-engine.ts';

async function open(
  t: TestContext,
  isolation: 'auto' | 'none',
): Promise<(Subject & { engine: ProcessEngine }) | undefined> {
  const directory = mkdtempSync(join(tmpdir(), 'grid-engine-'));
  const options = { directory, isolation, allowedNetworks: [], log: silentLog } as const;
  const engine: ProcessEngine = await createProcessEngine(options);
  t.after(async () => {
    const found = await engine.list(AbortSignal.timeout(30_000));
    for (const id of new Set(found.map(({ workloadId }) => workloadId)))
      await engine.remove(id, 0, AbortSignal.timeout(30_000));
    await engine.destroy();
    rmSync(directory, { recursive: true, force: true });
  });
  if (isolation === 'auto' && !need(t, engine.host.isolated, 'isolation (grid doctor)'))
    return undefined;
  return {
    engine,
    isolated: engine.host.isolated,
    givesAddressesOn: engine.host.isolated,
    // the kernel counts no processes of root's
    boundsProcesses: engine.host.isolated || engine.host.cgroups || !engine.host.root,
    spec: (script, changes = {}) => makeSpec(directory, script, changes),
    devices: async (t) => grantableDevices(t),
    serve,
    reopen: () => createProcessEngine(options),
    async loseStarter() {
      process.kill(engine.host.pid, 'SIGKILL');
      const gone = (): boolean => !existsSync(`/proc/${engine.host.pid}`);
      while (!gone()) await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

for (const [name, isolation] of [
  ['process engine', 'auto'],
  ['process engine without isolation', 'none'],
] as const) {
  engineContract(name, (t) => open(t, isolation));
  entranceContract(name, (t) => open(t, isolation));
  nodeNetworkContract(name, (t) => open(t, isolation));
}

const FILL = 'head -c 100m /dev/zero';

for (const isolation of ['auto', 'none'] as const) {
  const rule = ruleFor(`process engine (${isolation})`, (t) => open(t, isolation));

  rule('a removal that was cut off is finished by whoever starts next', async (subject, t) => {
    const one = subject.spec('echo over');
    await start(subject, one, t);
    await exitOf(subject, one, t);
    const engine = join(one.logDirectory, '..', '..');
    const home = globSync(`**/instances/${one.instanceId}`, { cwd: engine })[0];
    assert.ok(home);
    const removed = join(engine, home, '..', '..', 'removed');
    await subject.engine.remove(one.workloadId, 0, t.signal);
    assert.deepEqual(readdirSync(removed), []);
    mkdirSync(join(removed, 'half', 'of it'), { recursive: true });
    await subject.reopen();
    assert.equal(existsSync(removed), false);
  });

  for (const [what, script] of Object.entries({
    'its application': `${FILL} > big`,
    'its dependencies': `mkdir -p /opt/env; ${FILL} > /opt/env/big`,
    'its cache': `${FILL} > "\${XDG_CACHE_HOME:-/home/bas/.cache}/big"`,
    'what its nodes share': `${FILL} > /run/grid/big`,
    'a file that it has removed': `exec 5>big; rm big; ${FILL} >&5`,
  }))
    rule(`a build is held to its disk, whatever it fills: ${what}`, async (subject, t) => {
      const made = subject.spec(`${script}; exec sleep 600`);
      const one = withLimit(ofBuild(made), { diskMiB: 64 });
      await start(subject, one, t);
      assert.equal((await exitOf(subject, one, t)).reason, 'disk_full');
    });

  rule('who writes nonsense where steps are told of ends as it ends', async (subject, t) => {
    const says = [
      'code none',
      'code 70000',
      'step of nobody',
      'before-failed ever',
      'before-failed',
    ];
    const lines = says.map((line) => `echo "${line}" > /proc/$PPID/fd/3`);
    const script = `${lines.join('; ')}; exit 5`;
    const before = [{ name: 'hook', argv: ['/bin/true'] as const }];
    const one = subject.spec(script, { before });
    await start(subject, one, t);
    const { reason, exitCode, step } = await exitOf(subject, one, t);
    assert.deepEqual([reason, exitCode, step], ['exited', 5, 'script']);
  });

  rule('an instance can start so many processes and no more', async (subject, t) => {
    const one = subject.spec("sed -nE 's/^Max processes +([^ ]+).*/\\1/p' /proc/self/limits");
    await start(subject, one, t);
    await exitOf(subject, one, t);
    const most = Number(await textOf(one));
    assert.ok(most <= MOST_PROCESSES + countThreads() + MARGIN, `it may start ${most}`);
  });
}

/** What a build writes into becomes the artifact and its dependencies. */
function ofBuild(spec: InstanceSpec): InstanceSpec {
  const { application } = spec.files;
  return {
    ...spec,
    files: {
      ...spec.files,
      application: { ...application, access: 'writable' },
      environment: { source: `${application.source}.environment`, access: 'writable' },
      cache: { source: `${application.source}.cache` },
      shared: { source: `${application.source}.shared`, mountedAt: '/run/grid' },
    },
  };
}

const rule = ruleFor('process engine', (t) => open(t, 'auto'));

rule(
  'dependencies that a step may change are seen uncopied by whoever has them',
  async (subject, t) => {
    const made = subject.spec('echo old > /opt/env/old');
    const base = `${made.files.application.source}.base`;
    const first = withEnvironment(made, { source: base, access: 'writable' });
    await start(subject, first, t);
    assert.equal((await exitOf(subject, first, t)).exitCode, 0);
    const sees = async (own: Partial<InstanceSpec>, kept: Record<string, string> = {}) => {
      const spec = subject.spec(LOOK, own);
      const source = `${spec.files.application.source}.kept`;
      mkdirSync(source);
      for (const [name, text] of Object.entries(kept)) writeFileSync(join(source, name), text);
      const one = withEnvironment(spec, { source, access: 'writable', base });
      await start(subject, one, t);
      await exitOf(subject, one, t);
      return [await textOf(one), readdirSync(source)];
    };
    const { ownerId, applicationId } = first;
    const own = { ownerId, applicationId, number: 1 };
    const mode = (lstatSync(base).mode & 0o777).toString(8);
    assert.deepEqual(await sees(own), [`old\n${mode} /opt/env\n755 /opt/env.kept`, []]);
    assert.deepEqual(readdirSync(base), ['old']);
    assert.deepEqual(await sees(own, { here: '' }), ['here\n755 /opt/env', ['here', 'new']]);
    if (subject.engine.host.root)
      assert.deepEqual(await sees({ ownerId }), ['755 /opt/env', ['new']]);
  },
);

const LOOK = 'ls /opt/env; stat -c "%a %n" /opt/env*; echo > /opt/env/new';

const withEnvironment = (
  spec: InstanceSpec,
  environment: InstanceSpec['files']['environment'],
): InstanceSpec => ({ ...spec, files: { ...spec.files, environment } });

const MOST_PROCESSES = 2048;
/** For what others start and end meanwhile. */
const MARGIN = 500;

/** Of all that run on this machine. */
const countThreads = (): number =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .reduce((sum, pid) => {
      try {
        return sum + readdirSync(`/proc/${pid}/task`).length;
      } catch {
        return sum;
      }
    }, 0);
