import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { hostOf, openPlatform, serverOf, until } from './platform.ts';

const platform = await openPlatform();
after(() => platform.end());

/** Visits one after the other, for as long as something happens; what each was answered. */
async function visitDuring(host: string, happens: () => Promise<void>): Promise<number[]> {
  const statuses: number[] = [];
  const over = new AbortController();
  const visitor = async (): Promise<void> => {
    while (!over.signal.aborted) statuses.push((await platform.visit(host)).status);
  };
  const visitors = [visitor(), visitor(), visitor()];
  await happens();
  over.abort();
  await Promise.all(visitors);
  return statuses;
}

test('a Webapp that serves takes another size at once, and no request is lost', async () => {
  const folder = await platform.repository({ 'server.py': serverOf('hello') });
  const env = ['CC_MLPYTHON_RUN_MAIN=server.py'];
  const id = await platform.create(folder, {
    type: 'ml_python_web',
    env,
    args: ['--flavor', 'XS'],
  });
  await platform.git(['push', '--quiet', 'grid', 'HEAD:master'], folder);
  const host = hostOf(id);
  await until('it serves', async () => (await platform.visit(host)).status === 200);
  const path = `/v2/organisations/${platform.organizationId}/applications/${id}`;
  const running = (flavor: string): number =>
    platform.query(
      `select id from instances where application_id = '${id}' and flavor = '${flavor}' and status = 'healthy'`,
    ).length;
  type Row = { cause: string; commit: string; status: string };
  const deployments = (): Row[] =>
    platform
      .query<Row>(
        `select cause, commit_id as "commit", status from deployments where application_id = '${id}' order by number`,
      )
      .map((row) => ({ ...row }));

  const statuses = await visitDuring(host, async () => {
    await platform.ask('PUT', path, { minInstances: 2, maxInstances: 2 });
    await until('two instances serve', () => running('XS') === 2 && deployments().length === 2);
    await platform.ask('PUT', path, { minFlavor: 'nano', maxFlavor: 'nano' });
    await until('the old ones are gone', () => running('nano') === 2 && running('XS') === 0);
  });

  assert.deepEqual([...new Set(statuses)], [200]);
  const [first, ...scaled] = deployments();
  assert.deepEqual(scaled, [
    { cause: 'Scaling', commit: first?.commit, status: 'superseded' },
    { cause: 'Scaling', commit: first?.commit, status: 'live' },
  ]);
  await platform.ask('PUT', path, { minFlavor: 'nano', maxFlavor: 'nano', name: 'renamed' });
  assert.equal(deployments().length, 3);
});
