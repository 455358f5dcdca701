import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chownSync, existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openPlatform, run, until } from './platform.ts';
import type { Ran } from './platform.ts';

const platform = await openPlatform();
after(() => platform.end());

const { token, secret, home, data } = platform;
const control = (): { pid: number; sshPort: number } =>
  JSON.parse(readFileSync(join(data, 'control.json'), 'utf8')) as { pid: number; sshPort: number };
const { sshPort } = control();

const overHttp = (path: string, pair = `${token}:${secret}`): string =>
  `http://${pair}@127.0.0.1:${platform.port()}/git/${path}`;
const overSsh = (path: string): string => `ssh://git@localhost:${sshPort}/${path}`;

async function application() {
  const folder = await platform.repository({ 'main.py': 'print(1)\n' });
  const env = ['CC_MLPYTHON_RUN_MAIN=main.py'];
  const id = await platform.create(folder, { type: 'ml_python', env });
  const change = async (message: string): Promise<string> => {
    writeFileSync(join(folder, 'main.py'), `print(${JSON.stringify(message)})\n`);
    await platform.git(['commit', '--all', '--quiet', '--message', message], folder);
    return (await platform.git(['rev-parse', 'HEAD'], folder)).out.trim();
  };
  const deployments = (): string[] =>
    platform
      .query<{ commit_id: string }>(
        `select commit_id from deployments where application_id = '${id}' order by number`,
      )
      .map((row) => row.commit_id);
  const push = (...args: string[]): Promise<Ran> => platform.git(['push', ...args], folder);
  const settings = join(data, 'repositories', `${id}.git`);
  return { id, folder, change, deployments, push, repository: settings };
}

/** As root, git's own user has the repository, and what is written anew in it. */
async function configure(repository: string, name: string, value: string): Promise<void> {
  const file = join(repository, 'config');
  await run('git', ['config', '--file', file, name, value]);
  const { uid, gid } = statSync(repository);
  chownSync(file, uid, gid);
}

const sshAs = (identity: string, ...args: string[]): Promise<Ran> => {
  const options = [
    'IdentitiesOnly=yes',
    'BatchMode=yes',
    'LogLevel=ERROR',
    'StrictHostKeyChecking=accept-new',
    `UserKnownHostsFile=${home}/known`,
  ].flatMap((option) => ['-o', option]);
  return run('ssh', ['-i', identity, ...options, '-p', String(sshPort), ...args]);
};
const ssh = (...args: string[]): Promise<Ran> => sshAs(join(home, 'key'), ...args);

test('both ways, with and without .git, the pusher is told of the deployment that is there already', async () => {
  const { id, change, deployments, push } = await application();
  const ways = [overSsh(id), overSsh(`${id}.git`), overHttp(id), overHttp(`${id}.git`)];
  for (const [number, way] of ways.entries()) {
    const commit = await change(`version ${number}`);
    const { code, out } = await push(way, 'HEAD:master');
    assert.equal(code, 0, out);
    assert.match(out, /remote: Deployment deployment_[\da-f-]{36} of app-\d+/);
    assert.match(out, new RegExp(`remote: Follow it: grid logs -f --app ${id}`));
    assert.equal(deployments().at(-1), commit);
  }
  assert.equal(deployments().length, 4);
});

test('master and main deploy, whatever the branch is called at home', async () => {
  const { change, deployments, push } = await application();
  const first = await change('to main');
  assert.equal((await push('grid', 'HEAD:main')).code, 0);
  const second = await change('to master');
  assert.equal((await push('grid', 'HEAD:refs/heads/master')).code, 0);
  assert.deepEqual(deployments(), [first, second]);
});

test('branches that deploy cannot be deleted, and a push is taken as a whole or not at all', async () => {
  const { deployments, push } = await application();
  assert.equal((await push('grid', 'HEAD:master')).code, 0);
  const deleted = await push('grid', ':master');
  assert.notEqual(deleted.code, 0);
  assert.match(
    deleted.out,
    /remote: .*refs\/heads\/master is what is deployed: it cannot be deleted/,
  );
  const both = await push('grid', 'HEAD:main', 'HEAD:feature');
  assert.notEqual(both.code, 0);
  assert.match(
    both.out,
    /remote: You pushed refs\/heads\/feature, and only master and main are deployed/,
  );
  assert.match(both.out, /remote: Push your branch as one of them: .* feature:master/);
  assert.equal(deployments().length, 1);
});

