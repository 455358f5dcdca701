import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namesOf, settingNames, variableNames } from './settings.ts';

test('an option and a variable follow from each key, and are its own', () => {
  assert.deepEqual(namesOf('dataDirectory'), {
    variable: 'GRID_DATA_DIRECTORY',
    option: '--data-directory',
  });
  assert.deepEqual(namesOf('dockerBuildCacheMiB'), {
    variable: 'GRID_DOCKER_BUILD_CACHE_MIB',
    option: '--docker-build-cache-mib',
  });
  for (const names of [variableNames(), settingNames.map((name) => namesOf(name).option)])
    assert.equal(new Set(names).size, names.length);
});
