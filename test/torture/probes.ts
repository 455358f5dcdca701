import { connect } from 'node:net';
import { request } from 'node:http';
import ssh from 'ssh2';

/** What the innocent have and know. */
export type Credentials = {
  port: number;
  sshPort: number;
  bearer: string;
  basic: string;
  ownerId: string;
  webapp: string;
  host: string;
  email: string;
  password: string;
  /** A private key, as text. */
  key: string;
};

/** One request of an innocent client: resolves when it has what it asked for. */
export type Probe = {
  name: string;
  /** Milliseconds between two. */
  pause: number;
  once(credentials: Credentials, signal: AbortSignal): Promise<void>;
};

const PASSWORD_COSTS = 1_000;

export const probes: readonly Probe[] = [
  { name: 'list', pause: 50, once: (own, signal) => expect200(own, apiOf(own), signal) },
  {
    name: 'get',
    pause: 50,
    once: (own, signal) =>
      expect200(own, { ...apiOf(own), path: `${apiOf(own).path}/${own.webapp}` }, signal),
  },
  {
    name: 'page',
    pause: 100,
    once: (own, signal) => expect200(own, { path: '/sign-in', headers: {} }, signal),
  },
  { name: 'visit', pause: 20, once: (own, signal) => expect200(own, visitOf(own), signal) },
  {
    name: 'sign-in',
    pause: PASSWORD_COSTS,
    once: ({ email, password, ...own }, signal) => {
      const body = JSON.stringify({ email, password });
      const headers = { 'content-type': 'application/json' };
      return expect200(own, { method: 'POST', path: '/grid/v1/sign-in', headers, body }, signal);
    },
  },
  {
    name: 'git-http',
    pause: 200,
    once: (own, signal) => {
      const path = `/git/${own.webapp}.git/info/refs?service=git-upload-pack`;
      return expect200(own, { path, headers: { authorization: own.basic } }, signal);
    },
  },
  { name: 'git-ssh', pause: 200, once: listBySsh },
];

type Asked = { method?: string; path: string; headers: Record<string, string>; body?: string };

const apiOf = ({ ownerId, bearer }: Credentials): Asked => ({
  path: `/v2/organisations/${ownerId}/applications`,
  headers: { authorization: bearer },
});

const visitOf = ({ host }: Credentials): Asked => ({ path: '/', headers: { host } });

function expect200(
  { port }: Pick<Credentials, 'port'>,
  { body, ...asked }: Asked,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, agent: false, ...asked, signal });
    outgoing.on('error', reject);
    outgoing.on('response', (answer) => {
      answer.on('error', reject);
      answer.resume().on('end', () => {
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`answered ${answer.statusCode}`));
      });
    });
    outgoing.end(body);
  });
}

/** As `git ls-remote` does, up to the references. */
function listBySsh({ sshPort, key, webapp }: Credentials, signal: AbortSignal): Promise<void> {
  const client = new ssh.Client();
  const asked = new Promise<void>((resolve, reject) => {
    client.on('error', reject);
    client.on('close', () => reject(new Error('the connection was closed')));
    signal.addEventListener('abort', () => reject(new Error('no answer in time')), { once: true });
    client.on('ready', () =>
      client.exec(`git-upload-pack '/${webapp}.git'`, (error, channel) => {
        if (error !== undefined) return reject(error);
        channel.once('data', () => resolve());
        return channel.once('close', () => reject(new Error('ended without references')));
      }),
    );
    const sock = connect({ host: '127.0.0.1', port: sshPort });
    sock.on('error', reject);
    client.connect({ sock, username: 'git', privateKey: key, readyTimeout: 15_000 });
  });
  return asked.finally(() => client.destroy());
}
