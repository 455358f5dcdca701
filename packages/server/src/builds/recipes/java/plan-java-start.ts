import type { Failure, Variables } from '../../recipe.ts';
import { insideTree } from '../../values.ts';
import type { ToolName } from './build-tools.ts';
import type { JavaFiles } from './java-files.ts';

/** What is to be started, and which variable or file says so. */
export type JavaStart = { setting: string } & (
  | { by: 'command'; line: string }
  | { by: 'jar'; path: string }
  | { by: 'goal'; tool: ToolName; goal: string }
);

/** The strongest first: variables win over files. */
function candidates(variables: Variables, { jar, maven, gradle }: JavaFiles): JavaStart[] {
  const value = (name: string): string => variables[name]?.trim() ?? '';
  const goals = [
    { setting: 'MAVEN_DEPLOY_GOAL', tool: 'maven', goal: value('MAVEN_DEPLOY_GOAL') },
    { setting: 'GRADLE_DEPLOY_GOAL', tool: 'gradle', goal: value('GRADLE_DEPLOY_GOAL') },
  ] as const;
  const jarName = { setting: 'clevercloud/jar.json: deploy.jarName', by: 'jar' } as const;
  const ofFiles = [
    { setting: 'clevercloud/jar.json: deploy.goal', tool: jar?.build?.type ?? 'maven', file: jar },
    { setting: 'clevercloud/maven.json: deploy.goal', tool: 'maven', file: maven },
    { setting: 'clevercloud/gradle.json: deploy.goal', tool: 'gradle', file: gradle },
  ] as const;
  const all: JavaStart[] = [
    { setting: 'CC_RUN_COMMAND', by: 'command', line: value('CC_RUN_COMMAND') },
    { setting: 'CC_JAR_PATH', by: 'jar', path: value('CC_JAR_PATH') },
    ...goals.map((one) => ({ ...one, by: 'goal' }) as const),
    { ...jarName, path: jar?.deploy?.jarName ?? '' },
    ...ofFiles.map(
      ({ file, ...one }) => ({ ...one, by: 'goal', goal: file?.deploy?.goal ?? '' }) as const,
    ),
  ];
  return all.filter((one) => said(one) !== '');
}

const said = (start: JavaStart): string =>
  start.by === 'command' ? start.line : start.by === 'jar' ? start.path : start.goal;

/** What decides, and what it wins over. */
export function planJavaStart(
  variables: Variables,
  files: JavaFiles,
): { start: JavaStart; ignored: string[] } | Failure {
  const [start, ...others] = candidates(variables, files);
  if (start === undefined) return { reason: 'missing_start', detail: NOTHING };
  const ignored = others.map(({ setting }) => setting);
  if (start.by !== 'jar') return { start, ignored };
  const path = insideTree(start.setting, start.path);
  if (typeof path !== 'string') return path;
  if (path === '') return { reason: 'missing_start', detail: NOTHING };
  return { start: { ...start, path }, ignored };
}

const NOTHING =
  'Nothing says what to start: set CC_JAR_PATH (a jar, like target/app.jar), MAVEN_DEPLOY_GOAL or GRADLE_DEPLOY_GOAL (a goal that runs the application), or CC_RUN_COMMAND (a command line), or commit clevercloud/jar.json.';
