import { keepAddLocal } from './keep-add-local.ts';
import { splitInstructions } from './split-instructions.ts';
import type { Instruction, Mistake, Split } from './split-instructions.ts';
import { mayHideSource, renameSource, splitFlags, trimStart } from './split-flags.ts';
import { knowsSubstitution, substitute } from './substitute-variables.ts';
import type { Variables } from './substitute-variables.ts';
import {
  canonicalName,
  isDockerfileFrontend,
  mayBeId,
  parseReference,
} from '../images/image-reference.ts';
import type { ImageReference } from '../images/image-reference.ts';

/** The little that has to be known of a Dockerfile before an engine builds it. */
export type Dockerfile = {
  stages: readonly Stage[];
  /** Every image that has to be there for the build. */
  images: readonly NeededImage[];
  /** The names that ARG declares anywhere. */
  arguments: readonly string[];
  /**
   * What the engine is given: the same instructions on the same lines, in the one form that every engine reads
   * alike, with the whole name of each image. Nothing is built on that was not seen here.
   */
  text: string;
  /** The first thing that cannot be built so. */
  mistake: Mistake | undefined;
};

export type Stage = { name: string | undefined; from: string; line: number };

export type NeededImage = {
  /** As it is written. */
  reference: string;
  name: ImageReference;
  line: number;
  /**
   * The image of a `# syntax=` line is what BuildKit reads the file with; nothing is based on it. Out of a
   * source files are taken, and its triggers (ONBUILD) do not count.
   */
  use: 'base' | 'source' | 'syntax';
};

/** Who will build it. */
export type Dialect = {
  builder: 'buildkit' | 'classic';
  /** Whether the engine knows here-documents without a `# syntax=` line. */
  hereDocuments: boolean;
};

/** Reads a Dockerfile with the values that its ARGs get. What is wrong besides, the engine says, with the line. */
export function readDockerfile(text: string, values: Variables, dialect: Dialect): Dockerfile {
  const split = splitInstructions(text, (directives) => hasHereDocuments(directives, dialect));
  const { directives, instructions } = split;
  const names = instructions.map(stageNameOf).filter((name) => name !== undefined);
  const state = { ...newState(values, dialect), names: new Set(names) };
  state.escape = directives.get('escape')?.value ?? state.escape;
  const written = [...writeDirectives(state, directives)];
  for (const instruction of instructions) {
    while (written.length < instruction.line - 1) written.push('');
    written.push(rewrite(state, instruction), ...instruction.body);
    if (state.mistake !== undefined) break;
  }
  return {
    stages: state.stages,
    images: state.images,
    arguments: [...state.arguments],
    text: `${written.join('\n')}\n`,
    mistake: state.mistake ?? split.mistake,
  };
}

type State = {
  stages: Stage[];
  images: NeededImage[];
  arguments: Set<string>;
  globals: Map<string, string>;
  values: Variables;
  escape: string;
  dialect: Dialect;
  /** All stages, those that come later too. */
  names: ReadonlySet<string>;
  mistake: Mistake | undefined;
};

/** Docker's own reader of Dockerfiles has them from 1.4 on; what a digest means, only a registry knows. */
function hasHereDocuments(directives: Split['directives'], dialect: Dialect): boolean {
  if (dialect.builder === 'classic') return false;
  const syntax = directives.get('syntax');
  if (syntax === undefined) return dialect.hereDocuments;
  const name = parseReference(frontendOf(syntax.value));
  const tag = name?.digest === undefined ? (name?.tag ?? 'latest') : '';
  return /^(latest|labs|master|1(\.([4-9]|[1-9]\d+)(\.\d+)?)?)(-labs)?$/.test(tag);
}

/** BuildKit takes the first word, and gives the rest to the frontend. */
const frontendOf = (value: string): string => value.split(/\s/)[0] ?? '';

function* writeDirectives(state: State, directives: Split['directives']): Iterable<string> {
  const syntax = directives.get('syntax');
  if (syntax !== undefined) {
    const reference = frontendOf(syntax.value);
    const name = parseReference(reference);
    const { line } = syntax;
    if (state.dialect.builder === 'buildkit')
      if (name === undefined || !isDockerfileFrontend(name))
        state.mistake ??= { line, detail: foreignFrontend(reference) };
      else state.images.push({ reference, name, line, use: 'syntax' });
    yield name === undefined ? '#' : `# syntax=${canonicalName(name)}`;
  }
  for (const [name, { value }] of directives)
    if (name === 'escape' || name === 'check') yield `# ${name}=${value}`;
}

