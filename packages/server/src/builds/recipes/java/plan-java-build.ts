import type { CommitFiles, Failure, Variables } from '../../recipe.ts';
import type { ToolName } from './build-tools.ts';
import type { JavaFiles } from './java-files.ts';
import type { JavaStart } from './plan-java-start.ts';

/** Which tool builds, what it is asked for, and who says so. */
export type JavaBuild = { setting: string; tool: ToolName; goal: string };

/** The files by which a tool's project is known. */
export const PROJECTS: Readonly<Record<ToolName, readonly string[]>> = {
  maven: ['pom.xml'],
  gradle: ['build.gradle', 'build.gradle.kts', 'settings.gradle', 'settings.gradle.kts'],
  ant: ['build.xml'],
};

const TOOLS = ['maven', 'gradle', 'ant'] as const;

type Given = { environment: Variables; files: CommitFiles; said: JavaFiles };

/** How the application is built, undefined where nothing builds it. */
export function planJavaBuild(
  { environment, files, said }: Given,
  start: JavaStart,
): JavaBuild | Failure | undefined {
  const has = (path: string): boolean => files.get(path) !== undefined;
  const project = TOOLS.find((tool) => PROJECTS[tool].some(has));
  const chosen = chooseTool(said, start);
  const hooked = (environment['CC_PRE_BUILD_HOOK'] ?? '') !== '';
  if (chosen !== undefined) {
    const { setting, tool } = chosen;
    if (!hooked && !PROJECTS[tool].some(has)) return noProject(setting, tool);
    return { setting, tool, goal: goalOf(environment, said, tool) };
  }
  if (start.by === 'jar' && has(start.path)) return undefined;
  if (project !== undefined) {
    const setting = PROJECTS[project].find(has) ?? '';
    return { setting, tool: project, goal: goalOf(environment, said, project) };
  }
  const makes = hooked || (environment['CC_POST_BUILD_HOOK'] ?? '') !== '';
  return start.by === 'jar' && !makes ? noJar(start.setting, start.path) : undefined;
}

/** The tool that runs the application builds it, else the one that a file of `clevercloud/` names. */
function chooseTool(
  { jar, maven, gradle }: JavaFiles,
  start: JavaStart,
): { setting: string; tool: ToolName } | undefined {
  if (start.by === 'goal') return start;
  if (jar?.build?.type !== undefined)
    return { setting: 'clevercloud/jar.json: build.type', tool: jar.build.type };
  if (maven !== undefined) return { setting: 'clevercloud/maven.json', tool: 'maven' };
  if (gradle !== undefined) return { setting: 'clevercloud/gradle.json', tool: 'gradle' };
  return undefined;
}

function goalOf(environment: Variables, { jar, maven, gradle }: JavaFiles, tool: ToolName): string {
  const own = { maven, gradle, ant: undefined }[tool]?.build?.goal;
  const ofJar =
    jar?.build?.type === undefined || jar.build.type === tool ? jar?.build?.goal : undefined;
  const profiles = environment['CC_MAVEN_PROFILES']?.trim() ?? '';
  const goals = {
    maven: `package -DskipTests${profiles === '' ? '' : ` -P ${profiles}`}`,
    gradle: 'assemble',
    ant: '',
  };
  return own ?? ofJar ?? goals[tool];
}

const noProject = (setting: string, tool: ToolName): Failure => ({
  reason: 'missing_file',
  detail: `${setting} asks for a build with ${tool}, and there is no ${PROJECTS[tool][0]} in the repository: commit it, or say in APP_FOLDER which folder has it.`,
});

const noJar = (setting: string, path: string): Failure => ({
  reason: 'missing_file',
  detail: `${setting}=${path}: there is no such file in the repository, and no pom.xml, build.gradle or build.xml to build it with.`,
});
