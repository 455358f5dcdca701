import assert from 'node:assert/strict';
import { test } from 'node:test';
import { servedPort } from './served-port.ts';

test('a Webapp serves 8080, unless its artifact lets a variable say otherwise', () => {
  const environment = { EXPOSED: '8888' };
  assert.equal(servedPort({}, environment), 8080);
  assert.equal(servedPort({ portVariable: 'EXPOSED' }, environment), 8888);
  assert.equal(servedPort({ portVariable: 'EXPOSED' }, {}), 8080);
  assert.equal(servedPort({ portVariable: 'EXPOSED' }, { EXPOSED: 'x' }), 8080);
});
