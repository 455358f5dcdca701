import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { need } from '../../packages/server/src/testing/need.ts';
import { openPlatform, several, until } from './platform.ts';
import type { Files } from './platform.ts';

const platform = await openPlatform(several);
after(() => platform.end());

const env = ['CC_MLPYTHON_RUN_MAIN=main.py'];

async function open(files: Files, args: string[] = []) {
  const folder = await platform.repository(files);
  const id = await platform.create(folder, { type: 'ml_python', env, args });
  return {
    id,
    folder,
    deploy: () => platform.grid(['deploy'], { folder }),
    async change(changed: Record<string, string>): Promise<void> {
      for (const [name, text] of Object.entries(changed)) writeFileSync(join(folder, name), text);
      await platform.git(['add', '--all'], folder);
      await platform.git(['commit', '--quiet', '--message', 'next'], folder);
    },
    /** The deployments that installed something: a build without hooks has no other step. */
    installed: () =>
      platform
        .query<{ number: number }>(
          `select d.number from instances i join workloads w on w.id = i.workload_id join deployments d on d.id = w.subject_id where w.subject_kind = 'build' and i.started_at is not null and d.application_id = '${id}' order by 1`,
        )
        .map(({ number }) => number),
  };
}

/** A package of the repository that says for whom it was made. */
const setup = (first: string): string => `
import os, sys, time
${first}
from setuptools import setup
os.makedirs('made', exist_ok=True)
with open('made/whose.py', 'w') as file: file.write('OWNER = %r' % os.environ['CC_OWNER_ID'])
setup(name='whose', version='1', py_modules=['whose'], package_dir={'': 'made'})
`;
const SAYS_WHOSE =
  'import os, whose\nprint("made for", whose.OWNER == os.environ["CC_OWNER_ID"])\n';

suite('what requirements install', { concurrency: 2 }, () => {
  test('is not installed again where they are unchanged, and is where they change', async () => {
    const uses = (what: string) => `import six\nprint("${what}", six.PY3)\n`;
    const application = await open({ 'main.py': uses('one'), 'requirements.txt': 'six\n' });
    const first = await application.deploy();
    assert.match(first.out, /one True/);
    await application.change({ 'main.py': uses('two') });
    const second = await application.deploy();
    assert.match(second.out, /two True/);
    assert.deepEqual(application.installed(), [1]);
    await application.change({ 'requirements.txt': 'six\nidna\n' });
    assert.equal((await application.deploy()).code, 0);
    assert.deepEqual(application.installed(), [1, 3]);
  });

  test('leaves nothing broken behind where it failed, or was cancelled', async () => {
    const application = await open({
      'main.py': SAYS_WHOSE,
      'requirements.txt': 'six\n.\n',
      'setup.py': setup('sys.exit("not today")'),
    });
    const failed = await application.deploy();
    assert.equal(failed.code, 1);
    assert.match(failed.out, /not today[\s\S]*dependencies could not be installed/);

    await application.change({ 'setup.py': setup('time.sleep(600)') });
    const path = `/v2/organisations/${platform.organizationId}/applications/${application.id}`;
    const cancelled = application.deploy();
    await until('it is being installed', () => application.installed().includes(2));
    await platform.ask('DELETE', `${path}/deployments/2/instances`);
    assert.equal((await cancelled).code, 1);

    await application.change({ 'setup.py': setup('') });
    const mended = await application.deploy();
    assert.equal(mended.code, 0, mended.out);
    assert.match(mended.out, /made for True/);
  });
});

const isolated = existsSync('/usr/bin/bwrap') && existsSync('/usr/sbin/nft');

test('two organizations with the same names, files and variables share none of them', async (t) => {
  if (!need(t, isolated, 'bubblewrap and nftables')) return;
  const { id: other } = await platform.ask<{ id: string }>('POST', '/grid/v1/organizations', {
    name: 'Lab',
  });
  const files = { 'main.py': SAYS_WHOSE, 'requirements.txt': '.\n', 'setup.py': setup('') };
  const tenants = [platform.organizationId, other];
  const before = platform.query('select distinct environment_key from artifacts').length;
  for (const owner of tenants) {
    const args = ['--org', owner];
    const application = await open(files, args);
    const { code, out } = await application.deploy();
    assert.equal(code, 0, out);
    assert.match(out, /made for True/);
    assert.deepEqual(application.installed(), [1], 'it is installed for each');
    const common = await open({ 'main.py': 'import idna\n', 'requirements.txt': 'idna\n' }, args);
    assert.equal((await common.deploy()).code, 0);
    assert.deepEqual(common.installed(), [1], 'so is what all could share');
    const path = `/v2/organisations/${owner}/applications/${application.id}`;
    await platform.ask('PUT', path, { name: 'same' });
    await platform.ask('PUT', `${path}/env/SAME`, { value: owner });
  }
  const environments = platform.query('select distinct environment_key from artifacts');
  assert.equal(environments.length, before + 4);

  const named = await Promise.all(
    tenants.map(async (owner) => {
      const all = await platform.ask<{ id: string; name: string; env: { value: string }[] }[]>(
        'GET',
        `/v2/organisations/${owner}/applications`,
      );
      const { applications } = await platform.ask<{ applications: { applicationId: string }[] }>(
        'GET',
        `/grid/v1/owners/${owner}/usage`,
      );
      const same = all.find(({ name }) => name === 'same');
      assert.ok(same !== undefined && same.env.some(({ value }) => value === owner));
      assert.ok(applications.some(({ applicationId }) => applicationId === same.id));
      return { id: same.id, billed: applications.map(({ applicationId }) => applicationId) };
    }),
  );
  const [mine, theirs] = named;
  assert.ok(mine !== undefined && theirs !== undefined && !mine.billed.includes(theirs.id));
  const domain = (owner: string, id: string): Promise<unknown> =>
    platform.ask('PUT', `/v2/organisations/${owner}/applications/${id}/vhosts/same.example.com`);
  await domain(platform.organizationId, mine.id);
  await assert.rejects(domain(other, theirs.id), /409 .*is not available/);
});
