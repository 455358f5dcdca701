import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { linkedApps, openClever, succeeds, workFolder } from './clever.ts';
import { hostOf, openPlatform, until } from './platform.ts';

/** The official command line: logs, access logs and activity, live and from the past. */
const platform = await openPlatform();
after(() => platform.end());
const clever = await openClever(platform);

/** A Runner made by the command line, whose command is what it prints. */
async function runner(name: string, command: string) {
  const { cwd } = await workFolder(platform, name, { 'main.py': '' });
  const here = { cwd };
  const task = ['--type', 'ml_python', '--org', 'Lab', '--task', command, name];
  succeeds(await clever.run(['create', ...task], here));
  return {
    here,
    /** Submits, and does not wait for the end. */
    submit: async (): Promise<void> => {
      const out = succeeds(await clever.run(['deploy', '--exit-on', 'deploy-start'], here));
      assert.match(out, /✓ Deployment started/);
    },
  };
}

const seconds = (n: number): string => `for i in $(seq ${n}); do echo tick-$i; sleep 1; done`;

test('D1 D7 lines come as they are written, and without an end there is no JSON', async (t) => {
  const chatty = await runner('chatty', seconds(600));
  await chatty.submit();
  const logs = clever.start(['logs'], chatty.here);
  t.after(() => logs.child.kill());
  await logs.prints(/Waiting for application logs…/);
  await logs.prints(/^\d{4}-\d\d-\d\dT\S+: tick-\d+[\s\S]*tick-\d+[\s\S]*tick-\d+/m);
  assert.equal(logs.child.exitCode, null);
  const endless = await clever.run(['logs', '-F', 'json'], chatty.here);
  assert.equal(endless.code, 1);
  assert.match(endless.err, /--until/);
  succeeds(await clever.run(['stop'], chatty.here));
});

test('D2 a silent application keeps its one stream', async (t) => {
  const silent = await runner('silent', 'sleep 20; echo woke up; sleep 600');
  await silent.submit();
  const logs = clever.start(['logs', '-v'], silent.here);
  t.after(() => logs.child.kill());
  await logs.prints(/woke up/);
  const all = logs.said.out + logs.said.err;
  assert.equal(all.match(/Logs stream \(open\)/g)?.length, 1, all);
  assert.doesNotMatch(all, /Failed to receive heartbeat|Connection timeout/);
  succeeds(await clever.run(['stop'], silent.here));
});

test('D3 D4 D5 D6 the past: bounded, as JSON, of one deployment, by text', async () => {
  const past = await runner('past', 'echo run-$CC_DEPLOYMENT_ID; echo needle; echo hay');
  succeeds(await clever.run(['deploy'], past.here));
  succeeds(await clever.run(['restart'], past.here));
  const history = succeeds(await clever.run(['logs', '--since', '1h', '--until', '1s'], past.here));
  const runs = [...history.matchAll(/: run-(deployment_[\da-f-]{36})$/gm)].map(
    ([, id]) => id ?? '',
  );
  assert.equal(new Set(runs).size, 2, history);
  const asJson = ['logs', '--since', '1h', '--before', '1s', '-F', 'json'];
  const lines = JSON.parse(succeeds(await clever.run(asJson, past.here))) as {
    date: string;
    message: string;
  }[];
  assert.ok(lines.length > 4 && lines.every(({ date, message }) => date && message !== undefined));
  const [first = '', second = ''] = runs;
  const ofOne = ['logs', '--deployment-id', first, '--before', '1s'];
  const one = succeeds(await clever.run(ofOne, past.here));
  assert.ok(one.includes(first) && !one.includes(`run-${second}`), one);
  const found = await clever.run(['logs', '--search', 'needle', '--before', '1s'], past.here);
  assert.match(succeeds(found), /needle/);
  assert.doesNotMatch(found.out, /hay/);
});

test('D8 a follower goes on over a crash of the platform: no line lost, none twice', async (t) => {
  const counting = await runner(
    'counting',
    'for i in $(seq 1500); do echo no-$i; sleep 0.01; done',
  );
  await counting.submit();
  const logs = clever.start(['logs', '-v'], counting.here);
  t.after(() => logs.child.kill());
  await logs.prints(/no-300\b/);
  platform.kill();
  await until('it is gone', () => !platform.running());
  await platform.start();
  await logs.prints(/no-1500\b/);
  const numbers = [...logs.said.out.matchAll(/: no-(\d+)$/gm)].map(([, number]) => Number(number));
  assert.deepEqual(
    numbers,
    Array.from({ length: 1500 }, (_, index) => index + 1),
  );
});

test('D9 the access log of a Webapp', async () => {
  const { cwd } = await workFolder(platform, 'web', { 'index.html': 'hello' });
  const here = { cwd };
  succeeds(await clever.run(['create', '--type', 'ml_python_web', '--org', 'Lab', 'web'], here));
  const serve = ['env', 'set', 'CC_RUN_COMMAND', 'python3 -m http.server 8080 --bind 0.0.0.0'];
  succeeds(await clever.run(serve, here));
  succeeds(await clever.run(['deploy'], here));
  const host = hostOf(linkedApps(cwd)[0]?.app_id ?? '');
  assert.equal((await platform.visit(host, '/seen?by=all')).status, 404);
  const seen = /^127\.0\.0\.1 - - \[[^\]]+\] "GET \/seen\?by=all" 404 \d+/m;
  let log = '';
  await until('the request is in the log', async () => {
    log = succeeds(await clever.run(['accesslogs', '--before', '1s', '-F', 'clf'], here));
    return seen.test(log);
  });
});

test('H1 activity is followed as it happens', async (t) => {
  const job = await runner('job', 'sleep 600');
  const activity = clever.start(['activity', '--follow', '-v'], job.here);
  t.after(() => activity.child.kill());
  await activity.prints(/WS for events \(open\)/);
  await job.submit();
  await activity.prints(/IN PROGRESS/);
  succeeds(await clever.run(['stop'], job.here));
  await activity.prints(/CANCELLED|OK/);
  assert.doesNotMatch(activity.said.out + activity.said.err, /WS for events \(close\)/);
});
