import type { IncomingMessage, ServerResponse } from 'node:http';

/** What git-lfs says before a push, and where somebody fetches what it once pushed. */
export const NO_LFS =
  'Git LFS: contents are not kept here, only what git has of them. Keep them on a server that builds reach, and name it in the repository (git config -f .lfsconfig lfs.url https://…/info/lfs), or push without them (git push --no-verify).';

/** Whether git-lfs asks, which looks for its server below the repository (git-lfs's docs/api/server-discovery). */
export const isLfs = ({ url = '' }: IncomingMessage): boolean =>
  /^\/+git\/[^/?]+\/info\/lfs(\/|\?|$)/.test(url);

/** In the form that git-lfs shows its user, by the status that it takes for a server without. */
export function refuseLfs(response: ServerResponse): void {
  response.writeHead(501, { 'content-type': 'application/vnd.git-lfs+json', connection: 'close' });
  response.end(JSON.stringify({ message: NO_LFS }));
}
