import { readProfile } from './profile.ts';

/** What scripts and the `clever` CLI need to act as whoever is signed in, for `eval`. */
export function printExports(): void {
  const { url, token, secret } = readProfile();
  const variables = {
    GRID_URL: url,
    GRID_TOKEN: token,
    GRID_SECRET: secret,
    API_HOST: url,
    CONSOLE_URL: url,
    AUTH_BRIDGE_HOST: url,
    CLEVER_TOKEN: token,
    CLEVER_SECRET: secret,
  };
  for (const [name, value] of Object.entries(variables))
    process.stdout.write(`export ${name}='${value}'\n`);
}
