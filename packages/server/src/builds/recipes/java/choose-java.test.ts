import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atOnce } from '../../../testing/at-once.ts';
import { chooseJava } from './choose-java.ts';
import { wishingFiles } from './java-wishes.ts';
import type { Jdk } from './jdks.ts';

const jdk = (feature: number): Jdk => ({
  feature,
  version: `${feature}.0.1`,
  home: `/jdk${feature}`,
  digest: String(feature),
  readOnly: [],
});

function choose(asked: string, features = [25, 11, 17], texts: Record<string, string> = {}) {
  const files = new Map(Object.entries(texts).map(([path, text]) => [path, { text }]));
  const chosen = chooseJava({ environment: { CC_JAVA_VERSION: asked }, files }, features.map(jdk));
  return [chosen?.jdk.feature, ...(chosen?.notices ?? [])];
}

test('the release that is asked for is taken, with or without quotes', () => {
  assert.deepEqual(choose('17'), [17, 'Using Java 17.0.1, as CC_JAVA_VERSION says']);
  assert.deepEqual(choose(' "11" '), [11, 'Using Java 11.0.1, as CC_JAVA_VERSION says']);
});

test('one that is not there falls back to the next newer, else to the newest, and a warning says so', () => {
  const warned = (asked: string, used: number) => [
    used,
    `CC_JAVA_VERSION=${asked} is not available here (11, 17, 25): using Java ${used}.`,
    `Using Java ${used}.0.1`,
  ];
  assert.deepEqual(choose('21'), warned('21', 25));
  assert.deepEqual(choose('8'), warned('8', 11));
  assert.deepEqual(choose('26'), warned('26', 25));
});

test('what is no release gets what new applications ask for, with a warning', () => {
  assert.equal(choose('graalvm-ce', [17, 21, 25])[0], 21);
  assert.match(String(choose('graalvm-ce')[1]), /CC_JAVA_VERSION=graalvm-ce is not available here/);
});

test('without a wish nobody is warned', () => {
  assert.deepEqual(choose('', [17, 25]), [25, 'Using Java 25.0.1']);
  assert.deepEqual(choose('21', []), [undefined]);
});

for (const [path, text] of [
  ['.java-version', '17\n'],
  ['.java-version', 'temurin64-17.0.2\n'],
  ['system.properties', 'java.runtime.version=17.0.1\n'],
  ['.sdkmanrc', '# ours\njava=17.0.2-tem\n'],
  ['.tool-versions', 'nodejs 22\njava openjdk-17.0.2\n'],
  ['pom.xml', '<properties><java.version>17</java.version></properties>'],
  ['pom.xml', '<maven.compiler.source>8</maven.compiler.source><release>17</release>'],
  ['build.gradle', 'languageVersion = JavaLanguageVersion.of(17)'],
  ['build.gradle.kts', 'languageVersion.set(JavaLanguageVersion.of("17"))'],
] as const)
  test(`a file chooses where the variable does not: ${path} with ${JSON.stringify(text)}`, () => {
    assert.deepEqual(choose('', [11, 17, 25], { [path]: text }), [
      17,
      `Using Java 17.0.1, as ${path} says`,
    ]);
  });

test('the old way to write a release is known, and a variable that says otherwise is stronger', () => {
  assert.deepEqual(choose('', [11, 17], { '.java-version': '1.8' }), [
    11,
    '.java-version=1.8 is not available here (11, 17): using Java 11.',
    'Using Java 11.0.1',
  ]);
  assert.deepEqual(choose('', [8, 11], { '.java-version': '1.8' }), [
    8,
    'Using Java 8.0.1, as .java-version says',
  ]);
  assert.deepEqual(choose('11', [11, 17], { 'pom.xml': '<java.version>17</java.version>' }), [
    11,
    'pom.xml asks for Java 17: CC_JAVA_VERSION is stronger.',
    'Using Java 11.0.1, as CC_JAVA_VERSION says',
  ]);
  assert.equal(choose('', [11, 21], { 'pom.xml': '<java.version>${java}</java.version>' })[0], 21);
});

test('a file that wishes for nothing is looked through once, however long it is', () => {
  for (const filling of ['\n', ' ', '<release> ', 'java = \n', 'JavaLanguageVersion.of( '])
    for (const name of wishingFiles) {
      const text = `${filling.repeat(262_144 / filling.length)}-`;
      assert.ok(atOnce(() => choose('', [17], { [name]: text }))[0], `${name} of ${filling}`);
    }
});
