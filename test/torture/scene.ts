import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashSecret, newTokenPair } from '../../packages/server/src/accounts/credentials.ts';
import { hashPassword } from '../../packages/server/src/accounts/password.ts';
import { parseSshKey } from '../../packages/server/src/accounts/ssh-key.ts';
import { newId } from '../../packages/server/src/lib/ids.ts';
import { hostOf, openPlatform, run, until } from '../system/platform.ts';
import type { Files, Platform } from '../system/platform.ts';

/** A platform started as shipped, with an innocent tenant, and one who attacks. */
export type Scene = {
  platform: Platform;
  sshPort: number;
  innocent: Tenant & { email: string; password: string };
  attacker: Tenant;
};

/** Somebody with an organization, a Webapp that runs in it, and what they prove themselves with. */
export type Tenant = {
  bearer: string;
  basic: string;
  ownerId: string;
  /** The file of their SSH key. */
  key: string;
  webapp: string;
  host: string;
  ask(method: string, path: string, body?: unknown): Promise<{ status: number; json: unknown }>;
  /** An application out of these files, pushed to it. */
  push(files: Files, options: { type: string; env: Record<string, string> }): Promise<string>;
};

/** Answers, and says the time five times a second. */
const TICKING = `
import http.server, os, threading, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version, wbufsize = "HTTP/1.1", 65536
    def do_GET(self):
        self.send_response(200); self.send_header('content-length', '2'); self.end_headers()
        self.wfile.write(b'ok')
    do_POST = do_GET
    def log_message(self, *_): pass
def tick():
    while True:
        print('tick', int(time.time() * 1000), flush=True)
        time.sleep(0.2)
threading.Thread(target=tick, daemon=True).start()
http.server.ThreadingHTTPServer(('0.0.0.0', int(os.environ['PORT'])), Handler).serve_forever()
`;

const WEBAPP = { type: 'ml_python_web', env: { CC_MLPYTHON_RUN_MAIN: 'main.py' } };

export async function openScene(): Promise<Scene> {
  const platform = await openPlatform();
  const state = readFileSync(join(platform.data, 'control.json'), 'utf8');
  const { sshPort } = JSON.parse(state) as { sshPort: number };
  const password = 'an innocent password';
  const ivy = await addUser(platform, { name: 'ivy', password });
  const eve = await addUser(platform, { name: 'eve', password: undefined });
  const [innocent, attacker] = [await openTenant(platform, ivy), await openTenant(platform, eve)];
  return { platform, sshPort, innocent: { ...innocent, email: ivy.email, password }, attacker };
}

type Person = { email: string; token: string; secret: string; key: string };

/** In the database: there is no other way for a second user to come in by. */
async function addUser(
  platform: Platform,
  { name, password }: { name: string; password: string | undefined },
): Promise<Person> {
  const key = join(platform.home, `key-${name}`);
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const ssh = parseSshKey(readFileSync(`${key}.pub`, 'utf8'));
  const { token, secret } = newTokenPair();
  const [id, email, now] = [newId('user'), `${name}@example.com`, Date.now()];
  const hash = password === undefined ? 'null' : `'${await hashPassword(password)}'`;
  platform.change(`
    insert into users (id, email, name, password_hash, operator, created_at)
      values ('${id}', '${email}', '${name}', ${hash}, 0, ${now});
    insert into tokens (token, user_id, secret_hash, name, created_at, expires_at)
      values ('${token}', '${id}', '${hashSecret(secret)}', 'torture', ${now}, ${now + 86_400_000});
    insert into ssh_keys (user_id, name, type, key, fingerprint, created_at)
      values ('${id}', 'torture', '${ssh.type}', '${ssh.key}', '${ssh.fingerprint}', ${now});
  `);
  return { email, token, secret, key };
}

async function openTenant(platform: Platform, person: Person): Promise<Tenant> {
  const { token, secret, key } = person;
  const bearer = `Bearer ${token}.${secret}`;
  const ask: Tenant['ask'] = (method, path, body) =>
    askAs(platform, { bearer, method, path, body });
  const made = await ask('POST', '/grid/v1/organizations', { name: person.email });
  const { id: ownerId } = made.json as { id: string };
  const push: Tenant['push'] = async (files, { type, env }) => {
    const folder = await platform.repository(files);
    const created = await ask('POST', `/v2/organisations/${ownerId}/applications`, {
      name: `app-${folder.split('-').at(-1)}`,
      instanceVariant: type,
      env,
      minFlavor: 'pico',
      maxFlavor: 'pico',
    });
    const { id } = created.json as { id: string };
    const url = `http://${token}:${secret}@127.0.0.1:${platform.port()}/git/${id}.git`;
    await platform.git(['push', '--quiet', url, 'HEAD:master'], folder);
    return id;
  };
  const webapp = await push({ 'main.py': TICKING }, WEBAPP);
  const host = `${hostOf(webapp)}:${platform.port()}`;
  await until(`${host} answers`, async () => (await platform.visit(host)).status === 200);
  const basic = `Basic ${Buffer.from(`${token}:${secret}`).toString('base64')}`;
  return { bearer, basic, ownerId, key, webapp, host, ask, push };
}

async function askAs(
  platform: Platform,
  asked: { bearer: string; method: string; path: string; body: unknown },
): Promise<{ status: number; json: unknown }> {
  const { bearer, method, path, body } = asked;
  const answer = await fetch(`http://127.0.0.1:${platform.port()}${path}`, {
    method,
    signal: AbortSignal.timeout(60_000),
    headers: {
      authorization: bearer,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.includes('json') === true;
  return { status: answer.status, json: isJson ? JSON.parse(text) : text };
}