const foreignFrontend = (reference: string): string =>
  `Dockerfiles are read here by docker/dockerfile, not by ${reference}. Remove the line, or name that.`;

/** The instruction on one line, with the whole names of its images. */
function rewrite(state: State, { keyword, rest, line }: Instruction): string {
  const rewritten = rewriters[keyword]?.(state, rest, line) ?? rest;
  return `${keyword} ${rewritten}`.trimEnd();
}

type Rewriter = (state: State, rest: string, line: number) => string;

const rewriters: Readonly<Record<string, Rewriter | undefined>> = {
  FROM: rewriteFrom,
  ARG: readArguments,
  COPY: rewriteSources,
  ADD: rewriteAdd,
  RUN: rewriteSources,
  ONBUILD: rewriteTrigger,
};

function rewriteFrom(state: State, rest: string, line: number): string {
  const { flags, rest: behind } = splitFlags(rest);
  const [written = '', ...others] = words(behind);
  if (!knowsSubstitution(written)) refuse(state, line, `write the image out: ${written}`);
  const from = expand(state, written);
  const isStage = state.stages.some(({ name }) => name === from.toLowerCase());
  const target =
    isStage || from === 'scratch' ? from : needImage(state, from, { line, use: 'base' });
  state.stages.push({ name: stageName(others), from, line });
  const kept = state.dialect.builder === 'classic' ? withoutPlatform(state, flags, line) : flags;
  if (kept.some((flag) => !/^--platform=[\w./${}:+-]*$/.test(flag)))
    refuse(state, line, `FROM does not take ${kept.join(' ')}`);
  return [...kept, target, ...others].join(' ');
}

/** What is looked at before is the image of the engine's own platform. */
function withoutPlatform(state: State, flags: readonly string[], line: number): string[] {
  return flags.filter((flag) => {
    const [, written] = /^--platform=(.*)$/s.exec(flag) ?? [];
    if (written === undefined) return true;
    const platform = expand(state, written);
    const own = lookUp(state.values, 'TARGETPLATFORM');
    if (own !== undefined && !isSamePlatform(platform, own))
      refuse(state, line, `the classic builder builds for ${own}, not for ${platform}`);
    return false;
  });
}

function readArguments(state: State, rest: string): string {
  for (const word of words(rest)) {
    const [name, written] = split(word);
    state.arguments.add(name);
    if (state.stages.length > 0) continue;
    const value = lookUp(state.values, name) ?? (written && expand(state, written));
    if (value !== undefined) state.globals.set(name, value);
  }
  return rest;
}

function rewriteSources(state: State, text: string, line: number): string {
  const { flags, rest } = splitFlags(text);
  if (mayHideSource(flags, rest))
    refuse(state, line, 'write the flag that names an image or a stage without quotes and escapes');
  const renamed = flags.map((flag) => renameSource(flag, (from) => nameSource(state, from, line)));
  return [...renamed, rest].join(' ');
}

function rewriteAdd(state: State, text: string, line: number): string {
  const { flags, rest } = splitFlags(rewriteSources(state, text, line));
  const kept = keepAddLocal(rest);
  if (kept === undefined)
    refuse(
      state,
      line,
      'ADD takes no addresses here. Fetch it in a step (RUN wget …), or commit the file',
    );
  return [...flags, kept ?? rest].join(' ');
}

/** What a later build on this one would do, or one of this file's stages that is based on another. */
function rewriteTrigger(state: State, rest: string, line: number): string {
  const [, keyword = '', behind = ''] = /^([a-zA-Z]*)[\s\u0085]*(.*)$/s.exec(rest) ?? [];
  const upper = keyword.toUpperCase();
  if (!['COPY', 'ADD', 'RUN'].includes(upper)) {
    if (['ONBUILD', 'FROM', ''].includes(upper))
      refuse(state, line, `ONBUILD does not take ${rest.slice(0, 50)}`);
    return rest;
  }
  const rewritten = (upper === 'ADD' ? rewriteAdd : rewriteSources)(state, behind, line);
  return `${upper} ${rewritten}`;
}

/** A stage as it is written, or the whole name of an image. BuildKit knows stages that come later, too. */
function nameSource(state: State, from: string, line: number): string {
  const { stages, names, dialect } = state;
  const lower = from.toLowerCase();
  const isStage =
    dialect.builder === 'buildkit' ? names.has(lower) : stages.some(({ name }) => name === lower);
  if (isStage || from === 'scratch') return from;
  if (!/^[+-]?\d+$/.test(from)) return needImage(state, from, { line, use: 'source' });
  if (!/^\d{1,9}$/.test(from) || Number(from) >= stages.length)
    refuse(state, line, `there is no stage ${from} before it`);
  return from;
}

