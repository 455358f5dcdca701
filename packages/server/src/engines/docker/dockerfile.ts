import { splitInstructions } from './dockerfile-lines.ts';
import { substitute } from './dockerfile-variables.ts';
import type { Variables } from './dockerfile-variables.ts';

/** The little that has to be known of a Dockerfile before an engine builds it. */
export type Dockerfile = {
  stages: readonly Stage[];
  /** Every image that has to be there for the build, where its name is known before. */
  images: readonly ImageReference[];
  /** The names that ARG declares anywhere. */
  arguments: readonly string[];
};

export type Stage = { name: string | undefined; from: string; line: number };

export type ImageReference = {
  reference: string;
  line: number;
  /** The image of a `# syntax=` line is what BuildKit reads the file with; nothing is based on it. */
  use: 'base' | 'syntax';
};

/**
 * Reads a Dockerfile with the values that its ARGs get. It never refuses: what is wrong in the file the
 * engine says, with the line.
 */
export function readDockerfile(text: string, values: Variables): Dockerfile {
  const { directives, instructions } = splitInstructions(text);
  const escape = directives.get('escape')?.value ?? '\\';
  const globals = new Map<string, string>();
  const state: State = { stages: [], images: [], arguments: new Set(), globals, values, escape };
  const syntax = directives.get('syntax');
  if (syntax !== undefined)
    state.images.push({ reference: syntax.value, line: syntax.line, use: 'syntax' });
  for (const { keyword, rest, line } of instructions) readers[keyword]?.(state, rest, line);
  return {
    stages: state.stages,
    images: state.images.filter(({ reference }) => isReference(reference)),
    arguments: [...state.arguments],
  };
}

type State = {
  stages: Stage[];
  images: ImageReference[];
  arguments: Set<string>;
  globals: Map<string, string>;
  values: Variables;
  escape: string;
};

type Reader = (state: State, rest: string, line: number) => void;

const readers: Readonly<Record<string, Reader | undefined>> = {
  FROM: readFrom,
  ARG: readArguments,
  COPY: readSource,
  ADD: readSource,
  RUN: readMounts,
};

function readFrom(state: State, rest: string, line: number): void {
  const [written = '', as, name] = words(rest).filter((word) => !word.startsWith('--'));
  const from = expand(state, written);
  needImage(state, from, line);
  const named = as?.toUpperCase() === 'AS' ? name?.toLowerCase() : undefined;
  state.stages.push({ name: named, from, line });
}

function readArguments(state: State, rest: string): void {
  for (const word of words(rest)) {
    const [name, written] = split(word);
    state.arguments.add(name);
    if (state.stages.length > 0) continue;
    const value = lookUp(state.values, name) ?? (written && expand(state, written));
    if (value !== undefined) state.globals.set(name, value);
  }
}

function readSource(state: State, rest: string, line: number): void {
  for (const flag of flags(rest))
    if (flag.startsWith('--from=')) needImage(state, flag.slice('--from='.length), line);
}

function readMounts(state: State, rest: string, line: number): void {
  const mounts = flags(rest).filter((flag) => flag.startsWith('--mount='));
  for (const option of mounts.flatMap((mount) => mount.slice('--mount='.length).split(',')))
    if (option.startsWith('from=')) needImage(state, option.slice('from='.length), line);
}

/** Notes an image, unless it is a stage by name or number, nothing at all, or noted already. */
function needImage({ stages, images }: State, reference: string, line: number): void {
  const name = reference.toLowerCase();
  const isStage = /^\d+$/.test(name) || stages.some((stage) => stage.name === name);
  const known = images.some((image) => image.use === 'base' && image.reference === reference);
  if (!isStage && !known && name !== 'scratch') images.push({ reference, line, use: 'base' });
}

/** Whether it may be an image's name: it becomes part of a path at the engine. */
export const isReference = (text: string): boolean =>
  text.length <= 500 &&
  /^[a-zA-Z0-9][\w.-]*(:\d+)?(\/[a-z0-9][a-z0-9._-]*)*(:\w[\w.-]*)?(@[\w+.-]+:[0-9a-fA-F]+)?$/.test(
    text,
  );

const expand = ({ globals, values, escape }: State, text: string): string =>
  substitute(text, (name) => globals.get(name) ?? platformValue(values, name), escape);

/** What BuildKit knows of the platform without being told. */
const platformValue = (values: Variables, name: string): string | undefined =>
  /^(TARGET|BUILD)(PLATFORM|OS|ARCH|VARIANT)$/.test(name) ? lookUp(values, name) : undefined;

const lookUp = (values: Variables, name: string): string | undefined =>
  Object.hasOwn(values, name) ? values[name] : undefined;

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

function flags(rest: string): string[] {
  const all = words(rest);
  const end = all.findIndex((word) => !word.startsWith('--'));
  return end === -1 ? all : all.slice(0, end);
}

function split(word: string): [name: string, value: string | undefined] {
  const at = word.indexOf('=');
  return at === -1 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}
