import { parse } from 'smol-toml';
import { z } from 'zod';
import type { CommitFile, CommitFiles } from '../../recipe.ts';

const text = z.string().optional().catch(undefined);
const table = z.record(z.string(), z.unknown()).optional().catch(undefined);

const pyproject = z.object({
  project: z.object({ 'requires-python': text }).optional().catch(undefined),
  'build-system': table,
  tool: z
    .object({
      uv: table,
      poetry: z
        .object({ dependencies: z.object({ python: text }).optional().catch(undefined) })
        .optional()
        .catch(undefined),
    })
    .optional()
    .catch(undefined),
});

const pipfile = z.object({
  requires: z
    .object({ python_version: text, python_full_version: text })
    .optional()
    .catch(undefined),
});

export type Pyproject = z.infer<typeof pyproject>;

/** What `pyproject.toml` says; nothing where it cannot be read, which its installer says in its own words. */
export const readPyproject = (files: CommitFiles): Pyproject | undefined =>
  pyproject.safeParse(readToml(files, 'pyproject.toml')).data;

export const readPipfile = (files: CommitFiles): z.infer<typeof pipfile> | undefined =>
  pipfile.safeParse(readToml(files, 'Pipfile')).data;

/** Asked again and again, and parsed once. */
const parsed = new WeakMap<CommitFile, unknown>();

function readToml(files: CommitFiles, path: string): unknown {
  const file = files.get(path);
  if (file?.text === undefined) return undefined;
  if (!parsed.has(file)) parsed.set(file, parseToml(file.text));
  return parsed.get(file);
}

function parseToml(said: string): unknown {
  try {
    return parse(said.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}
