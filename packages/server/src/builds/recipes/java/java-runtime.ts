import type { Finding } from '../../../lib/finding.ts';
import type { RuntimeEntry } from '../runtime-entry.ts';
import { findBuildTools, shareMavenSettings } from './build-tools.ts';
import { javaRecipe } from './java-recipe.ts';
import { findJdks } from './jdks.ts';
import { javaVariables } from './variables.ts';

const preset = { CC_JAVA_VERSION: '21' };

export const javaRuntime: RuntimeEntry = {
  title: 'Java',
  type: 'ml_python',
  version: '20190626',
  deployType: 'java',
  ids: {
    runner: '6f6bcd1f-8c4f-4f6e-9d2c-0e8a1c1c0a05',
    webapp: '6f6bcd1f-8c4f-4f6e-9d2c-0e8a1c1c0a06',
  },
  presets: { runner: preset, webapp: { PORT: '8080', ...preset } },
  servesOn: 'port 8080',
  variables: javaVariables,
  async open({ paths, environment, ...machine }) {
    const [jdks, tools, settings] = await Promise.all([
      findJdks(environment),
      findBuildTools(environment),
      shareMavenSettings(paths.tools, machine),
    ]);
    const shared = settings === undefined ? {} : { mavenSettings: settings };
    return javaRecipe({ jdks, tools: { ...tools, ...shared } });
  },
  diagnose: (environment) => Promise.all([findJava(environment), findMaven(environment)]),
};

type Environment = Parameters<typeof findJdks>[0];

async function findJava(environment: Environment): Promise<Finding> {
  const versions = (await findJdks(environment)).map(({ version }) => version).toSorted();
  return versions.length > 0
    ? { what: 'Java', state: 'ok', detail: versions.join(', ') }
    : {
        what: 'Java',
        state: 'limited',
        detail: 'no development kit 11 or newer answers: Java applications cannot be built or run',
        mend: 'apt-get install openjdk-17-jdk-headless',
      };
}

async function findMaven(environment: Environment): Promise<Finding> {
  const { maven } = await findBuildTools(environment);
  return maven !== undefined
    ? { what: 'Maven', state: 'ok', detail: maven.version }
    : {
        what: 'Maven',
        state: 'limited',
        detail: 'is missing: Java applications run from jars and Gradle wrappers only',
        mend: 'apt-get install maven',
      };
}
