import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openPlatform, root, run, serverOf, until } from './platform.ts';
import type { Platform } from './platform.ts';
import { openSshClient, openTerminal, sshFolder } from './ssh-client.ts';

type Served = {
  id: string;
  name: string;
  folder: string;
  instances(): string[];
  instance(): string;
};

/** A Webapp that serves, on so many nodes. */
async function serve(platform: Platform, nodes = 1, more: string[] = []): Promise<Served> {
  const note = 'import os\nopen("path", "w").write(os.environ["PATH"])\n';
  const folder = await platform.repository({ 'server.py': note + serverOf('hello') });
  const env = ['CC_MLPYTHON_RUN_MAIN=server.py', 'GREETING=it’s "me" $HOME', 'SECRET=only there'];
  const args = ['--nodes', String(nodes), ...more];
  const id = await platform.create(folder, { type: 'ml_python_web', env, args });
  const { code, out } = await platform.grid(['deploy'], { folder });
  assert.equal(code, 0, out);
  const instances = (): string[] =>
    platform
      .query<{ id: string }>(
        `select id from instances where application_id = '${id}' and status = 'healthy' order by number`,
      )
      .map((row) => row.id);
  const instance = (): string => instances()[0] ?? '';
  return { id, name: `app-${folder.split('-').at(-1)}`, folder, instances, instance };
}

const digest = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

async function openScene(isolation: 'auto' | 'none') {
  const platform = await openPlatform({ GRID_ISOLATION: isolation });
  after(() => platform.end());
  const where = isolation === 'auto' ? 'in a sandbox' : 'without namespaces';
  return { platform, where, isolation, app: await serve(platform), ...openSshClient(platform) };
}

const scenes = [await openScene('auto'), await openScene('none')];

