import { constants } from 'node:os';
import type { Command, InstanceSpec } from '../../../workloads/engine.ts';

/** A folder of the instance's user, where the steps of an instance are told of. */
export const STEPS_FOLDER = '/run/instance';
export const STEPS_FILE = `${STEPS_FOLDER}/steps`;

const { SIGTERM: TERM } = constants.signals;

/** What process 1 is told by when half of the grace is over: it does not know how long that is. */
export const HALFWAY = 'USR1';

/**
 * Runs steps one after the other in one container: each is its kind, its name, how many words it has, and
 * the words. Those before the command stop at the first that fails; those after see how it ended.
 *
 * Docker tells process 1 alone to end, and with it the container is over: it tells all that was started below it, and
 * waits for everybody. Neither the command nor a step before it is started any more; what runs after it waits for all
 * others. Told when another is over, or when half of the time is, is whose end would take from that one what it needs for
 * its own: the last parts of a pipeline, which have no answer to TERM but to end, and all below one that hears of TERM, which
 * may need them and tells them itself (PyTorch's loaders of data, a pool of workers, torchrun); shells lead nobody. What was
 * begun after that was begun for the end.
 *
 * A `return` without a number would be the status of what the signal found running. And `wait`, when a signal interrupts
 * it, may lose how a program ended in that moment: so a shell below process 1 runs each step in front of it.
 */
const SCRIPT = `
told= late=
declare -A later parent hears leads reads writers
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
  local one key value
  parent=() hears=() leads=() reads=() writers=()
  for one in "\${all[@]}"; do
    while read -r key value; do
      case $key in
        PPid:) parent[$one]=$value;;
        SigCgt:) [ $((0x$value >> (${TERM} - 1) & 1)) = 0 ] || hears[$one]=1; break;;
      esac
    done < /proc/$one/status
    [ -n "\${hears[$one]}" ] || continue
    read -rd '' value < /proc/$one/cmdline
    case \${value##*/} in sh|-sh|bash|-bash|dash|ksh|zsh|busybox) ;; *) leads[$one]=1;; esac
  done
}
look_at_pipes() {
  local at=("\${all[@]/#//proc/}") name found one
  while read -r name found; do
    name=\${name#/proc/} one=\${name%%/*}
    case $found:$name in
      1???:*/0) reads[$one]=$found;;
      1???:*) writers[$found]+=" $one";;
    esac
  done < <(stat -L -c '%n %f:%d:%i' "\${at[@]/%//fd/0}" "\${at[@]/%//fd/1}" "\${at[@]/%//fd/2}")
}
find_needed() {
  local one=\${parent[$1]:-0}
  needed=
  while [ -n "\${parent[$one]}" ]; do
    [ -z "\${leads[$one]}" ] || { needed=$one; return; }
    one=\${parent[$one]}
  done
  [ -z "\${hears[$1]}" ] && [ -p /proc/$1/fd/0 ] || return
  [ \${#reads[@]} -gt 0 ] || look_at_pipes
  for one in \${writers[\${reads[$1]:-none}]}; do
    [ $one = $1 ] || { needed=$one; return; }
  done
}
choose() {
  local one
  look
  for one; do
    find_needed $one
    if [ -n "$needed" ]; then later[$one]=$needed; else unset "later[$one]"; kill -TERM $one; fi
  done
}
tell_later() {
  local one ready=()
  for one in "\${!later[@]}"; do
    [ -z "$late" ] && [ -d /proc/\${later[$one]} ] || ready+=($one)
  done
  [ \${#ready[@]} -gt 0 ] || return
  if [ -n "$late" ]; then later=(); kill -TERM \${ready[@]}; else choose \${ready[@]}; fi
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
trap late=1 ${HALFWAY}
while find_all && [ -n "$all" ]; do tell_later; pause; done
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
