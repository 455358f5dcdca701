import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { need } from '../../packages/server/src/testing/need.ts';
import { hasJava, jarOf } from './java-files.ts';
import { copyExample, hostOf, openPlatform, run, until } from './platform.ts';

const platform = await openPlatform();
after(() => platform.end());

const hasMaven = existsSync('/usr/bin/mvn');

/** Says what it was given, and ends as it is told. */
const TELL = `
import java.util.logging.Logger;
public class Tell {
  public static void main(String[] args) {
    for (String name : new String[] {"plain.name", "QUOTED", "LINES", "EMPTY", "CC_JAVA_VERSION"})
      System.out.println(name + "=" + System.getProperty(name).replace("\\n", "<newline>"));
    System.out.println("environment " + System.getenv("plain.name"));
    System.out.println("arguments " + String.join("|", args));
    System.out.println("heap " + Runtime.getRuntime().maxMemory() / (1 << 20));
    Logger.getLogger("tell").info("by the logger");
    System.exit(Integer.parseInt(System.getProperty("EXIT", "0")));
  }
}
`;

test('a jar is run with its arguments, and every variable is a system property', async (t) => {
  if (!need(t, hasJava, 'a Java development kit')) return;
  const folder = await platform.repository(await jarOf('Tell', TELL));
  const env = [
    'CC_JAR_PATH=app.jar',
    `CC_JAR_ARGS=one "two words" '$HOME' $INSTANCE_NUMBER`,
    'plain.name=with = and # and spaces ',
    String.raw`QUOTED="double" 'single' \back\nslash @file`,
    'LINES=first\nsecond\n',
    'EMPTY=',
  ];
  await platform.create(folder, { type: 'ml_java', env, args: ['--flavor', 'XS'] });
  const { code, out } = await platform.grid(['deploy'], { folder });
  assert.equal(code, 0, out);
  for (const line of [
    'plain.name=with = and # and spaces ',
    String.raw`QUOTED="double" 'single' \back\nslash @file`,
    'LINES=first<newline>second<newline>',
    'EMPTY=',
    'CC_JAVA_VERSION=21',
    'environment with = and # and spaces ',
    'arguments one|two words|$HOME|0',
    'INFO: by the logger',
  ])
    assert.ok(out.includes(line), `${line} is missing in ${out}`);

  // collectors count their own spaces differently
  assert.match(out, /heap 6[0-4]\d/);

  await platform.grid(['env', 'set', 'EXIT=7', 'CC_EXTRA_JAVA_ARGS=-Xmx99m'], { folder });
  const failed = await platform.grid(['restart'], { folder });
  assert.equal(failed.code, 1);
  assert.match(failed.out, /heap (9\d|100)/);
  assert.match(failed.out, /exit code 7/);
});

test('a Webapp is built by Maven, serves, and ends when it is told to', async (t) => {
  if (!need(t, hasJava && hasMaven, 'a Java development kit and Maven')) return;
  const folder = await platform.repository({});
  copyExample('classify-text', folder);
  await platform.git(['add', '--all'], folder);
  await platform.git(['commit', '--quiet', '--message', 'one'], folder);
  const id = await platform.create(folder, {
    type: 'ml_java_web',
    env: ['CC_JAR_PATH=target/classify-text.jar', 'greeting.text=bonjour'],
  });
  const { code, out } = await platform.grid(['deploy'], { folder });
  assert.equal(code, 0, out);
  assert.match(out, /Building with maven/);
  assert.equal((await platform.visit(hostOf(id))).body, 'bonjour\n');
  assert.equal(await ask(hostOf(id), 'fry the rice'), 'cooking\n');
  await platform.grid(['stop'], { folder });
  await until('its last words are in the log', async () => {
    const { out: logs } = await platform.grid(['logs'], { folder });
    return logs.includes('told to end');
  });
});

test('a Runner may be run by a goal of Maven, with its variables as system properties', async (t) => {
  if (!need(t, hasJava && hasMaven, 'a Java development kit and Maven')) return;
  const folder = await platform.repository({});
  copyExample('cluster-points', folder);
  await platform.git(['add', '--all'], folder);
  await platform.git(['commit', '--quiet', '--message', 'one'], folder);
  await platform.create(folder, {
    type: 'ml_java',
    env: ['MAVEN_DEPLOY_GOAL=compile exec:java -Dexec.mainClass=points.Cluster', 'GROUPS=2'],
  });
  const { code, out } = await platform.grid(['deploy'], { folder });
  assert.equal(code, 0, out);
  assert.match(out, /centre -?0\.0\d -?0\.0\d\s.*centre (10\.0|9\.9)/s);
  assert.doesNotMatch(out, /centre 20/);
});

