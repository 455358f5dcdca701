import type { Config } from './config.ts';
import { nearest } from './lib/nearest.ts';
import { namesOf, settingNames, settingOf, unknownVariables, variableNames } from './settings.ts';
import type { SettingName } from './settings.ts';

type Values = Readonly<Partial<Record<SettingName, unknown>>>;
type Environment = Readonly<Record<string, string | undefined>>;

/** Where settings come from: options (strongest), `GRID_*` variables, a file and defaults (weakest). */
export type ConfigSources = {
  options: Values;
  environment: Environment;
  file: { path: string; content: Readonly<Record<string, unknown>> };
  defaults: Values;
};

/** A value, and what its user knows it by. */
type Given = { value: unknown; from: string };

/** Settings that do not fit, all at once. */
export class InvalidConfig extends Error {
  override readonly name = 'InvalidConfig';
}

/** What the strongest source that says anything says of a setting. An empty variable says nothing. */
export function findGiven(name: SettingName, sources: ConfigSources): Given {
  const { options, environment, file, defaults } = sources;
  const { option, variable } = namesOf(name);
  const variables = [variable, settingOf(name).otherVariable ?? variable].map((from) => ({
    value: environment[from] === '' ? undefined : environment[from],
    from,
  }));
  const given = [
    { value: options[name], from: option },
    ...variables,
    { value: file.content[name], from: `${name} in ${file.path}` },
  ].find(({ value }) => value !== undefined);
  return given ?? { value: defaults[name], from: option };
}

/** What is said of a `GRID_*` variable that nothing reads. */
export function describeUnknownVariable(name: string): string {
  const meant = nearestVariable(name);
  const help =
    meant === undefined ? '"grid up --help" says which there are' : `did you mean ${meant}?`;
  return `${name}: there is no such variable; ${help} (unset ${name} takes it away)`;
}

/** The variable that was probably meant. */
export function nearestVariable(name: string): string | undefined {
  const own = (variable: string): string => variable.slice('GRID_'.length);
  const meant = nearest(own(name), variableNames().map(own));
  return meant && `GRID_${meant}`;
}

function describeUnknownKey(key: string, path: string): string {
  const meant = nearest(key, settingNames);
  const help =
    meant === undefined ? '"grid up --help" says which there are' : `did you mean ${meant}?`;
  return `${key} in ${path}: there is no such setting; ${help}`;
}

const HALF_A_PAIR =
  '--tls-certificate (GRID_TLS_CERTIFICATE) and --tls-key (GRID_TLS_KEY): give both, or none for a certificate that the platform makes';

/** The configuration out of all sources. Throws `InvalidConfig` that names all that is wrong: where it was said, and the rule. */
export function parseConfig(sources: ConfigSources): Config {
  const { environment, file } = sources;
  const parsed = settingNames.map((name) => {
    const { value, from } = findGiven(name, sources);
    return { name, value, from, result: settingOf(name).check.safeParse(value) };
  });
  const halves = parsed.filter(
    ({ name, value }) => (name === 'tlsCertificate' || name === 'tlsKey') && value !== undefined,
  );
  const problems = [
    ...unknownVariables(environment).map(describeUnknownVariable),
    ...Object.keys(file.content)
      .filter((key) => !settingNames.some((name) => name === key))
      .map((key) => describeUnknownKey(key, file.path)),
    ...(halves.length === 1 ? [HALF_A_PAIR] : []),
    ...parsed.flatMap(({ from, result }) =>
      (result.error?.issues ?? []).map(({ message }) => `${from}: ${message}`),
    ),
  ];
  if (problems.length > 0)
    throw new InvalidConfig(`The configuration is wrong:\n  ${problems.join('\n  ')}`);
  const values = Object.fromEntries(parsed.map(({ name, result }) => [name, result.data]));
  // each value has passed the check of its name
  return { ...values, environment } as Config;
}
