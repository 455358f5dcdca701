import { readFileSync } from 'node:fs';

/**
 * The proportional set size of processes of one program, in MiB each (proc_pid_smaps(5)). Pages of files
 * count as if only these processes had them: whoever measures runs the same program, and would take a
 * part of it upon themselves.
 */
export const readMemory = (pids: readonly number[]): number[] =>
  pids.map((pid) => {
    const mappings = readFileSync(`/proc/${pid}/smaps`, 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
    return mappings.reduce((sum, one) => sum + sizeOf(one, pids.length), 0) / 1024;
  });

function sizeOf(mapping: string, processes: number): number {
  const [head = '', ...lines] = mapping.split('\n');
  const fields = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')), Number.parseInt(line.slice(16), 10)]),
  );
  const of = (...names: string[]): number =>
    names.reduce((sum, name) => sum + (fields.get(name) ?? 0), 0);
  if (!head.includes(' /')) return of('Pss');
  return of('Private_Clean', 'Private_Dirty') + of('Shared_Clean', 'Shared_Dirty') / processes;
}
