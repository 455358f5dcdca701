import { constants } from 'node:os';
import type { Command, InstanceSpec } from '../../../workloads/engine.ts';

/** A folder of the instance's user, where the steps of an instance are told of. */
export const STEPS_FOLDER = '/run/instance';
export const STEPS_FILE = `${STEPS_FOLDER}/steps`;

const { SIGTERM: TERM, SIGCHLD: CHLD } = constants.signals;

/**
 * Runs steps one after the other in one container: each is its kind, its name, how many words it has, and
 * the words. Those before the command stop at the first that fails; those after see how it ended.
 *
 * Docker tells process 1 alone to end, and with it the container is over: it tells all that was started below it, and
 * waits for everybody. Neither the command nor a step before it is started any more; what runs after it waits for all
 * others. Told when others are over is whose end would take from those what they need for theirs: the last parts of a
 * pipeline, which have no answer to TERM but to end, and copies that a program has made of itself and leads (PyTorch's
 * loaders of data, gunicorn's workers).
 *
 * A `return` without a number would be the status of what the signal found running. And `wait`, when a signal interrupts
 * it, may lose how a program ended in that moment: so a shell below process 1 runs each step in front of it.
 */
const SCRIPT = `
told= later=
tell() { printf '%s\\n' "$1" >> ${STEPS_FILE}; }
find_all() {
  local at=0 file list
  all=($$)
  while [ $at -lt \${#all[@]} ]; do
    for file in /proc/\${all[at]}/task/*/children; do list=; read -r list < $file; all+=($list); done
    at=$((at + 1))
  done
  all=("\${all[@]:1}")
}
look() {
  local key value
  parent= caught=0
  while read -r key value; do
    case $key in PPid:) parent=$value;; SigCgt:) caught=$((0x$value)); break;; esac
  done < /proc/$1/status
}
hears() { [ $((caught >> ($1 - 1) & 1)) = 1 ]; }
leads() {
  local mine theirs
  mapfile -d '' -t mine < /proc/$1/cmdline
  mapfile -d '' -t theirs < /proc/$2/cmdline
  [ "\${mine[*]@Q}" = "\${theirs[*]@Q}" ] || return 1
  case \${mine##*/} in sh|-sh|bash|-bash|dash|ksh|zsh|busybox) return 1;; esac
  look $1
  hears ${TERM} && hears ${CHLD}
}
told_later() {
  local stdin=/proc/$1/fd/0 one
  look $1
  if hears ${TERM}; then
    for one in "\${all[@]}"; do [ "$one" != "$parent" ] || { leads $one $1; return $?; }; done
    return 1
  fi
  [ -p $stdin ] || return 1
  for one in "\${all[@]}"; do
    [ $one != $1 ] && { [ $stdin -ef /proc/$one/fd/1 ] || [ $stdin -ef /proc/$one/fd/2 ]; } && return 0
  done
  return 1
}
choose() {
  local one
  later=()
  for one; do if told_later $one; then later+=($one); else kill -TERM $one; fi; done
}
tell_to_end() {
  [ -z "$told" ] || return 0
  told=1
  find_all
  choose "\${all[@]}"
}
pause() {
  [ -e /proc/self/fd/5 ] || exec 5<> <(:)
  read -rt 0.02 -u 5
}
rest() {
  [ -n "$told" ] || return 0
  while find_all && [ "\${all[*]}" != $BASHPID ]; do pause; done
}
call() { (exec -- "$@") 2>&4 4>&-; code=$?; }
run_steps() {
  local ended=0 broken= kind name length argv
  trap told=1 TERM
  while [ $# -gt 0 ]; do
    kind=$1 name=$2 length=$3; shift 3
    argv=("\${@:1:length}"); shift "$length"
    if [ -z "$broken" ] && [ -n "$told" ]; then
      case $kind in before|command) ended=143 broken=1;; esac
    fi
    case $kind in
      before) [ -n "$broken" ] && continue
        tell "step $name"; call "\${argv[@]}"
        if [ $code -ne 0 ]; then tell "before-failed $code"; ended=$code broken=1; fi;;
      command) [ -n "$broken" ] && continue
        tell "step $name"; call "\${argv[@]}"; ended=$code; tell "code $code";;
      succeeded) if [ $ended -eq 0 ]; then rest; call "\${argv[@]}"; fi;;
      failed) if [ $ended -ne 0 ]; then rest; call "\${argv[@]}"; fi;;
    esac
  done
  exit $ended
}
exec 4>&2 2>/dev/null
trap tell_to_end TERM
run_steps "$@" &
wait $!; ended=$?
[ -n "$told" ] || exit $ended
while find_all && [ -n "$all" ]; do choose "\${later[@]}"; pause; done
exit 143
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
