import { posix } from 'node:path';

/** What a requirements file draws in beside packages. */
export type References = {
  /** Other requirements and constraints files, relative to the application's folder. */
  files: readonly string[];
  /** Whether it installs something out of the tree itself. */
  local: boolean;
};

/** Reads the lines of a requirements file at `path`, as pip does (its "Requirements File Format"). */
export function readReferences(path: string, text: string): References {
  const files: string[] = [];
  let local = false;
  for (const line of text.replaceAll(/\\\r?\n/g, ' ').split(/\r?\n/)) {
    const [, option, value] =
      /^\s*(-r|--requirement|-c|--constraint|-e|--editable)[\s=]*(\S+)/.exec(line) ?? [];
    if (option !== undefined && value !== undefined && /^(-r|-c|--r|--c)/.test(option)) {
      if (!value.includes('://')) files.push(posix.join(posix.dirname(path), value));
    } else if (
      value !== undefined ||
      /^\s*(\.{1,2}(\/|\s|$|\[)|\/|file:|[\w.-]+\s*@\s*file:)/.test(line)
    )
      local = true;
  }
  return { files, local };
}
