import type { Failure, Start } from './recipe.ts';

export type FileFact = { kind: 'file' | 'missing' | 'other'; executable: boolean };

/** Whether the file that is to be started is there, and can be. */
export function checkStart({ setting, file }: Start, fact: FileFact): Failure | undefined {
  if (file === undefined) return undefined;
  if (fact.kind === 'missing')
    return {
      reason: 'missing_file',
      detail: `${setting}=${file.path}: there is no such file in the repository.`,
    };
  if (fact.kind === 'other')
    return { reason: 'missing_file', detail: `${setting}=${file.path} is not a file.` };
  if (file.executable && !fact.executable)
    return {
      reason: 'not_executable',
      detail: `${setting}=${file.path} is not executable: run "chmod +x ${file.path}" (or "git update-index --chmod=+x ${file.path}"), commit and push.`,
    };
  return undefined;
}