/** Stands in for Gradle's wrapper: does what a small project would have it do. */
const GRADLEW = `#!/bin/sh
echo "gradle was asked for $*, with its files in $GRADLE_USER_HOME"
mkdir -p build/libs && javac --release 17 -d build Main.java && jar cfe build/libs/app.jar Main -C build Main.class
`;

test('a Gradle wrapper that is committed builds, with its downloads in the cache', async (t) => {
  if (!need(t, hasJava, 'a Java development kit')) return;
  const folder = await platform.repository({
    'build.gradle': '',
    gradlew: GRADLEW,
    'Main.java':
      'class Main { public static void main(String[] a) { System.out.println("built"); } }\n',
  });
  await run('mkdir', ['-p', join(folder, 'gradle', 'wrapper')]);
  writeFileSync(join(folder, 'gradle', 'wrapper', 'gradle-wrapper.jar'), 'PK');
  await platform.git(['add', '--all'], folder);
  await platform.git(['commit', '--quiet', '--message', 'wrapper'], folder);
  await platform.create(folder, { type: 'ml_java', env: ['CC_JAR_PATH=build/libs/app-1.jar'] });
  const wrong = await platform.grid(['deploy'], { folder });
  assert.equal(wrong.code, 1);
  assert.match(wrong.out, /asked for --no-daemon --console=plain assemble, with .*\.cache\/gradle/);
  assert.match(wrong.out, /no such file after the build. Beside it there is build\/libs\/app\.jar/);
  await platform.grid(['env', 'set', 'CC_JAR_PATH=build/libs/app.jar'], { folder });
  const right = await platform.grid(['restart'], { folder });
  assert.equal(right.code, 0, right.out);
  assert.match(right.out, /built/);
});

test('what cannot be built or started says which variable or file, and what to do', async (t) => {
  if (!need(t, hasJava && hasMaven, 'a Java development kit and Maven')) return;
  const broken: [files: Record<string, string>, env: string[], says: RegExp][] = [
    [{}, [], /Nothing says what to start: set CC_JAR_PATH/],
    [{}, ['CC_JAR_PATH=/app.jar'], /CC_JAR_PATH=\/app\.jar: the path must be relative/],
    [{}, ['CC_JAR_PATH=app.jar'], /CC_JAR_PATH=app\.jar: there is no such file.*no pom\.xml/],
    [
      { 'jar.json': '{\n  "deploy": {,}\n}' },
      [],
      /clevercloud\/jar\.json: this is not JSON: .*line 2/,
    ],
    [
      { 'jar.json': '{"build":{"type":"maven"},"deploy":{"jarName":"x.jar"}}' },
      [],
      /clevercloud\/jar\.json: build\.type asks for a build with maven, and there is no pom\.xml/,
    ],
    [{ 'jar.json': '{"build":{"type":"make"}}' }, [], /clevercloud\/jar\.json: build\.type: /],
  ];
  for (const [files, env, says] of broken) {
    const folder = await platform.repository({ 'README.md': '' });
    if (Object.keys(files).length > 0) {
      await run('mkdir', [join(folder, 'clevercloud')]);
      for (const [name, text] of Object.entries(files))
        writeFileSync(join(folder, 'clevercloud', name), text);
      await platform.git(['add', '--all'], folder);
      await platform.git(['commit', '--quiet', '--message', 'files'], folder);
    }
    await platform.create(folder, { type: 'ml_java', env });
    const { code, out } = await platform.grid(['deploy'], { folder });
    assert.equal(code, 1);
    assert.match(out, says);
  }
});

const ask = (host: string, sentence: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const port = platform.port();
    const options = { host: '127.0.0.1', port, path: '/classify', method: 'POST' };
    const asked = request({ ...options, headers: { host }, agent: false }, (answer) => {
      let body = '';
      answer.on('data', (part: Buffer) => (body += part.toString('utf8')));
      answer.on('end', () => resolve(body));
    });
    asked.on('error', reject);
    asked.end(sentence);
  });
