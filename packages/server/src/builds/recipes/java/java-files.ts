import { z } from 'zod';
import type { CommitFiles, Failure } from '../../recipe.ts';

const goal = z.string().trim().min(1).optional();
const build = z.object({ type: z.enum(['maven', 'gradle', 'ant']).optional(), goal }).optional();

const schemas = {
  jar: z.object({ build, deploy: z.object({ jarName: goal, goal }).optional() }),
  maven: z.object({ build, deploy: z.object({ goal }).optional() }),
  gradle: z.object({ build, deploy: z.object({ goal }).optional() }),
};

/** The files of `clevercloud/` that say how a Java application is built and started. */
export type JavaFiles = { [Name in keyof typeof schemas]?: z.infer<(typeof schemas)[Name]> };

export const pathOf = (name: keyof JavaFiles): string => `clevercloud/${name}.json`;

/** What they say; the first that says nothing readable is named with the place. */
export function readJavaFiles(files: CommitFiles): JavaFiles | Failure {
  const found: Record<string, unknown> = {};
  for (const name of ['jar', 'maven', 'gradle'] as const) {
    const file = files.get(pathOf(name));
    if (file === undefined) continue;
    const read = readFile(name, file.text);
    if ('detail' in read)
      return { reason: 'invalid_file', detail: `${pathOf(name)}: ${read.detail}` };
    found[name] = read.value;
  }
  return found;
}

function readFile(
  name: keyof JavaFiles,
  text: string | undefined,
): { value: unknown } | { detail: string } {
  if (text === undefined) return { detail: 'the file is too long for what it says.' };
  try {
    const { success, data, error } = schemas[name].safeParse(JSON.parse(text));
    if (success) return { value: data };
    const [issue] = error.issues;
    return { detail: `${issue?.path.join('.') || 'the file'}: ${issue?.message}.` };
  } catch (error) {
    return { detail: `this is not JSON: ${describeFlaw(text, (error as Error).message)}.` };
  }
}

/** V8 says the place itself, but for a token that it did not expect. */
function describeFlaw(text: string, complaint: string): string {
  const [unexpected] = /^Unexpected token [^,]+/.exec(complaint) ?? [];
  if (unexpected === undefined) return complaint;
  const { line, column } = placeOf(text, unexpected);
  return `${unexpected} (line ${line} column ${column})`;
}

/** Where the shortest beginning ends about which there is the same complaint. */
function placeOf(text: string, complaint: string): { line: number; column: number } {
  let [tooShort, enough] = [0, text.length];
  while (enough - tooShort > 1) {
    const middle = (tooShort + enough) >> 1;
    if (complaintAbout(text.slice(0, middle)).startsWith(complaint)) enough = middle;
    else tooShort = middle;
  }
  const lines = text.slice(0, enough).split('\n');
  return { line: lines.length, column: lines.at(-1)?.length ?? 0 };
}

function complaintAbout(text: string): string {
  try {
    JSON.parse(text);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}
