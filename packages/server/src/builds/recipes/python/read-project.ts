import { parse } from 'smol-toml';
import { z } from 'zod';
import type { CommitFiles } from '../../recipe.ts';

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
  readToml(files, 'pyproject.toml', pyproject);

export const readPipfile = (files: CommitFiles): z.infer<typeof pipfile> | undefined =>
  readToml(files, 'Pipfile', pipfile);

function readToml<T>(files: CommitFiles, path: string, schema: z.ZodType<T>): T | undefined {
  const said = files.get(path)?.text;
  if (said === undefined) return undefined;
  try {
    return schema.safeParse(parse(said.replace(/^\uFEFF/, ''))).data;
  } catch {
    return undefined;
  }
}
