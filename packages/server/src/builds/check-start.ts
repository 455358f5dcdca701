import type { Failure, NeededFile } from './recipe.ts';

export type FileFact = {
  kind: 'file' | 'missing' | 'other' | 'outside';
  executable: boolean;
  /** Where it is missing: the files of its kind that stand in its place. */
  beside: readonly string[];
};

/** Whether the file that is to be started, or to be built by, is there, and can be; `where` it was looked for. */
export function checkStart(
  { setting, file }: NeededFile,
  { kind, executable, beside }: FileFact,
  where: string,
): Failure | undefined {
  if (file === undefined) return undefined;
  const named = `${setting}=${file.path}`;
  const others = beside.length === 0 ? '' : ` Beside it there is ${beside.join(', ')}.`;
  if (kind === 'missing')
    return {
      reason: 'missing_file',
      detail: `${named}: there is no such file ${where}.${others}`,
    };
  if (kind === 'outside') return leadsOut(named);
  if (kind === 'other') return { reason: 'missing_file', detail: `${named} is not a file.` };
  if (file.executable && !executable)
    return {
      reason: 'not_executable',
      detail: `${named} is not executable: run "chmod +x ${file.path}" (or "git update-index --chmod=+x ${file.path}"), commit and push.`,
    };
  return undefined;
}

/** A link that leads elsewhere harms nobody, unless something that is needed lies behind it. */
export const leadsOut = (named: string): Failure => ({
  reason: 'invalid_repository',
  detail: `${named}: a symbolic link on the way to it leads out of the repository.`,
});
