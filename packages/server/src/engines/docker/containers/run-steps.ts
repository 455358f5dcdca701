import type { Command, InstanceSpec } from '../../../workloads/engine.ts';

/** A folder of the instance's user, where the steps of an instance are told of. */
export const STEPS_FOLDER = '/run/instance';
export const STEPS_FILE = `${STEPS_FOLDER}/steps`;

/**
 * Runs steps one after the other in one container: each is its kind, its name, how many words it has, and
 * the words. Those before the command stop at the first that fails; those after see how it ended.
 */
const SCRIPT = `
child=
trap 'kill -TERM $child 2>/dev/null' TERM
tell() { printf '%s\\n' "$1" >> ${STEPS_FILE}; }
call() {
  "$@" & child=$!
  wait $child; code=$?
  while kill -0 $child 2>/dev/null; do wait $child; code=$?; done
}
ended=0 broken=
while [ $# -gt 0 ]; do
  kind=$1 name=$2 length=$3; shift 3
  argv=("\${@:1:length}"); shift "$length"
  case $kind in
    before) [ -n "$broken" ] && continue
      tell "step $name"; call "\${argv[@]}"
      if [ $code -ne 0 ]; then tell "before-failed $code"; ended=$code broken=1; fi;;
    command) [ -n "$broken" ] && continue
      tell "step $name"; call "\${argv[@]}"; ended=$code; tell "code $code";;
    succeeded) if [ $ended -eq 0 ]; then call "\${argv[@]}"; fi;;
    failed) if [ $ended -ne 0 ]; then call "\${argv[@]}"; fi;;
  esac
done
exit $ended
`;

type Steps = Pick<InstanceSpec, 'before' | 'after'> & { command: Command };

/**
 * What a container of programs runs. The shell is its process 1 also where there are no hooks: to another the
 * kernel would pass no signal that it does not expect, and nobody would bury what it leaves behind.
 */
export function argvOf({ before, command, after }: Steps): readonly string[] {
  const words = (kind: string, step: Command | undefined): string[] =>
    step === undefined ? [] : [kind, oneLine(step.name), String(step.argv.length), ...step.argv];
  return [
    '/bin/bash',
    '-c',
    SCRIPT,
    'steps',
    ...before.flatMap((step) => words('before', step)),
    ...words('command', command),
    ...words('succeeded', after.succeeded),
    ...words('failed', after.failed),
  ];
}

const oneLine = (name: string): string => name.replaceAll('\n', ' ').slice(0, 200);

export type StepsTold = {
  /** The last that began. */
  step: string;
  failedBefore: boolean;
  /** The command's own exit code, where it came to that. */
  code: number | undefined;
};

/** What the steps said of themselves; the instance can write there too, so nothing in it is trusted. */
export function readSteps(text: string): StepsTold {
  const lines = text.split('\n');
  const last = (word: string): string | undefined =>
    lines.findLast((line) => line.startsWith(`${word} `))?.slice(word.length + 1);
  const code = Number(last('code') ?? Number.NaN);
  return {
    step: (last('step') ?? '').slice(0, 200),
    failedBefore: last('before-failed') !== undefined,
    code: Number.isInteger(code) && code >= 0 && code <= 255 ? code : undefined,
  };
}
