import { DAY, HOUR, MINUTE, SECOND } from './duration.ts';

/** `90 seconds`, `25 minutes`, `3 hours`, `2 days`: for what is only roughly known. */
export function spellRoughly(milliseconds: number): string {
  const [unit, length] =
    milliseconds < 2 * MINUTE
      ? ['second', SECOND]
      : milliseconds < 2 * HOUR
        ? ['minute', MINUTE]
        : milliseconds < 2 * DAY
          ? ['hour', HOUR]
          : ['day', DAY];
  const count = Math.round(milliseconds / length);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** `90s`, `30m`, `12h`, `2d`, or seconds without a unit, in milliseconds; undefined where it is none of these. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit = 's'] = /^(\d{1,9})\s*(s|m|h|d)?$/.exec(text.trim()) ?? [];
  if (count === undefined) return undefined;
  const units: Record<string, number> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY };
  const length = Number(count) * (units[unit] ?? SECOND);
  return length > 0 ? length : undefined;
}
