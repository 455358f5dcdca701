import { describeUnknownVariable, nearestVariable } from '@grid/server/parse-config.ts';
import {
  defaultOf,
  namesOf,
  settingNames,
  settingOf,
  unknownVariables,
} from '@grid/server/settings.ts';
import type { SettingName } from '@grid/server/settings.ts';
import { Option } from 'commander';
import { Failure } from './fail.ts';

/** The option of a setting, behind what it was called before; what it is given is checked with all other settings. */
export function settingOption(name: SettingName): Option {
  const { takes, means, formerOption } = settingOf(name);
  const usual = defaultOf(name);
  const flags = [...(formerOption ? [formerOption] : []), `${namesOf(name).option} ${takes}`];
  return new Option(flags.join(', '), `${means}${usual === undefined ? '' : ` (${usual})`}`);
}

/** What the options of all settings were given, by the settings' names. */
export const settingsGiven = (
  options: Readonly<Record<string, unknown>>,
): Partial<Record<SettingName, unknown>> =>
  Object.fromEntries(
    settingNames.map((name) => [name, options[settingOption(name).attributeName()]]),
  );

/** Refuses a `GRID_*` variable that is one of ours but for a slip; what nobody could have meant is somebody else's. */
export function refuseMisspelled(environment: Readonly<Record<string, unknown>>): void {
  const misspelled = unknownVariables(environment).filter((name) => nearestVariable(name));
  if (misspelled.length > 0)
    throw new Failure(misspelled.map(describeUnknownVariable).join('\n'), 'misused');
}
