import { randomBytes, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import ssh from 'ssh2';
import type { Client } from 'ssh2';
import type { Attack } from '../attack.ts';
import { dial, hold, sendAndReset } from '../raw.ts';
import type { Scene } from '../scene.ts';
import { count, over, pour } from '../tally.ts';

const TENANT_CONNECTIONS = 250;
const FETCHES = 200;

/** What comes in by SSH, before and after somebody has proved who they are. */
export const sshAttacks: readonly Attack[] = [
  {
    name: 'ssh-resets',
    run({ sshPort }, tally, signal) {
      return pour({ times: 3_000, atOnce: 8, signal }, async (index) => {
        tally.tries += 1;
        const hello = index % 3 === 0 ? '' : 'SSH-2.0-torture\r\n';
        const noise = randomBytes(randomInt(1, 3_000));
        await sendAndReset(sshPort, Buffer.concat([Buffer.from(hello), noise]));
      });
    },
  },
  {
    name: 'ssh-strangers',
    async run({ sshPort }, tally, signal) {
      const heads = await hold(sshPort, { times: 250, text: 'SSH-2.0-torture\r\n', signal });
      for (const head of heads) count(tally, head === '' ? 0 : 200, 'a stranger');
    },
  },
  {
    name: 'ssh-tenant',
    async run(scene, tally, signal) {
      const held: Client[] = [];
      await pour({ times: TENANT_CONNECTIONS, atOnce: 4, signal }, async () => {
        const client = await signIn(scene);
        count(tally, client === undefined ? 429 : 200, 'a connection');
        if (client !== undefined) held.push(client);
      });
      await over(signal);
      for (const client of held) client.destroy();
    },
  },
  {
    name: 'ssh-fetches',
    async run(scene, tally, signal) {
      const client = await signIn(scene);
      if (client === undefined) return;
      const fetchOnce = (): Promise<void> =>
        new Promise((resolve) => {
          const late = (): void => resolve();
          signal.addEventListener('abort', late, { once: true });
          client.exec(`git-upload-pack '/${scene.attacker.webapp}.git'`, (error, channel) => {
            count(tally, error === undefined ? 200 : 429, 'a fetch');
            if (error !== undefined) resolve();
            channel?.on('error', () => undefined).once('close', resolve);
          });
        });
      await Promise.all(Array.from({ length: FETCHES }, fetchOnce));
      client.destroy();
    },
  },
];

/** A connection of the attacker's, or undefined where it is refused. */
async function signIn({ sshPort, attacker }: Scene): Promise<Client | undefined> {
  const sock = await dial(sshPort);
  if (sock === undefined) return undefined;
  const client = new ssh.Client();
  const ready = await new Promise<boolean>((resolve) => {
    client.on('ready', () => resolve(true));
    client.on('error', () => resolve(false));
    client.on('close', () => resolve(false));
    const privateKey = readFileSync(attacker.key, 'utf8');
    client.connect({ sock, username: 'git', privateKey, readyTimeout: 5_000 });
  });
  return ready ? client : undefined;
}
