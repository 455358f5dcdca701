import type { Command } from '../../../workloads/engine.ts';

/**
 * Makes every variable a system property. The values go by a file of arguments that nobody else can read,
 * quoted as the `java` launcher reads it; what the kernel keeps of this shell has all names, also those
 * with dots.
 */
const PROPERTIES = String.raw`
options=$HOME/.java-options
(umask 077; LC_ALL=C sed -z -e 's/[\\"]/\\&/g' -e 's/\n/\\n/g' -e 's/\r/\\r/g' -e 's/\t/\\t/g' -e 's/\f/\\f/g' -e 's/^/"-D/' -e 's/$/"/' </proc/$$/environ | tr '\0' '\n' >"$options") || exit 1
`;

/** Three quarters of the instance's memory less 128 MiB, at least half; classes have a limit of their own. */
const MEMORY = `
memory=\${CG_MEMORY_MIB:-512}
heap=$((memory * 3 / 4 - 128)); [ $heap -ge $((memory / 2)) ] || heap=$((memory / 2))
classes=$((memory / 8)); [ $classes -ge 64 ] || classes=64; [ $classes -le 512 ] || classes=512
sized=("-Xmx\${heap}m")
case \${CC_DISABLE_MAX_METASPACE,,} in true|1|yes|on) ;; *) sized+=("-XX:MaxMetaspaceSize=\${classes}m");; esac
`;

/** Words as a shell reads them, with quotes and variables, into an array. */
const WORDS = `
set -f
words() { eval "$1=($2)" 2>/dev/null || { echo "$3 cannot be read as words, is a quote left open? $2" >&2; exit 1; }; }
`;

const bash = (name: string, script: string, ...args: string[]): Command => ({
  name,
  argv: ['/bin/bash', '-c', script, 'java', ...args],
});

const RUN_JAR = `${WORDS}${MEMORY}${PROPERTIES}
words extra "$CC_EXTRA_JAVA_ARGS" CC_EXTRA_JAVA_ARGS
words args "$CC_JAR_ARGS" CC_JAR_ARGS
exec java "@$options" "\${sized[@]}" "\${extra[@]}" -jar "$1" "\${args[@]}"
`;

export const runJar = (jar: string): Command => bash(jar, RUN_JAR, jar);

/** Where an application that is run by its build tool has what the tool downloaded. */
const OWN = '.clevergrid';

/**
 * Half of the memory for the tool: compilers and tests may be processes beside it. What it downloads is
 * kept for the application, and, for a goal that runs the application, in its tree.
 */
const BUILD = `${WORDS}
words goal "$1" 'The goal'
own=$2; shift 2
cache=\${XDG_CACHE_HOME:-$HOME/.cache}
heap=-Xmx$((\${CG_MEMORY_MIB:-1024} / 2))m
export MAVEN_OPTS="\${MAVEN_OPTS:-$heap} -Dmaven.repo.local=$cache/maven" ANT_OPTS="\${ANT_OPTS:-$heap}"
export GRADLE_OPTS="\${GRADLE_OPTS:-$heap -Dorg.gradle.jvmargs=$heap}" GRADLE_USER_HOME=$cache/gradle
"$@" "\${goal[@]}" || exit
[ -n "$own" ] || exit 0
rm -rf "$own" && mkdir -p "$own" || exit
for one in maven gradle; do [ ! -d "$cache/$one" ] || cp -a "$cache/$one" "$own/" || exit; done
`;

export const buildWith = (
  argv: readonly string[],
  { name, goal, keeps }: { name: string; goal: string; keeps: boolean },
): Command => bash(name, BUILD, goal, keeps ? OWN : '', ...argv);

const RUN_GOAL = `${WORDS}${MEMORY}${PROPERTIES}
words goal "$1" 'The goal'
shift
export JDK_JAVA_OPTIONS="@$options \${sized[*]} $CC_EXTRA_JAVA_ARGS"
export MAVEN_OPTS="$MAVEN_OPTS -Dmaven.repo.local=$PWD/${OWN}/maven" GRADLE_USER_HOME=$PWD/${OWN}/gradle
exec "$@" "\${goal[@]}"
`;

/** Runs the application by a goal of its build tool. */
export const runGoal = (
  argv: readonly string[],
  { name, goal }: { name: string; goal: string },
): Command => bash(name, RUN_GOAL, goal, ...argv);