for (const { platform, where, isolation, app, ssh, open, start } of scenes) {
  const says = async (line: string, input?: string | Buffer): Promise<string> => {
    const { code, out, err } = await ssh([app.instance(), line], input);
    assert.equal(code, 0, err);
    return out.toString().trim();
  };

  test(`${where}: a command runs there, and ends as it ended there`, async () => {
    assert.equal(await says('echo $((6 * 7))'), '42');
    for (const code of [1, 3, 255])
      assert.equal((await ssh([app.instance(), `exit ${code}`])).code, code);
    const killed = await ssh([app.instance(), 'kill -TERM $$']);
    assert.equal(killed.code, 255);
    assert.equal((await ssh([app.instance(), 'no-such-program'])).code, 127);
    const byApplication = await ssh([app.id, 'echo the only one']);
    assert.equal(byApplication.code, 0, byApplication.err);
  });

  test(`${where}: what it says and what it complains of come apart`, async () => {
    const { out, err } = await ssh([
      app.instance(),
      'echo said; echo complained >&2; echo by name > /dev/stderr',
    ]);
    assert.equal(out.toString(), 'said\n');
    assert.equal(err, 'complained\nby name\n');
  });

  test(`${where}: a login shell reads what is piped to it, as the clever command line does`, async () => {
    const marker = `__CLEVER_${randomUUID()}__`;
    const command = `echo "it's $GREETING"; pwd; read -r more; echo "$more"; exit 3`.replaceAll(
      "'",
      `'\\''`,
    );
    const input = `echo '${marker}'\nexec $SHELL --login -c '${command}'\n`;
    const { code, out, err } = await ssh([app.instance()], `${input}the rest\n`);
    assert.equal(code, 3, err);
    const [noise, answer] = out.toString().split(`${marker}\n`);
    assert.equal(noise, '');
    assert.match(answer ?? '', /^it's it’s "me" \$HOME\n.*\nthe rest\n$/);
  });

  test(`${where}: ten megabytes go through unharmed, there and back`, async () => {
    const data = randomBytes(10 * 2 ** 20);
    const { code, out, err } = await ssh([app.instance(), 'cat'], data);
    assert.equal(code, 0, err);
    assert.equal(digest(out), digest(data));
    const both = await ssh([app.instance(), 'tee /dev/stderr | sha256sum; sleep 0.1'], data);
    assert.match(both.out.toString(), new RegExp(digest(data)));
  });

  test(`${where}: a client that reads slowly gets all of both streams`, async () => {
    const script = `import os
for step in range(160):
    for stream in (1, 2):
        data = bytes([48 + stream]) * 65536
        while data:
            data = data[os.write(stream, data):]
    with open(os.environ["HOME"] + "/step", "w") as file: file.write(str(step))`;
    const child = start([app.instance(), `python3 -c '${script}'`]);
    let before = '';
    // nobody reads until pipes and windows on the way are full
    await until('it waits', async () => {
      const step = await says('cat ~/step || true');
      const waits = step !== '' && step === before;
      before = step;
      return waits;
    });
    const counts = { stdout: 0, stderr: 0 };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (part: Buffer) => {
        const own = name === 'stdout' ? 49 : 50;
        assert.ok(part.every((byte) => byte === own));
        counts[name] += part.length;
      });
    await once(child, 'close');
    assert.deepEqual(counts, { stdout: 160 * 65_536, stderr: 160 * 65_536 });
  });

  test(`${where}: the application’s environment is there, its Python first`, async () => {
    const value = (name: string): Promise<string> => says(`printf %s "$${name}"`);
    assert.equal(await value('SHELL'), '/bin/bash');
    assert.equal(await value('CC_APP_NAME'), app.name);
    assert.equal(await value('INSTANCE_ID'), app.instance());
    assert.equal(await value('GREETING'), 'it’s "me" $HOME');
    assert.equal(await value('PATH'), await says('cat path'));
    assert.equal(await says('python -c "print(6 * 7)"'), '42');
    if (isolation === 'none') return;
    assert.equal(await says('pwd; echo $HOME; whoami'), `/home/bas/${app.id}\n/home/bas\nbas`);
  });

  test(`${where}: a terminal is a terminal there, and follows the window`, async () => {
    const shell = open([app.instance()], '91 33');
    const banner = await shell.shows(new RegExp(`${app.name}/0:\\S+[$#] $`));
    assert.match(banner, new RegExp(`Instance 0 - UP \\(${app.instance()}\\)`));
    shell.type('tty; stty size; echo $TERM\n');
    await shell.shows(/\n\/dev\/pts\/\d+\n33 91\nxterm\n/);
    shell.resize(120, 40);
    shell.type('while [ "$(stty size)" != "40 120" ]; do :; done; echo larg""er\n');
    await shell.shows(/larger/);
    shell.type('exit 7\n');
    assert.equal(await shell.end, 7);
  });

  test(`${where}: keys reach the program in front, and jobs can be put behind it`, async () => {
    const shell = open([app.instance()]);
    await shell.shows(/[$#] $/);
    shell.type('echo sleep""ing; sleep 1000\n');
    await shell.shows(/sleeping\n/);
    shell.type('\u0003');
    await shell.shows(/[$#] $/);
    shell.type('echo "code $?"\n');
    await shell.shows(/\ncode 130\n/);
    shell.type('python3 -c "print(input(6 * 7))"\n');
    await shell.shows(/\n42/);
    shell.type('\u001A');
    await shell.shows(/Stopped\s+python3/);
    shell.type('fg >/dev/null; echo "it ended: $?"\n');
    await shell.shows(/\$\?"\n/);
    shell.type('an answer\n');
    await shell.shows(/an answer\nan answer\nit ended: 0\n/);
    await shell.shows(/[$#] $/);
    shell.type('\u0004');
    assert.equal(await shell.end, 0);
  });

  test(`${where}: programs that fill the screen do`, async () => {
    const shell = open([app.instance()], '100 30');
    await shell.shows(/[$#] $/);
    shell.type('seq 1000 | less\n');
    await shell.shows(/\n29\n:/);
    shell.type('G');
    await shell.shows(/\n1000\n.*END/);
    shell.type('q');
    await shell.shows(/[$#] $/);
    shell.type('top -n1\n');
    await shell.shows(/PID USER.*COMMAND/);
    await shell.shows(/[$#] $/);
    shell.type('exit\n');
    assert.equal(await shell.end, 0);
  });

  test(`${where}: what somebody did there is on record`, async () => {
    const entered = (): { kind: string; data: string }[] =>
      platform.query(`select kind, data from events where kind = 'instance.entered'`);
    const before = entered().length;
    await says('echo hello');
    const [event] = entered().slice(before);
    const { userId, ...data } = JSON.parse(event?.data ?? '{}') as Record<string, unknown>;
    assert.match(String(userId), /^user_/);
    assert.deepEqual(data, { instanceId: app.instance(), number: 0, terminal: false });
  });

  test(`${where}: nothing is left of a session whose client is killed, or whose platform is`, async () => {
    const marker = `1000.${Math.floor(Math.random() * 1e9)}`;
    const left = async (): Promise<boolean> => (await run('pgrep', ['-f', marker])).code === 0;
    const line = `nohup sleep ${marker} >/dev/null & setsid sleep ${marker} & echo ready; cat`;
    const begin = async () => {
      const client = start([app.instance(), line]);
      await once(client.stdout, 'data');
      assert.ok(await left());
      return client;
    };
    const killed = await begin();
    killed.kill('SIGKILL');
    await until('nothing of the session is left', async () => !(await left()));
    const cut = await begin();
    platform.kill();
    await once(cut, 'close');
    await until('nothing of the session is left', async () => !(await left()));
    await platform.start();
    assert.equal(await says('echo again'), 'again');
  });

  test(`${where}: what is not there, not theirs or no id is refused alike`, async (t) => {
    const missing = randomUUID();
    const nowhere = await ssh([missing, 'id']);
    assert.deepEqual(
      [nowhere.code, nowhere.err, nowhere.out.toString()],
      [1, `There is no instance ${missing} for you.\r\n`, ''],
    );
    platform.change(`update members set role = 'ACCOUNTING'`);
    t.after(() => platform.change(`update members set role = 'ADMIN'`));
    assert.match((await ssh([app.id, 'id'])).err, /Your role there \(ACCOUNTING\)/);
    platform.change('create table kept_members as select * from members');
    platform.change('delete from members');
    const [foreign, application] = [await ssh([app.instance(), 'id']), await ssh([app.id, 'id'])];
    const nothing = await ssh([]);
    platform.change('insert into members select * from kept_members');
    platform.change('drop table kept_members');
    assert.equal(foreign.err, nowhere.err.replace(missing, app.instance()));
    assert.equal(application.err, `There is no application ${app.id} for you.\r\n`);
    assert.match(nothing.out.toString(), /Nothing that you may enter runs just now/);
  });

  test(`${where}: of several instances one is named, and no command lists them`, async () => {
    const several = await serve(platform, 2);
    const refused = await ssh([several.id, 'id']);
    assert.equal(refused.code, 1);
    const listed = await ssh([]);
    assert.equal(listed.code, 0);
    for (const [number, id] of several.instances().entries()) {
      const line = new RegExp(`\\w+ \\w+ - Instance ${number} - UP \\(${id}\\)`);
      assert.match(refused.err, line);
      assert.match(listed.out.toString(), line);
      assert.equal((await ssh([id, 'echo $INSTANCE_NUMBER'])).out.toString(), `${number}\n`);
    }
    assert.match(listed.out.toString(), /A shell: ssh -t ssh:\/\/git@localhost:\d+ ID/);
    assert.equal((await platform.grid(['stop'], { folder: several.folder })).code, 0);
  });

  test(`${where}: grid ssh enters by the application, and says how to get an SSH client`, async () => {
    const env = { PATH: `${sshFolder(platform)}:${process.env['PATH']}` };
    const grid = (...args: string[]) =>
      platform.grid(['ssh', ...args], { folder: app.folder, env });
    const line = "printf '%s|' \"$CC_APP_NAME\" 'a  b'; exit 3";
    assert.deepEqual(await grid('--', line), { code: 3, out: `${app.name}|a  b|` });
    assert.deepEqual(await grid('--', 'printf', '%s|', "it's", '$HOME', '', 'a  b'), {
      code: 0,
      out: "it's|$HOME||a  b|",
    });
    assert.deepEqual(await grid('--app', app.name, '--instance', '0', '--', 'echo', 'there'), {
      code: 0,
      out: 'there\n',
    });
    const terminal = openTerminal([join(root, 'bin', 'grid'), 'ssh'], '90 30', {
      cwd: app.folder,
      env: { ...process.env, ...env, XDG_CONFIG_HOME: platform.home },
    });
    terminal.type('stty size; exit 4\n');
    await terminal.shows(/\n30 90/);
    assert.equal(await terminal.end, 4);
    const none = await grid('--instance', '7', '--', 'id');
    assert.equal(none.code, 1);
    assert.match(none.out, /No instance 7 of app-\d+ runs just now/);
    const bare = join(platform.home, 'bare');
    mkdirSync(bare, { recursive: true });
    for (const name of ['sh', 'dirname', 'readlink'])
      symlinkSync(`/usr/bin/${name}`, join(bare, name));
    const missing = await platform.grid(['ssh', '--app', app.id], { env: { PATH: bare } });
    assert.equal(missing.code, 1);
    assert.match(
      missing.out,
      /There is no SSH client on this machine: apt-get install openssh-client/,
    );
  });

  test(`${where}: what eats the memory of the instance ends with it`, async () => {
    const small = await serve(platform, 1, ['--flavor', 'pico']);
    const id = small.instance();
    const eat = `python3 -c "import time; x = b'x' * (600 << 20); time.sleep(100)"`;
    assert.notEqual((await ssh([id, eat])).code, 0);
    const reason = (): string | undefined =>
      platform.query<{ reason: string }>(`select reason from instances where id = '${id}'`)[0]
        ?.reason;
    await until('it is on record', () => reason() === 'memory_limit');
    assert.equal((await platform.grid(['stop'], { folder: small.folder })).code, 0);
  });

  test(`${where}: with the instance go those who are in it, and what they wrote`, async () => {
    const shell = open([app.instance()]);
    await shell.shows(/[$#] $/);
    shell.type('echo "not for long" > note; cat note\n');
    await shell.shows(/\nnot for long\n/);
    const before = app.instance();
    const { code, out } = await platform.grid(['restart'], { folder: app.folder });
    assert.equal(code, 0, out);
    await shell.shows(/Instance 0 of app-\d+ has ended, and this session with it\./);
    assert.equal(await shell.end, 1);
    assert.match((await ssh([before])).err, /is over: stopped/);
    assert.equal(await says('cat note 2>&1 || true'), 'cat: note: No such file or directory');
  });
}