/** Notes an image, unless it is noted already; its whole name. */
function needImage(
  state: State,
  reference: string,
  { line, use }: { line: number; use: 'base' | 'source' },
): string {
  const name = parseReference(reference);
  if (name === undefined) {
    refuse(state, line, notAName(reference));
    return reference;
  }
  const whole = canonicalName(name);
  const known = state.images.some(
    (image) => canonicalName(image.name) === whole && (image.use === use || image.use === 'base'),
  );
  if (!known) state.images.push({ reference, name, line, use });
  return whole;
}

const notAName = (reference: string): string =>
  reference === ''
    ? 'there is no image: a variable has no value'
    : `${reference.slice(0, 200)} is no image's name. An image is named by its repository and tag or digest, in lower case`;

const refuse = (state: State, line: number, why: string): void => {
  state.mistake ??= { line, detail: `${why}.` };
};

const expand = ({ globals, values, escape }: State, text: string): string =>
  substitute(text, (name) => globals.get(name) ?? platformValue(values, name), escape);

/** What BuildKit knows of the platform without being told. */
const platformValue = (values: Variables, name: string): string | undefined =>
  /^(TARGET|BUILD)(PLATFORM|OS|ARCH|VARIANT)$/.test(name) ? lookUp(values, name) : undefined;

const lookUp = (values: Variables, name: string): string | undefined =>
  Object.hasOwn(values, name) ? values[name] : undefined;

const words = (text: string): string[] => text.split(/[\s\u0085]+/).filter((word) => word !== '');

const stageNameOf = ({ keyword, rest }: Instruction): string | undefined =>
  keyword === 'FROM' ? stageName(words(splitFlags(rest).rest).slice(1)) : undefined;

/** Behind the image: `AS name`, which no engine takes where it is not such a name. */
function stageName([as, name, ...more]: readonly string[]): string | undefined {
  const lower = name?.toLowerCase() ?? '';
  const isNamed = as?.toUpperCase() === 'AS' && more.length === 0;
  return isNamed && /^[a-z][a-z0-9._-]*$/.test(lower) ? lower : undefined;
}

function split(word: string): [name: string, value: string | undefined] {
  const at = word.indexOf('=');
  return at === -1 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

/**
 * The images that the triggers of a base (ONBUILD) name, in a file that has these stages before it. Triggers cannot
 * be written anew, so that what an engine may take for an image's id is a mistake.
 */
export function readTriggers(
  triggers: readonly string[],
  { stages, line, dialect }: { stages: readonly Stage[]; line: number; dialect: Dialect },
): { images: readonly NeededImage[]; mistake: Mistake | undefined } {
  const state = newState({}, dialect);
  state.stages.push(...stages.filter((stage) => stage.line < line));
  for (const trigger of triggers)
    if (/[\r\n]|[\\`]\s*$/.test(trigger))
      refuse(state, line, 'a trigger of the image (ONBUILD) has several lines');
    else if (/^\s*ADD\b.*[$"'\\`]/i.test(trigger))
      refuse(state, line, 'a trigger of the image (ONBUILD) is an ADD with variables or quotes');
    else rewriteTrigger(state, trimStart(trigger), line);
  const id = state.images.find(({ reference }) => mayBeId(reference));
  if (id !== undefined)
    refuse(
      state,
      line,
      `a trigger of the image (ONBUILD) names ${id.reference}, which may be an id`,
    );
  return { images: state.images, mistake: state.mistake };
}

const newState = (values: Variables, dialect: Dialect): State => ({
  values,
  dialect,
  globals: new Map(),
  escape: '\\',
  names: new Set(),
  stages: [],
  images: [],
  arguments: new Set(),
  mistake: undefined,
});

/** Whether it means this platform: `linux/amd64`, its architecture alone, a variant that goes without saying. */
function isSamePlatform(written: string, own: string): boolean {
  const [os = '', architecture = ''] = own.split('/');
  const asked = written.toLowerCase().replace('x86_64', 'amd64').replace('aarch64', 'arm64');
  return (
    [own, architecture, `${os}/${architecture}/v8`].includes(asked) &&
    !(asked.endsWith('/v8') && architecture !== 'arm64')
  );
}