test('what was pushed can be fetched, by old and new clients', async () => {
  const { id, folder, push, change } = await application();
  const commit = await change('to be fetched');
  assert.equal((await push('grid', 'HEAD:master')).code, 0);
  for (const address of [overSsh(id), overHttp(id)])
    for (const version of ['0', '1', '2']) {
      const args = ['-c', `protocol.version=${version}`, 'ls-remote', address, 'refs/heads/master'];
      const { code, out } = await platform.git(args, folder);
      assert.equal(code, 0, out);
      assert.equal(out.split('\t')[0], commit);
      const into = join(home, `clone-${id}-${version}-${address.slice(0, 4).replace(':', '')}`);
      const cloned = await platform.git(
        ['-c', `protocol.version=${version}`, 'clone', '--quiet', address, into],
        home,
      );
      assert.equal(cloned.code, 0, cloned.out);
      assert.match(readFileSync(join(into, 'main.py'), 'utf8'), /to be fetched/);
    }
});

test('an old client pushes too, and is told the same', async () => {
  const { id, folder, deployments } = await application();
  const args = ['-c', 'protocol.version=0', 'push', overHttp(id), 'HEAD:master'];
  assert.match((await platform.git(args, folder)).out, /remote: Deployment deployment_/);
  assert.equal(deployments().length, 1);
});

test('what is not there, is not yours or is no id is refused alike, over both', async (t) => {
  const { id, push } = await application();
  const table = 'members';
  const refusal = async (address: string): Promise<string> => {
    const { code, out } = await push(address, 'HEAD:master');
    assert.notEqual(code, 0);
    return out.replaceAll(/app_[\da-f-]+|%[\w%]+|'[^']*'|"[^"]*"/g, '…');
  };
  const missing = 'app_11111111-1111-4111-8111-111111111111';
  const unknown = [await refusal(overSsh(missing)), await refusal(overHttp(missing))];
  platform.change(`update ${table} set role = 'ACCOUNTING'`);
  t.after(() => platform.change(`update ${table} set role = 'ADMIN'`));
  assert.match((await push(overSsh(id), 'HEAD:master')).out, /may not|role/i);
  assert.match((await push(overHttp(id), 'HEAD:master')).out, /remote: .*(may not|role)/i);
  platform.change(`create table kept_members as select * from ${table}`);
  platform.change(`delete from ${table}`);
  const foreign = [await refusal(overSsh(id)), await refusal(overHttp(id))];
  platform.change(`insert into ${table} select * from kept_members`);
  platform.change('drop table kept_members');
  assert.deepEqual(foreign, unknown);
  for (const path of ['nonsense', '../../etc/passwd', `${id}/../../keys`, 'app_1', `${id};id`]) {
    assert.match(
      await refusal(overSsh(encodeURI(path))),
      /There is no repository|This server speaks git/,
    );
    assert.match(await refusal(overHttp(encodeURI(path))), /not found|403|400/);
  }
});

test('a key or a token that nobody has opens nothing', async () => {
  const { id, folder } = await application();
  const stranger = join(home, 'stranger');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', stranger]);
  const { code, out } = await sshAs(stranger, 'git@localhost', `git-upload-pack '${id}'`);
  assert.equal(code, 255);
  assert.match(out, /Permission denied \(publickey\)/);
  const wrong = await platform.git(['ls-remote', overHttp(id, `${token}:wrong`)], folder);
  assert.match(wrong.out, /Authentication failed/);
});

