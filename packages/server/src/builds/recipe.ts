import type { Command, ContainerCommand, ImageBuild, RegistryLogin } from '../workloads/engine.ts';
import type { BuildFailure, BuildInput } from './build.ts';
import type { Reach } from './reach.ts';
import type { Documented } from './variables.ts';

export type Variables = Readonly<Record<string, string>>;

export type Failure = { reason: BuildFailure; detail: string };

/**
 * How the applications of a runtime are built and started, from what is known before a file is checked
 * out: the variables, this machine's tools, and a few small files of the commit. Data and pure functions.
 */
export type Recipe = {
  /** Grows when the same inputs would be built into something else. */
  version: string;
  /** What users can set. */
  variables: readonly Documented[];
  /** What it must know of the commit; asked again with what was found, until it wants nothing new. */
  wants(environment: Variables, found: CommitFiles): readonly Wanted[];
  plan(given: Given): RecipePlan | Failure;
};

export type Given = Pick<BuildInput, 'environment' | 'kind'> & { files: CommitFiles };

/** A path below the application's folder, and whether what it says matters. */
export type Wanted = { path: string; read: boolean };

/** What stands at the paths that were wanted; undefined where nothing does. */
export type CommitFiles = ReadonlyMap<string, CommitFile | undefined>;

/** A file of the commit; its text where that was wanted, and is no longer than so many bytes. */
export type CommitFile = { text: string | undefined; longerThan?: number };

/** What a recipe decides; the frame adds what all runtimes have in common. */
export type RecipePlan = {
  toolchain: Toolchain;
  dependencies: Dependencies | undefined;
  /** What builds, once the dependencies are there. */
  build: BuildCommand | ImagePlan | undefined;
  start: Start;
  /** What the user should know, once. */
  notices: readonly string[];
};

/** The programs of this machine that build and run the application. */
export type Toolchain = {
  /** Folders that come first on the path. */
  path: readonly string[];
  variables: Variables;
  /** What must be seen of it outside /usr. */
  readOnly: readonly string[];
  /** Tells builds with other programs apart. */
  digest: string;
};

/** What is run, and how a failure names it. */
type BuildCommand = { name: string; command: Command };

/** An image that is made of the tree, and how a failure names that; what it is called, its artifact decides. */
export type ImagePlan = {
  name: string;
  /** The file that says how, which must be there when the pre-build hook is over. */
  needs: NeededFile;
  image: {
    builder: ImageBuild['makes']['builder'];
    login: RegistryLogin | undefined;
    /** The variables that its build can see, by name; undefined where that may be any. */
    arguments: readonly string[] | undefined;
  };
};

/** What is started, and the file that must be there for it. */
export type Start = NeededFile & {
  command: Command | ImageStart;
  /** The variable that says which port a Webapp serves, where one may. */
  portVariable?: string;
};

/** What the image of the build brings is started. */
export type ImageStart = Omit<ContainerCommand, 'image' | 'argv'>;

export type NeededFile = {
  /** What decided: a variable, or a value in a file. */
  setting: string;
  file: { path: string; executable: boolean } | undefined;
};

/** Packages that are installed into /opt/env, apart from the tree, and taken by all builds with equal keys. */
export type Dependencies = {
  /** The file that lists them, relative to the folder; it is read when the pre-build hook is over. */
  path: string;
  /** The variable that names the file, which must be there then. */
  namedBy: string | undefined;
  /** What installs them; it leaves `RAN_NO_CODE` where no code of a package ran in doing so. */
  install: Command;
  /** Run before all that may build packages; what is forgotten was built where something else was seen. */
  forget(seen: string): Command;
  /** What installing needs of this machine: settings, and files that they name. */
  variables: Variables;
  readOnly: readonly string[];
  /** Folders and variables that come with the installed packages. */
  provides: Pick<Toolchain, 'path' | 'variables'>;
  /** What a file draws in beside packages. */
  references(file: ListFile, seen: Seen): References;
  /** Files that change what is installed where they stand in the folder or above it. */
  settings: readonly { name: string; read(text: string, seen: Seen): Reach | undefined }[];
  /** Variables that change what is installed. */
  decidedBy: RegExp;
  /** What those of them that the user set draw in. */
  drawnIn(settings: Variables, seen: Seen): References;
};

/** What the installer leaves in /opt/env where only finished packages were unpacked: such are the same whatever the variables. */
export const RAN_NO_CODE = '.ran-no-code';

/** A file that lists dependencies: where it is in the tree, and what it says. */
export type ListFile = { path: string; bytes: Buffer };

/** What an installer sees: its variables, where the tree is, and the folder that it works in. */
export type Seen = { variables: Variables; home: string; folder: string };

/** What a file that lists dependencies draws in beside packages. */
export type References = {
  /** Other files of the kind, relative to the tree. */
  files: readonly string[];
  reach: Reach;
  /** Variables whose values are written into its lines (`${NAME}`). */
  variables: readonly string[];
};

/** The dependencies that a tree asks for. */
export type Manifest = Pick<References, 'reach' | 'variables'> & {
  /** sha256 over the bytes of the file, of every file it names and of the settings around it. */
  digest: string;
};
