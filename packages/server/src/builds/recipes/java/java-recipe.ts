import type {
  Failure,
  Given,
  Recipe,
  RecipePlan,
  Toolchain,
  Variables,
  Wanted,
} from '../../recipe.ts';
import { shellCommand } from '../../run-hooks.ts';
import type { BuildTool, BuildTools, ToolName } from './build-tools.ts';
import { chooseJava } from './choose-java.ts';
import { wishingFiles } from './java-wishes.ts';
import { pathOf, readJavaFiles } from './java-files.ts';
import type { Jdk } from './jdks.ts';
import { PROJECTS, planJavaBuild } from './plan-java-build.ts';
import type { JavaBuild } from './plan-java-build.ts';
import { planJavaStart } from './plan-java-start.ts';
import type { JavaStart } from './plan-java-start.ts';
import { buildWith, runGoal, runJar } from './run-java.ts';
import { javaVariables } from './variables.ts';

type Machine = { jdks: readonly Jdk[]; tools: BuildTools };

/** Jars, and projects of Maven, Gradle and Ant. */
export const javaRecipe = (machine: Machine): Recipe => ({
  version: 'java/2',
  variables: javaVariables,
  wants: (environment, files) => wants(environment, readJavaFiles(files)),
  plan: (given) => plan(machine, given),
});

/** gradlew is nothing without its jar. */
const WRAPPER = ['gradlew', 'gradle/wrapper/gradle-wrapper.jar'] as const;

function wants(environment: Variables, said: ReturnType<typeof readJavaFiles>): Wanted[] {
  const start = 'reason' in said ? said : planJavaStart(environment, said);
  const jar = 'start' in start && start.start.by === 'jar' ? [start.start.path] : [];
  const there = [...Object.values(PROJECTS).flat(), ...WRAPPER, ...jar];
  return [
    ...(['jar', 'maven', 'gradle'] as const).map((name) => ({ path: pathOf(name), read: true })),
    ...wishingFiles.map((path) => ({ path, read: true })),
    ...there.filter((path) => !wishingFiles.includes(path)).map((path) => ({ path, read: false })),
  ];
}

function plan(machine: Machine, { environment, files }: Given): RecipePlan | Failure {
  const said = readJavaFiles(files);
  if ('reason' in said) return said;
  const decided = planJavaStart(environment, said);
  if ('reason' in decided) return decided;
  const { start, ignored } = decided;
  const build = planJavaBuild({ environment, files, said }, start);
  if (build !== undefined && 'reason' in build) return build;
  const java = chooseJava({ environment, files }, machine.jdks);
  if (java === undefined) return { reason: 'missing_program', detail: NO_JDK };
  const wrapped = WRAPPER.every((path) => files.get(path) !== undefined);
  const tool = build && chooseTool(machine.tools, build, wrapped);
  if (tool !== undefined && 'reason' in tool) return tool;
  return {
    toolchain: toolchainOf(java.jdk, tool),
    dependencies: undefined,
    build: build && tool && buildOf(build, tool, start),
    start: startOf(start, tool),
    notices: [
      ...(ignored.length > 0 ? [`${start.setting} wins over ${ignored.join(' and ')}.`] : []),
      ...java.notices,
      ...(build && tool ? [`Building with ${tool.title}, as ${build.setting} says`] : []),
    ],
  };
}

const NO_JDK =
  'No Java development kit 11 or newer answers on this machine: ask its operator to install one (apt-get install openjdk-17-jdk-headless).';

/** How a tool is called, and what it needs to be seen. */
type Tool = Pick<BuildTool, 'readOnly' | 'digest'> & { title: string; argv: readonly string[] };

const PACKAGES = { maven: 'maven', gradle: 'gradle', ant: 'ant' } as const;

/** Gradle's own wrapper where it is committed, else what the machine has. */
function chooseTool(
  tools: BuildTools,
  { tool, setting }: JavaBuild,
  wrapped: boolean,
): Tool | Failure {
  if (tool === 'gradle' && wrapped)
    return {
      title: 'the Gradle wrapper',
      argv: ['/bin/sh', './gradlew', ...OPTIONS.gradle],
      readOnly: [],
      digest: 'wrapper',
    };
  const found = tools[tool];
  if (found === undefined) return noTool(tool, setting);
  const { program, version, readOnly, digest } = found;
  const settings = tool === 'maven' ? tools.mavenSettings : undefined;
  const shared = settings === undefined ? [] : [settings.path];
  return {
    title: `${tool} ${version}`,
    argv: [program, ...OPTIONS[tool], ...shared.flatMap((path) => ['-gs', path])],
    readOnly: [...readOnly, ...shared],
    digest: `${digest} ${settings?.digest ?? ''}`,
  };
}

const OPTIONS: Readonly<Record<ToolName, readonly string[]>> = {
  maven: ['--batch-mode', '--no-transfer-progress'],
  gradle: ['--no-daemon', '--console=plain'],
  ant: [],
};

const noTool = (tool: ToolName, setting: string): Failure => ({
  reason: 'missing_program',
  detail:
    tool === 'gradle'
      ? `${setting} asks for a build with gradle, which this machine does not have: commit the Gradle wrapper (${WRAPPER.join(' and ')}).`
      : `${setting} asks for a build with ${tool}, which this machine does not have: ask its operator to install it (apt-get install ${PACKAGES[tool]}), or commit a jar.`,
});

const toolchainOf = (jdk: Jdk, tool: Tool | undefined): Toolchain => ({
  path: [`${jdk.home}/bin`],
  variables: { JAVA_HOME: jdk.home },
  readOnly: [...jdk.readOnly, ...(tool?.readOnly ?? [])],
  digest: `${jdk.digest} ${tool?.digest ?? ''}`,
});

function buildOf(build: JavaBuild, { argv }: Tool, start: JavaStart): RecipePlan['build'] {
  const name = `${build.tool} ${build.goal}`.trim();
  return { name, command: buildWith(argv, { name, goal: build.goal, keeps: start.by === 'goal' }) };
}

function startOf(start: JavaStart, tool: Tool | undefined): RecipePlan['start'] {
  const { setting } = start;
  switch (start.by) {
    case 'command':
      return { setting, command: shellCommand(start.line, start.line), file: undefined };
    case 'jar': {
      const file = { path: start.path, executable: false };
      return { setting, command: runJar(start.path), file };
    }
    case 'goal': {
      const name = `${start.tool} ${start.goal}`;
      return { setting, command: runGoal(tool?.argv ?? [], { ...start, name }), file: undefined };
    }
    default:
      return start satisfies never;
  }
}
