import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, readdir, realpath, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import type { Log } from '../../../lib/log.ts';
import { withoutCredentials } from './maven-settings.ts';

export type ToolName = 'maven' | 'gradle' | 'ant';

/** A program of this machine that builds Java. */
export type BuildTool = {
  version: string;
  program: string;
  digest: string;
  /** What must be seen inside a sandbox that uses it, outside /usr. */
  readOnly: readonly string[];
};

export type BuildTools = Partial<Record<ToolName, BuildTool>> & {
  /** A copy of the machine's own Maven settings (mirrors, proxies) that every application may read. */
  mavenSettings?: { path: string; digest: string };
};

const run = promisify(execFile);

const ANSWERS_WITHIN = 20_000;

const KNOWN: Readonly<
  Record<ToolName, { program: string; homes: readonly string[]; says: RegExp }>
> = {
  maven: { program: 'mvn', homes: ['MAVEN_HOME', 'M2_HOME'], says: /Apache Maven (\S+)/ },
  gradle: { program: 'gradle', homes: ['GRADLE_HOME'], says: /Gradle (\S+)/ },
  ant: { program: 'ant', homes: ['ANT_HOME'], says: /Ant\S* version (\S+)/ },
};

type Environment = Readonly<Record<string, string | undefined>>;

/** The build tools that answer, on the path, in /opt, or where their variables say. */
export async function findBuildTools(environment: Environment): Promise<BuildTools> {
  const names = ['maven', 'gradle', 'ant'] as const;
  const found = await Promise.all(
    names.map(async (name) => [name, await findTool(name, environment)] as const),
  );
  return Object.fromEntries(found.filter(([, tool]) => tool !== undefined));
}

async function findTool(name: ToolName, environment: Environment): Promise<BuildTool | undefined> {
  const { program, homes, says } = KNOWN[name];
  const folders = [
    ...homes.flatMap((variable) => environment[variable] ?? []).map((home) => join(home, 'bin')),
    ...(environment['PATH'] ?? '/usr/local/bin:/usr/bin').split(':'),
    ...(await readdir('/opt').catch(() => [])).map((folder) => join('/opt', folder, 'bin')),
  ];
  for (const path of folders.map((folder) => join(folder, program))) {
    const tool = existsSync(path) ? await ask(path, says) : undefined;
    if (tool !== undefined) return tool;
  }
  return undefined;
}

async function ask(path: string, says: RegExp): Promise<BuildTool | undefined> {
  try {
    const real = await realpath(path);
    const { stdout } = await run(real, ['-version'], { timeout: ANSWERS_WITHIN });
    const version = says.exec(stripVTControlCharacters(stdout))?.[1];
    if (version === undefined) return undefined;
    const home = dirname(dirname(real));
    const settings = await realpath(join(home, 'conf')).catch(() => home);
    const said = await readFile(join(settings, 'settings.xml'), 'utf8').catch(() => '');
    return {
      version,
      program: real,
      digest: digestOf(`${real}\0${version}\0${said}`),
      readOnly: [...new Set([home, settings])].filter((folder) => !folder.startsWith('/usr/')),
    };
  } catch {
    return undefined;
  }
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * Maven's settings of whoever runs the platform, where sandboxes can see them; undefined without any. Every
 * application may read them: credentials are left out unless the operator shares those too.
 */
export async function shareMavenSettings(
  tools: string,
  { shareCredentials, log }: { shareCredentials: boolean; log: Log },
): Promise<BuildTools['mavenSettings']> {
  const own = join(homedir(), '.m2', 'settings.xml');
  if (!existsSync(own)) return undefined;
  const shared = join(tools, 'maven', 'settings.xml');
  const whole = await readFile(own, 'utf8');
  const { text, withheld } = withoutCredentials(whole);
  if (withheld && !shareCredentials)
    log.warn(
      { file: own },
      'credentials in it, which every build could read, are withheld, unless GRID_SHARE_MIRROR_CREDENTIALS=true',
    );
  await mkdir(dirname(shared), { recursive: true });
  const given = shareCredentials ? whole : text;
  await writeFile(shared, given);
  await chmod(shared, 0o644);
  return { path: shared, digest: digestOf(given) };
}
