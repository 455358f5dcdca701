import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';

/** A registry on this machine with one image of one empty layer, for whoever logs in. */
export async function serveRegistry(
  t: TestContext,
  login: { username: string; password: string },
): Promise<{ host: string }> {
  const { blobs, manifest } = makeImage();
  const expected = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
  const server = createServer((request, response) => {
    if (request.headers.authorization !== expected) return refuse(response);
    const [, digest = ''] = /\/blobs\/(.+)$/.exec(request.url ?? '') ?? [];
    const isManifest = /\/manifests\//.test(request.url ?? '');
    const content = isManifest ? manifest : blobs.get(digest);
    if (request.url !== '/v2/' && content === undefined) return response.writeHead(404).end();
    return response
      .writeHead(200, {
        'content-type': isManifest ? MANIFEST : 'application/octet-stream',
        'docker-content-digest': digestOf(content ?? Buffer.alloc(0)),
        'content-length': content?.length ?? 0,
      })
      .end(request.method === 'HEAD' ? undefined : content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const refuse = (response: ServerResponse) =>
  response
    .writeHead(401, {
      'www-authenticate': 'Basic realm="test"',
      'content-type': 'application/json',
    })
    .end(
      JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] }),
    );

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

const digestOf = (content: Buffer): string =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;

function makeImage(): { blobs: Map<string, Buffer>; manifest: Buffer } {
  const archive = Buffer.alloc(1024);
  const layer = gzipSync(archive);
  const rootfs = { type: 'layers', diff_ids: [digestOf(archive)] };
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs, history: [{}] }),
  );
  const describe = (content: Buffer, mediaType: string) => ({
    mediaType,
    size: content.length,
    digest: digestOf(content),
  });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: describe(config, 'application/vnd.docker.container.image.v1+json'),
      layers: [describe(layer, 'application/vnd.docker.image.rootfs.diff.tar.gzip')],
    }),
  );
  return { blobs: new Map([layer, config].map((blob) => [digestOf(blob), blob])), manifest };
}
