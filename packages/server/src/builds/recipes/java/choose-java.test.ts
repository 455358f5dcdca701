import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseJava } from './choose-java.ts';
import type { Jdk } from './jdks.ts';

const jdk = (feature: number): Jdk => ({
  feature,
  version: `${feature}.0.1`,
  home: `/jdk${feature}`,
  digest: String(feature),
  readOnly: [],
});

function choose(asked: string, features = [25, 11, 17]) {
  const chosen = chooseJava({ CC_JAVA_VERSION: asked }, features.map(jdk));
  return [chosen?.jdk.feature, chosen?.warning];
}

test('the release that is asked for is taken, with or without quotes', () => {
  assert.deepEqual(choose('17'), [17, undefined]);
  assert.deepEqual(choose(' "11" '), [11, undefined]);
});

test('one that is not there falls back to the next newer, else to the newest, and a warning says so', () => {
  const warning = (asked: string, used: number) =>
    `CC_JAVA_VERSION=${asked} is not available here (11, 17, 25): using Java ${used}.`;
  assert.deepEqual(choose('21'), [25, warning('21', 25)]);
  assert.deepEqual(choose('8'), [11, warning('8', 11)]);
  assert.deepEqual(choose('26'), [25, warning('26', 25)]);
});

test('what is no release gets what new applications ask for, with a warning', () => {
  assert.equal(choose('graalvm-ce', [17, 21, 25])[0], 21);
  assert.match(String(choose('graalvm-ce')[1]), /CC_JAVA_VERSION=graalvm-ce is not available here/);
});

test('without a wish nobody is warned', () => {
  assert.deepEqual(choose('', [17, 25]), [25, undefined]);
  assert.deepEqual(choose('21', []), [undefined, undefined]);
});
