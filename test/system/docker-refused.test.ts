import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApplication, openScene, PYTHON_IMAGE, webapp } from './docker-scene.ts';
import type { Files } from './platform.ts';

type Trouble = {
  what: string;
  files?: Files;
  env?: string[];
  reason: string;
  says: RegExp;
};

const dockerfile = (...lines: string[]): Files => ({
  Dockerfile: [`FROM ${PYTHON_IMAGE}`, ...lines, ''].join('\n'),
});

const EATS = 'RUN python -c "x = [bytearray(b\'x\' * 2**20) for _ in range(4096)]"';

const troubles: Trouble[] = [
  {
    what: 'there is no Dockerfile',
    files: { 'README.md': '' },
    reason: 'missing_file',
    says: /Dockerfile.*no such file|no file Dockerfile/,
  },
  {
    what: 'CC_DOCKERFILE names none',
    files: dockerfile('CMD ["true"]'),
    env: ['CC_DOCKERFILE=docker/train.Dockerfile'],
    reason: 'missing_file',
    says: /CC_DOCKERFILE=docker\/train\.Dockerfile/,
  },
  {
    what: 'a line of it is nothing that Docker knows',
    files: dockerfile('WORKDIR /app', 'RUNN true', 'CMD ["true"]'),
    reason: 'invalid_file',
    says: /Dockerfile, line 3: unknown instruction: RUNN\. Correct the line and push again/,
  },
  {
    what: 'nothing says what is started',
    files: {
      Dockerfile: `FROM ${PYTHON_IMAGE} AS base\nFROM scratch\nCOPY --from=base /etc/passwd /\n`,
    },
    reason: 'invalid_file',
    says: /neither CMD nor ENTRYPOINT, so nothing would run\. Add one/,
  },
  {
    what: 'a step fails',
    files: dockerfile('RUN echo before; exit 7', 'CMD ["true"]'),
    reason: 'build_failed',
    says: /before[\s\S]*exit 7[\s\S]*(exit code|non-zero code):? 7/,
  },
  {
    what: 'a file is not there to be copied',
    files: dockerfile('COPY model.bin /', 'CMD ["true"]'),
    reason: 'invalid_file',
    says: /copies model\.bin, which is not there: commit it, or see whether \.dockerignore/,
  },
  {
    what: 'a step of the classic builder needs too much memory',
    files: dockerfile(EATS, 'CMD ["true"]'),
    env: ['CC_DOCKER_BUILDX=false'],
    reason: 'memory_limit',
    says: /A step of the build needed more than the 2048 MiB that it may use/,
  },
  {
    what: 'it wants the engine’s socket',
    files: dockerfile('CMD ["true"]'),
    env: ['CC_MOUNT_DOCKER_SOCKET=true'],
    reason: 'invalid_variable',
    says: /CC_MOUNT_DOCKER_SOCKET: whoever may use the Docker socket owns the machine/,
  },
  {
    what: 'its program is not in the image',
    files: dockerfile('CMD ["no-such-program"]'),
    reason: 'start_failed',
    says: /no-such-program/,
  },
];

for (const { what, files = {}, env = [], reason, says } of troubles)
  test(`${what}: the deployment fails with a sentence that says so`, async (t) => {
    const scene = await openScene(t);
    if (scene === undefined) return;
    const app = await openApplication(scene, files, { type: 'ml_docker', env });
    const { code, out } = await app.deploy();
    assert.equal(code, 1, out);
    assert.match(out, says);
    const [deployment] = app.deployments();
    assert.equal(deployment?.status, 'failed');
    assert.equal(deployment.reason, reason);
    assert.ok(out.includes(deployment.detail ?? ''), 'the log has the reason');
  });

const failures = {
  'the pre-build hook fails': {
    set: ['CC_PRE_BUILD_HOOK=exit 3'],
    says: /CC_PRE_BUILD_HOOK failed \(exit code 3\)/,
  },
  'the post-build hook fails': {
    set: ['CC_POST_BUILD_HOOK=exit 3'],
    says: /CC_POST_BUILD_HOOK failed \(exit code 3\)/,
  },
  'the pre-run hook fails': {
    set: ['CC_PRE_RUN_HOOK=exit 3'],
    says: /CC_PRE_RUN_HOOK failed \(exit code 3\)/,
  },
  'one of two health checks fails': {
    set: ['CC_HEALTH_CHECK_PATH_0=/', 'CC_HEALTH_CHECK_PATH_1=/broken', 'CG_START_TIMEOUT=5'],
    says: /\/broken.*500/,
  },
  'nothing listens on the port that it exposes': {
    set: ['CC_DOCKER_EXPOSED_HTTP_PORT=9999', 'PORT=8080', 'CG_START_TIMEOUT=5'],
    says: /9999/,
  },
};

for (const [what, { set, says }] of Object.entries(failures))
  test(`${what}: the former version goes on serving`, async (t) => {
    const scene = await openScene(t);
    if (scene === undefined) return;
    const app = await openApplication(scene, webapp('first'));
    const first = await app.deploy();
    assert.equal(first.code, 0, first.out);
    await app.set(...set);
    await app.change({ 'server.py': 'import sys\nsys.exit("never")\n', ...serverOf('second') });
    const { code, out } = await app.deploy();
    assert.equal(code, 1, out);
    assert.match(out, says);
    assert.equal((await app.visit()).body, 'first');
    assert.deepEqual(
      app.deployments().map(({ status }) => status),
      ['live', 'failed'],
    );
  });

/** The program of another version. */
function serverOf(text: string): Record<string, string> {
  const { 'server.py': program } = webapp(text);
  return typeof program === 'string' ? { 'server.py': program } : {};
}

test('a hook that fails when all is well, or ill, changes nothing', async (t) => {
  const scene = await openScene(t);
  if (scene === undefined) return;
  const env = ['CC_RUN_SUCCEEDED_HOOK=exit 3', 'CC_RUN_FAILED_HOOK=exit 3'];
  const app = await openApplication(scene, webapp('well'), { env });
  const { code, out } = await app.deploy();
  assert.equal(code, 0, out);
  assert.equal((await app.visit()).body, 'well');
});
