import type { RegistryLogin } from '../../../workloads/engine.ts';
import type { ImageReference } from './image-reference.ts';

/** An image's name as an engine is asked for it; a name without tag would mean all of them. */
export type PullName = { fromImage: string; tag: string };

export const pullName = ({ domain, path, tag, digest }: ImageReference): PullName => ({
  fromImage: `${domain}/${path}`,
  tag: digest ?? tag ?? 'latest',
});

const HUB = 'docker.io';

/** A server as people write it; Docker Hub has many names. */
export function hostOf(server: string): string {
  const host = server.replace(/^https?:\/\//, '').split('/')[0] ?? '';
  return ['', HUB, `index.${HUB}`, `registry-1.${HUB}`, 'hub.docker.com'].includes(host)
    ? HUB
    : host.toLowerCase();
}

/** What the engine calls the server of a login. */
export const serverAddress = ({ server }: RegistryLogin): string =>
  hostOf(server) === HUB ? `https://index.${HUB}/v1/` : hostOf(server);

/** Goes with a pull, if the image is in the registry that the login is for. */
export function pullHeaders(
  { domain }: ImageReference,
  login: RegistryLogin | undefined,
): Record<string, string> {
  if (login === undefined || hostOf(domain) !== hostOf(login.server)) return {};
  return { 'x-registry-auth': encode(credentials(login)) };
}

/** Goes with a build: what it pulls by itself, it pulls with this. */
export const buildHeaders = (login: RegistryLogin | undefined): Record<string, string> =>
  login === undefined
    ? {}
    : { 'x-registry-config': encode({ [serverAddress(login)]: credentials(login) }) };

export const credentials = (login: RegistryLogin) => ({
  username: login.username,
  password: login.password,
  serveraddress: serverAddress(login),
});

/** As Docker reads it: of base64 for addresses, with the padding that Node leaves out. */
function encode(value: object): string {
  const text = Buffer.from(JSON.stringify(value)).toString('base64url');
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}
