import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommitFile, RecipePlan } from '../../recipe.ts';
import type { BuildTools } from './build-tools.ts';
import { javaRecipe } from './java-recipe.ts';

const jdks = [{ feature: 17, version: '17.0.1', home: '/jdk', digest: 'j', readOnly: ['/jdk'] }];
const maven = { version: '3.9.1', program: '/mvn', digest: 'm', readOnly: ['/etc/maven'] };

type Case = { files?: Record<string, string>; tools?: BuildTools; jdks?: typeof jdks };

function decide(environment: Record<string, string>, given: Case = {}) {
  const recipe = javaRecipe({ jdks: given.jdks ?? jdks, tools: given.tools ?? { maven } });
  const all = Object.entries(given.files ?? {});
  const there = new Map(all.map(([path, text]) => [path, { text }]));
  const files = new Map<string, CommitFile | undefined>();
  for (const round of [1, 2])
    for (const { path } of recipe.wants(environment, files))
      if (round > 0) files.set(path, there.get(path));
  return recipe.plan({ kind: 'runner', environment, files });
}

function planned(environment: Record<string, string>, given: Case = {}): RecipePlan {
  const plan = decide(environment, given);
  assert.ok(!('reason' in plan), JSON.stringify(plan));
  return plan;
}

function refused(environment: Record<string, string>, given: Case = {}): string {
  const plan = decide(environment, given);
  assert.ok('reason' in plan);
  return plan.detail;
}

const POM = { 'pom.xml': '' };
const jarJson = (value: object) => ({ 'clevercloud/jar.json': JSON.stringify(value) });

test('variables win over files, a command over all, and the losers are named', () => {
  const files = { ...POM, ...jarJson({ deploy: { jarName: 'b.jar' } }) };
  const variables = { CC_JAR_PATH: 'a.jar', MAVEN_DEPLOY_GOAL: 'exec:java' };
  assert.equal(planned({ ...variables, CC_RUN_COMMAND: 'x' }, { files }).start.command.name, 'x');
  const { start, notices } = planned(variables, { files });
  assert.deepEqual(start.file, { path: 'a.jar', executable: false });
  assert.equal(
    notices[0],
    'CC_JAR_PATH wins over MAVEN_DEPLOY_GOAL and clevercloud/jar.json: deploy.jarName.',
  );
  assert.equal(planned({}, { files }).start.file?.path, 'b.jar');
});

test('a jar of the commit is run as it is, also one that only a file names', () => {
  const files = { ...POM, 'b.jar': '', ...jarJson({ deploy: { jarName: './b.jar' } }) };
  assert.equal(planned({}, { files }).build, undefined);
  assert.equal(planned({ CC_JAR_PATH: 'other.jar' }, { files }).build?.name.split(' ')[0], 'maven');
});

test('what is built with, and what for, follows from the files of clevercloud, then from the project', () => {
  const built = (files: Record<string, string>, environment: Record<string, string> = {}) =>
    planned(
      { CC_JAR_PATH: 'x.jar', ...environment },
      {
        files,
        tools: { maven, ant: maven, gradle: maven },
      },
    ).build?.name;
  assert.equal(built(POM), 'maven package -DskipTests');
  assert.equal(built(POM, { CC_MAVEN_PROFILES: 'prod' }), 'maven package -DskipTests -P prod');
  assert.equal(built({ 'build.gradle.kts': '' }), 'gradle assemble');
  assert.equal(built({ 'build.xml': '' }), 'ant');
  const both = { ...POM, 'build.xml': '' };
  assert.equal(built({ ...both, ...jarJson({ build: { type: 'ant', goal: 'jar' } }) }), 'ant jar');
  assert.equal(
    built({ ...both, 'clevercloud/maven.json': '{"build":{"goal":"verify"}}' }),
    'maven verify',
  );
});

test('the tool that runs the application builds it', () => {
  const files = { ...POM, 'build.gradle': '' };
  const { build, start } = planned(
    { GRADLE_DEPLOY_GOAL: 'run' },
    { files, tools: { gradle: maven } },
  );
  assert.equal(build?.name, 'gradle assemble');
  assert.equal(start.command.name, 'gradle run');
});

test('Gradle’s wrapper is used only where it is whole', () => {
  const files = { 'build.gradle': '', gradlew: '' };
  assert.match(refused({ CC_JAR_PATH: 'x.jar' }, { files }), /commit the Gradle wrapper/);
  const whole = { ...files, 'gradle/wrapper/gradle-wrapper.jar': '' };
  const { build } = planned({ CC_JAR_PATH: 'x.jar' }, { files: whole });
  assert.ok(build && 'command' in build && build.command.argv.includes('./gradlew'));
});

test('what the machine lacks is said with who can help', () => {
  assert.match(
    refused({ CC_JAR_PATH: 'x.jar' }, { files: POM, jdks: [] }),
    /No Java development kit.*ask its operator/,
  );
  assert.match(
    refused({ CC_JAR_PATH: 'x.jar' }, { files: POM, tools: {} }),
    /^pom\.xml asks for a build with maven, which this machine does not have: .*apt-get install maven/,
  );
});

test('the settings of the machine’s Maven are given to builds, and seen by them', () => {
  const mavenSettings = { path: '/tools/settings.xml', digest: 'of a mirror' };
  const tools = { maven, mavenSettings };
  const { build, toolchain } = planned({ CC_JAR_PATH: 'x.jar' }, { files: POM, tools });
  assert.ok(build && 'command' in build);
  assert.ok(build.command.argv.join(' ').includes('-gs /tools/settings.xml'));
  assert.deepEqual(toolchain.readOnly, ['/jdk', '/etc/maven', '/tools/settings.xml']);
  const other = { maven, mavenSettings: { ...mavenSettings, digest: 'of another' } };
  const { toolchain: changed } = planned({ CC_JAR_PATH: 'x.jar' }, { files: POM, tools: other });
  assert.notEqual(changed.digest, toolchain.digest);
});

test('a missing project or jar is refused before the build, unless a hook may make it', () => {
  const asked = { files: jarJson({ build: { type: 'maven' }, deploy: { jarName: 'x.jar' } }) };
  assert.match(refused({}, asked), /clevercloud\/jar\.json: build\.type asks for .* no pom\.xml/);
  assert.ok(planned({ CC_PRE_BUILD_HOOK: 'make pom.xml' }, asked).build);
  assert.match(
    refused({ CC_JAR_PATH: 'x.jar' }),
    /no such file in the repository, and no pom\.xml/,
  );
  assert.equal(planned({ CC_JAR_PATH: 'x.jar', CC_POST_BUILD_HOOK: 'x' }).build, undefined);
});

test('a file that cannot be read is named with the place', () => {
  const text = (one: string) => ({ files: { 'clevercloud/maven.json': one } });
  assert.match(
    refused({}, text('{\n "a": }')),
    /clevercloud\/maven\.json: this is not JSON: Unexpected token '}' \(line 2 column 7\)/,
  );
  assert.match(
    refused({}, text('{"deploy":{"goal":3}}')),
    /clevercloud\/maven\.json: deploy\.goal: /,
  );
  assert.match(refused({}, text('[]')), /clevercloud\/maven\.json: the file: /);
});
