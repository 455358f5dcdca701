import assert from 'node:assert/strict';
import { findVariant } from '../../applications/application.ts';
import { openApp } from '../../testing/app.ts';
import type { TestApp } from '../../testing/app.ts';
import { onEachDatabase } from '../../testing/database.ts';
import { engineChoiceOf } from '../../testing/engine-choice.ts';

type Shown = {
  id: string;
  zone: string;
  separateBuild: boolean;
  buildFlavor: { name: string };
  env: { name: string; value: string }[];
  instance: {
    lifetime: string;
    minInstances: number;
    maxInstances: number;
    minFlavor: { name: string };
    maxFlavor: { name: string };
  };
};

/** As the official command line asks. */
const order = (slug: string, changes: object = {}) => ({
  deploy: 'git',
  name: 'web1',
  description: 'web1',
  zone: 'par',
  instanceType: 'ml_python',
  instanceVersion: '20190626',
  instanceVariant: findVariant(slug)?.id,
  minFlavor: 'XS',
  maxFlavor: 'XS',
  minInstances: 1,
  maxInstances: 1,
  instanceLifetime: 'REGULAR',
  env: {},
  ...changes,
});

const pathOf = ({ claimed }: TestApp, rest = '') =>
  `/v2/organisations/${claimed.organizationId}/applications${rest}`;

async function create(platform: TestApp, slug: string, changes: object = {}): Promise<Shown> {
  const answer = await platform.ask('POST', pathOf(platform), { body: order(slug, changes) });
  assert.equal(answer.status, 200, answer.text);
  return answer.json as Shown;
}

onEachDatabase(
  'a tile decides between Runner and Webapp, and a task is a Runner whatever the tile',
  async (db, t) => {
    const platform = await openApp(db, t);
    assert.equal((await create(platform, 'ml_python')).instance.lifetime, 'TASK');
    assert.equal((await create(platform, 'ml_python_web')).instance.lifetime, 'REGULAR');
    const task = { instanceLifetime: 'TASK', env: { CC_RUN_COMMAND: 'python main.py' } };
    const made = await create(platform, 'ml_python_web', task);
    assert.equal(made.instance.lifetime, 'TASK');
    assert.deepEqual(made.env, [{ name: 'CC_RUN_COMMAND', value: 'python main.py' }]);
  },
);

onEachDatabase(
  'the zone that the official command line names is ours; others are refused',
  async (db, t) => {
    const platform = await openApp(db, t);
    assert.equal((await create(platform, 'ml_python')).zone, 'grid');
    const body = order('ml_python', { zone: 'mars' });
    const refused = await platform.ask('POST', pathOf(platform), { body });
    assert.equal(refused.status, 400);
    assert.match(refused.text, /grid or par/);
  },
);

onEachDatabase(
  'a size that is echoed back with changes is kept, and builds get one of their own or none',
  async (db, t) => {
    const platform = await openApp(db, t);
    const { id, instance } = await create(platform, 'ml_python_web');
    const put = async (body: object): Promise<Shown> => {
      const answer = await platform.ask('PUT', pathOf(platform, `/${id}`), { body });
      assert.equal(answer.status, 200, answer.text);
      return answer.json as Shown;
    };
    const echoed = {
      ...instance,
      minFlavor: 'S',
      maxFlavor: 'M',
      minInstances: 1,
      maxInstances: 3,
    };
    const scaled = await put({ ...echoed, separateBuild: true, buildFlavor: 'XL' });
    assert.deepEqual([scaled.instance.minFlavor.name, scaled.instance.maxFlavor.name], ['S', 'M']);
    assert.deepEqual([scaled.instance.minInstances, scaled.instance.maxInstances], [1, 3]);
    assert.deepEqual([scaled.separateBuild, scaled.buildFlavor.name], [true, 'XL']);
    assert.equal((await put({ separateBuild: false })).separateBuild, false);
    assert.equal((await put({ instanceLifetime: 'TASK' })).instance.lifetime, 'TASK');
    assert.equal((await put({ description: 'd' })).instance.lifetime, 'TASK');
  },
);

