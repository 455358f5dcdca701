import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openPlatform } from './platform.ts';

const platform = await openPlatform();
after(() => platform.end());

test('an operator sets a limit, and whoever reaches it is told its name and what to do', async () => {
  const { code, out } = await platform.grid(['limits', 'set', 'applications', '1']);
  assert.equal(code, 0, out);
  const create = (name: string) => platform.grid(['app', 'create', name, '--type', 'ml_python']);
  const first = await create('first');
  assert.equal(first.code, 0, first.out);
  const second = await create('second');
  assert.equal(second.code, 3);
  assert.match(second.out, /The limit "applications" is 1 .*there are 1.*"grid limits" shows all/);
  const shown = await platform.grid(['limits', '--app', 'first']);
  assert.match(shown.out, /applications +owner +1 +1 /);
  assert.match(shown.out, /variables +application +\d+ +1000 /);
  const changes = await platform.grid(['limits', 'changes']);
  assert.match(changes.out, /applications +all +1/);
  assert.equal((await platform.grid(['limits', 'set', 'applications', 'default'])).code, 0);
  assert.equal((await create('second')).code, 0);
  assert.equal((await platform.grid(['limits', 'set', 'applications', 'many'])).code, 2);
});
