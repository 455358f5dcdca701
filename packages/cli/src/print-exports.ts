import { platform } from '@grid/api';
import { clientOf, readProfile, writeAuthority } from './profile.ts';

/** What scripts and the `clever` CLI need to act as whoever is signed in, for `eval`. */
export async function printExports(): Promise<void> {
  const profile = readProfile();
  const { url, token, secret } = profile;
  const { sshUrl } = await clientOf(profile).call(platform.getStatus);
  const authority = writeAuthority(profile);
  const variables = {
    GRID_URL: url,
    GRID_TOKEN: token,
    GRID_SECRET: secret,
    API_HOST: url,
    CONSOLE_URL: url,
    AUTH_BRIDGE_HOST: url,
    SSH_GATEWAY: sshGatewayOf(sshUrl),
    CLEVER_TOKEN: token,
    CLEVER_SECRET: secret,
    NODE_EXTRA_CA_CERTS: authority,
    ...(authority && trustByGit(url, authority, process.env['GIT_CONFIG_COUNT'])),
  };
  for (const [name, value] of Object.entries(variables))
    if (value !== undefined) process.stdout.write(`${exportOf(name, value)}\n`);
}

/** Git trusts the authority for this platform alone, and keeps the configuration that its environment has. */
const trustByGit = (url: string, authority: string, count = '0') => ({
  GIT_CONFIG_COUNT: String(Number(count) + 1),
  [`GIT_CONFIG_KEY_${count}`]: `http.${url}.sslCAInfo`,
  [`GIT_CONFIG_VALUE_${count}`]: authority,
});

/** Where the `clever` CLI connects to instances. */
export const sshGatewayOf = (sshUrl: string): string =>
  sshUrl.replace(/^ssh:\/\/git@/, 'ssh://ssh@');

export const exportOf = (name: string, value: string): string =>
  `export ${name}='${value.replaceAll("'", "'\\''")}'`;