onEachDatabase('each size with GPUs has a type of its own', async (db, t) => {
  const { ask } = await openApp(db, t);
  const types = (await ask('GET', '/v2/products/instances')).json as {
    enabled: boolean;
    defaultFlavor: { name: string };
    variant: { slug: string; id: string };
  }[];
  const found = types.find(({ variant }) => variant.slug === 'ml_python:ML_S');
  assert.equal(found?.defaultFlavor.name, 'ML_S');
  assert.equal(found?.variant.id, findVariant('ml_python')?.id);
  assert.equal(new Set(types.map(({ variant }) => variant.slug)).size, types.length);
});

onEachDatabase(
  'what an application exposes is seen by those that depend on it, and by nobody else',
  async (db, t) => {
    const platform = await openApp(db, t);
    const { ask } = platform;
    const { id: shown } = await create(platform, 'ml_python_web', { name: 'shown' });
    const { id: seer } = await create(platform, 'ml_python_web', { name: 'seer' });
    const at = (id: string, rest: string) => pathOf(platform, `/${id}${rest}`);
    const values = { PUB: '1', URL: 'http://x' };
    assert.equal((await ask('PUT', at(shown, '/exposed_env'), { body: values })).status, 200);
    assert.deepEqual((await ask('GET', at(shown, '/exposed_env'))).json, values);
    assert.deepEqual((await ask('GET', at(seer, '/dependencies/env'))).json, []);
    assert.equal((await ask('PUT', at(seer, `/dependencies/${shown}`))).status, 200);
    assert.equal((await ask('PUT', at(seer, `/dependencies/${shown}`))).status, 200);
    const [inherited] = (await ask('GET', at(seer, '/dependencies/env'))).json as object[];
    assert.deepEqual(inherited, {
      app_id: shown,
      app_name: 'shown',
      env: [
        { name: 'PUB', value: '1' },
        { name: 'URL', value: 'http://x' },
      ],
    });
    const dependencies = (await ask('GET', at(seer, '/dependencies'))).json as Shown[];
    assert.deepEqual(
      dependencies.map(({ id }) => id),
      [shown],
    );
    assert.deepEqual((await ask('GET', at(shown, '/env'))).json, [{ name: 'PORT', value: '8080' }]);
    assert.equal((await ask('PUT', at(seer, `/dependencies/${seer}`))).status, 400);
    assert.equal((await ask('PUT', at(seer, `/dependencies/app_${'0'.repeat(8)}`))).status, 404);
    assert.equal((await ask('DELETE', at(seer, `/dependencies/${shown}`))).status, 200);
    assert.deepEqual((await ask('GET', at(seer, '/dependencies'))).json, []);
  },
);

onEachDatabase(
  'a tile of Docker is offered where the platform has a Docker engine',
  async (db, t) => {
    const platform = await openApp(db, t);
    const offered = async (): Promise<boolean[]> =>
      (
        (await platform.ask('GET', '/v2/products/instances')).json as {
          enabled: boolean;
          type: string;
        }[]
      )
        .filter(({ type }) => type === 'ml_docker')
        .map(({ enabled }) => enabled);
    const body = order('ml_docker_web');
    const refused = await platform.ask('POST', pathOf(platform), { body });
    assert.equal(refused.status, 400);
    assert.match(refused.text, /This platform has no Docker engine.*grid doctor/);
    assert.ok(!(await offered()).includes(true));
    platform.context.engineChoice = engineChoiceOf('process', 'docker');
    const made = await create(platform, 'ml_docker_web');
    assert.equal(made.instance.lifetime, 'REGULAR');
    const variables = await platform.ask('GET', `${pathOf(platform)}/${made.id}/env`);
    assert.deepEqual(variables.json, [], 'its port is the one that it exposes');
    assert.ok(!(await offered()).includes(false));
  },
);