test('commands, shells, file transfer and forwarding are refused, and nothing of them is executed', async () => {
  const { id, repository } = await application();
  const proof = join(home, 'proof');
  const commands = [
    `git-receive-pack '${id}'; touch ${proof}`,
    `git-receive-pack '${id}'\ntouch ${proof}`,
    `git-receive-pack $(touch ${proof})`,
    `git-upload-pack '--upload-pack=touch ${proof}'`,
    `git-upload-archive '${id}'`,
    'rm -rf /',
    'scp -t /tmp',
  ];
  for (const command of commands) {
    const { code, out } = await ssh('git@localhost', command);
    assert.equal(code, 1, command);
    assert.match(out, /This server speaks git \(|There is no repository/, command);
  }
  assert.match((await ssh('-tt', 'git@localhost')).out, /Nothing that you may enter runs/);
  assert.match((await ssh('-s', 'git@localhost', 'sftp')).out, /Files go by a command/);
  assert.notEqual((await ssh('-W', 'localhost:22', 'git@localhost')).code, 0);
  const options = ['-o', 'ExitOnForwardFailure=yes', '-N', '-R', '0:localhost:22'];
  assert.notEqual((await ssh(...options, 'git@localhost')).code, 0);
  assert.equal(existsSync(proof), false);
  assert.equal(existsSync(repository), true);
});

test('a shallow clone is refused where its history is missing, and a pack that is too large', async () => {
  const { id, folder, change, push, repository } = await application();
  await change('two');
  const shallow = join(home, 'shallow');
  await platform.git(['clone', '--quiet', '--depth', '1', `file://${folder}`, shallow], home);
  const refused = await platform.git(['push', overHttp(id), 'HEAD:master'], shallow);
  assert.notEqual(refused.code, 0);
  assert.match(refused.out, /shallow update not allowed/);
  await configure(repository, 'receive.maxInputSize', '100k');
  const large = Buffer.alloc(300_000, 0).map((_, at) => (at * 7919 * (at % 251)) % 256);
  writeFileSync(join(folder, 'weights'), large);
  await platform.git(['add', '--all'], folder);
  await platform.git(['commit', '--quiet', '--message', 'weights'], folder);
  for (const way of [overSsh(id), overHttp(id)]) {
    const { code, out } = await push(way, 'HEAD:master');
    assert.notEqual(code, 0);
    assert.match(out, /remote: fatal: pack exceeds maximum allowed size/);
  }
});

test('objects that are no proper ones are refused', async () => {
  const { folder, push, deployments } = await application();
  const blob = (await platform.git(['hash-object', '-w', 'main.py'], folder)).out.trim();
  const entries = Buffer.concat([Buffer.from('100644 .git\0'), Buffer.from(blob, 'hex')]);
  writeFileSync(join(home, 'tree'), entries);
  const made = await platform.git(
    ['hash-object', '-t', 'tree', '-w', '--literally', join(home, 'tree')],
    folder,
  );
  const commit = await platform.git(['commit-tree', '-m', 'bad', made.out.trim()], folder);
  const { code, out } = await push('grid', `${commit.out.trim()}:refs/heads/master`);
  assert.notEqual(code, 0);
  assert.match(out, /hasDotgit/);
  assert.deepEqual(deployments(), []);
});

test('of two pushes at once one wins or both follow each other, and every ref that moved has its deployment', async () => {
  const { id, folder, change, deployments, push } = await application();
  await push('grid', 'HEAD:master');
  const other = join(home, 'other');
  await platform.git(['clone', '--quiet', folder, other], home);
  await change('mine');
  await platform.git(['commit', '--allow-empty', '--quiet', '--message', 'theirs'], other);
  const results = await Promise.all([
    push(overSsh(id), 'HEAD:master'),
    platform.git(['push', overHttp(id), 'HEAD:master'], other),
  ]);
  const won = results.filter(({ code }) => code === 0);
  assert.equal(won.length, 1, results.map(({ out }) => out).join('\n'));
  const { out } = await platform.git(['ls-remote', overSsh(id), 'refs/heads/master'], folder);
  assert.equal(deployments().at(-1), out.split('\t')[0]);
  assert.equal(deployments().length, 2);
});

test('many small pushes do not leave many small files', async () => {
  const { folder, push, repository } = await application();
  const loose = (): number => globSync('objects/??/*', { cwd: repository }).length;
  let pushed = 0;
  await until('the repository is packed', async () => {
    if (loose() < pushed) return true;
    for (let at = 0; at < 90; at += 1) writeFileSync(join(folder, `file-${at}`), `${pushed} ${at}`);
    await platform.git(['add', '--all'], folder);
    await platform.git(['commit', '--quiet', '--message', 'more'], folder);
    const { code, out } = await push('grid', 'HEAD:main');
    assert.equal(code, 0, out);
    pushed += 90;
    return false;
  });
  assert.ok(pushed < 3_000, `it took ${pushed} files`);
});

test('the host keeps its key over a restart', async () => {
  const scan = async (): Promise<string> =>
    (await run('ssh-keyscan', ['-p', String(sshPort), '-t', 'ed25519', 'localhost'])).out
      .split('\n')
      .filter((line) => line.includes('ssh-ed25519'))
      .join();
  const before = await scan();
  assert.match(before, /ssh-ed25519 /);
  platform.kill();
  await until('it is gone', () => !platform.running());
  await platform.start();
  assert.equal(await scan(), before);
});

test('a large pack streams through: the control plane does not hold it', async (t) => {
  const { id, folder, push, deployments } = await application();
  const { pid } = control();
  const peak = (): number =>
    Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  await run('dd', ['if=/dev/urandom', 'of=weights', 'bs=1M', 'count=200'], { cwd: folder });
  await platform.git(['config', 'core.compression', '0'], folder);
  await platform.git(['add', '--all'], folder);
  await platform.git(['commit', '--quiet', '--message', 'weights'], folder);
  for (const [name, way] of Object.entries({ ssh: overSsh(id), http: overHttp(id) })) {
    await platform.git(['commit', '--amend', '--quiet', '--message', name], folder);
    await platform.git(['tag', name], folder);
    const before = peak();
    const { code, out } = await push(way, name);
    assert.equal(code, 0, out);
    const grown = Math.round(peak() - before);
    t.diagnostic(`${name}: the control plane grew by ${grown} MiB`);
    assert.ok(grown < 150, `it grew by ${grown} MiB`);
  }
  assert.deepEqual(deployments(), []);
});

test('a client that says nothing of itself is left when its time to sign in is over', async (t) => {
  const socket = connect(sshPort, 'localhost');
  t.after(() => socket.destroy());
  await once(socket, 'data');
  socket.resume();
  await once(socket, 'close', { signal: AbortSignal.timeout(60_000) });
});
