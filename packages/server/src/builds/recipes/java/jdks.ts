import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** A Java development kit that really answers. */
export type Jdk = {
  /** `17`, `25`. */
  feature: number;
  /** `25.0.3`. */
  version: string;
  home: string;
  /** Tells builds of the same version apart. */
  digest: string;
  /** What must be seen inside a sandbox that uses it, outside /usr. */
  readOnly: readonly string[];
};

const run = promisify(execFile);

/** The first that reads its arguments from a file of a long-term release. */
const OLDEST = 11;
const ANSWERS_WITHIN = 10_000;

/** Every kit of this machine that answers, one for each feature release; a folder may hold only documents. */
export async function findJdks(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Jdk[]> {
  const answers = await Promise.all((await candidates(environment)).map(ask));
  const found = new Map<number, Jdk>();
  for (const jdk of answers)
    if (jdk !== undefined && !found.has(jdk.feature)) found.set(jdk.feature, jdk);
  return [...found.values()];
}

/** Where systems and people put them; each real folder once. */
async function candidates(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string[]> {
  const inside = async (folder: string): Promise<string[]> => {
    const names: string[] = await readdir(folder).catch(() => []);
    return names.toSorted().map((name) => join(folder, name));
  };
  const named = [environment['JAVA_HOME'] ?? '', '/usr/lib/jvm/default-java'];
  const homes = [...named, ...(await inside('/usr/lib/jvm')), ...(await inside('/opt'))];
  const kits = homes.filter((home) => home !== '' && existsSync(join(home, 'bin', 'javac')));
  return [...new Set(await Promise.all(kits.map((home) => realpath(home))))];
}

async function ask(home: string): Promise<Jdk | undefined> {
  try {
    const question = ['-XshowSettings:properties', '-version'];
    const { stderr } = await run(join(home, 'bin', 'java'), question, { timeout: ANSWERS_WITHIN });
    const told = (name: string): string =>
      new RegExp(`^ +${name} = (.*)$`, 'm').exec(stderr)?.[1]?.trim() ?? '';
    const feature = Number(told('java\\.specification\\.version'));
    if (!(feature >= OLDEST)) return undefined;
    const build = ['java\\.vm\\.version', 'java\\.vm\\.vendor', 'os\\.arch'].map(told);
    return {
      feature,
      version: told('java\\.version'),
      home,
      digest: createHash('sha256')
        .update([home, ...build].join('\0'))
        .digest('hex'),
      readOnly: await outsideUsr(home),
    };
  } catch {
    return undefined;
  }
}

/** Its own folder, and where the system keeps its settings. */
async function outsideUsr(home: string): Promise<string[]> {
  const settings = await realpath(join(home, 'lib', 'jvm.cfg')).catch(() => home);
  return [home, dirname(settings)].filter(
    (path, index) => !path.startsWith('/usr/') && (index === 0 || !settings.startsWith(`${home}/`)),
  );
}
