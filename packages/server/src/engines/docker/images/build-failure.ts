/** How a build ended that made no image. */
export type BuildFailure = {
  ok: false;
  reason: 'exited' | 'memory_limit' | 'disk_full' | 'timeout' | 'invalid_file';
  exitCode?: number;
  /** A sentence or two for the user: what happened, where, what to do. */
  detail: string;
};

export type FailedBuild = {
  message: string;
  code: number | undefined;
  dockerfile: string;
  /** What the steps printed last. */
  lastOutput: string;
  /** The limit that steps had, where there was one. */
  memoryMiB: number | undefined;
};

/** What the words of either builder mean. */
export function explainFailure(failed: FailedBuild): BuildFailure {
  const { message, dockerfile, memoryMiB } = failed;
  const text = withoutFrame(message);
  const mistake = findMistake(text, dockerfile);
  if (mistake !== undefined) return { ok: false, reason: 'invalid_file', detail: mistake };
  const exitCode = failed.code ?? exitCodeIn(message);
  if (saysDiskFull(message) || (exitCode !== undefined && saysDiskFull(failed.lastOutput)))
    return {
      ok: false,
      reason: 'disk_full',
      detail: `The build found no space left on the disk: ${text}`,
    };
  if (exitCode === 137 && memoryMiB !== undefined) {
    const detail = `A step of the build needed more than the ${memoryMiB} MiB that it may use: ${text}`;
    return { ok: false, reason: 'memory_limit', exitCode, detail };
  }
  return { ok: false, reason: 'exited', ...(exitCode !== undefined && { exitCode }), detail: text };
}

/** What is wrong in the Dockerfile, with its line where the builder tells it. */
function findMistake(text: string, dockerfile: string): string | undefined {
  const [, line, what] = /dockerfile parse error (?:on )?line (\d+): (.*)/is.exec(text) ?? [];
  if (line !== undefined && what !== undefined)
    return `${dockerfile}, line ${line}: ${what.trim()}. Correct the line and push again.`;
  if (/file with no instructions/i.test(text)) return emptyFile(dockerfile);
  if (/requires BuildKit/i.test(text))
    return `${dockerfile}: ${text}. Remove CC_DOCKER_BUILDX=false, so that BuildKit builds it.`;
  if (/^(failed to (parse|process)|no build stage|unknown instruction|target stage)/i.test(text))
    return `${dockerfile}: ${text}`;
  const path = MISSING.map((words) => words.exec(text)?.[1]).find((found) => found !== undefined);
  if (path === undefined) return undefined;
  return `${dockerfile} copies ${path}, which is not there: commit it, or see whether .dockerignore leaves it out.`;
}

/** How BuildKit and the classic builder say that a file is not in the context. */
const MISSING = [
  /(?:cache key|checksum)[^"]*"\/?([^"]+)"(?: not found)?: not found/,
  /stat ([^:]+): file does not exist/,
];

export const emptyFile = (dockerfile: string): string =>
  `${dockerfile} has no instructions. It needs a FROM and a CMD or ENTRYPOINT at least.`;

/** The words without BuildKit's own path to them. */
const withoutFrame = (message: string): string =>
  message
    .replace(/^(failed to solve( with frontend [\w.]+)?: )+/, '')
    .replace(/^failed to create LLB definition: /, '')
    .trim();

/** The last one named: the command before it may speak of exit codes, too. */
function exitCodeIn(message: string): number | undefined {
  const found = message.matchAll(/(?:exit code|exit status|non-zero code)[: ]+(\d{1,3})\b/g);
  const code = [...found].at(-1)?.[1];
  return code === undefined ? undefined : Number(code);
}

const saysDiskFull = (text: string): boolean => /no space left on device|ENOSPC/i.test(text);
