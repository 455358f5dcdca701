/** Which part of a built tree its artifact keeps: paths relative to the application's folder. */
export type KeptPaths = {
  /** Nothing but these, where it is set. */
  only: readonly string[] | undefined;
  /** Never these. */
  except: readonly string[];
};

/** `look_inside`: some of what is below is kept, some is not. */
export type Fate = 'keep' | 'drop' | 'look_inside';

/** What becomes of a file or folder of the tree when the artifact is made. */
export function fateOf({ only, except }: KeptPaths, path: string): Fate {
  if (except.some((one) => covers(one, path))) return 'drop';
  const partly = except.some((one) => covers(path, one));
  if (only === undefined || only.some((one) => covers(one, path)))
    return partly ? 'look_inside' : 'keep';
  return only.some((one) => covers(path, one)) ? 'look_inside' : 'drop';
}

/** Whether `path` is `folder` itself or below it. */
const covers = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(`${folder}/`);
