import { generateKeyPairSync } from 'node:crypto';
import type { Attack } from '../attack.ts';
import type { Scene, Tenant } from '../scene.ts';
import { count, pour } from '../tally.ts';
import type { Tally } from '../tally.ts';

type Call = { method: string; path: string; body?: unknown };

/** Asks for one more each time, until one is refused that was not before, or the time is over. */
async function flood(
  { attacker }: Scene,
  tally: Tally,
  { times, signal, call }: { times: number; signal: AbortSignal; call(index: number): Call },
): Promise<void> {
  await pour({ times, atOnce: 4, signal }, async (index) => {
    const { method, path, body } = call(index);
    const none = { status: 0, json: undefined };
    const { status, json } = await attacker.ask(method, path, body).catch(() => none);
    count(tally, status, path);
    if (status >= 400) tally.notes.add(messageOf(json));
  });
}

const messageOf = (json: unknown): string =>
  typeof json === 'object' && json !== null && 'message' in json
    ? String(json.message).slice(0, 120)
    : '';

const application = ({ ownerId, webapp }: Tenant): string =>
  `/v2/organisations/${ownerId}/applications/${webapp}`;

/** What one account asks for, until its limits answer. */
export const floods: readonly Attack[] = [
  {
    name: 'variables',
    async run(scene, tally, signal) {
      const path = `${application(scene.attacker)}/env`;
      const names = Array.from({ length: 20_000 }, (_, at) => [`NAME_${at}`, 'x'.repeat(20)]);
      const before = (await scene.attacker.ask('GET', path)).json as {
        name: string;
        value: string;
      }[];
      const all = Object.fromEntries(names) as Record<string, string>;
      const call = () => ({ method: 'PUT', path, body: all });
      await flood(scene, tally, { times: 8, signal, call });
      const old = Object.fromEntries(before.map(({ name, value }) => [name, value]));
      await scene.attacker.ask('PUT', path, old);
    },
  },
  {
    name: 'applications',
    async run(scene, tally, signal) {
      const path = `/v2/organisations/${scene.attacker.ownerId}/applications`;
      const common = { instanceVariant: 'ml_python', env: {} };
      const call = (index: number) => ({
        method: 'POST',
        path,
        body: { ...common, name: `flood-${index}` },
      });
      await flood(scene, tally, { times: 300, signal, call });
      const made = (await scene.attacker.ask('GET', path)).json as { id: string; name: string }[];
      for (const { id, name } of made)
        if (name.startsWith('flood-')) await scene.attacker.ask('DELETE', `${path}/${id}`);
    },
  },
  {
    name: 'organizations',
    run: (scene, tally, signal) =>
      flood(scene, tally, {
        times: 300,
        signal,
        call: (index) => ({
          method: 'POST',
          path: '/grid/v1/organizations',
          body: { name: `flood-${index}` },
        }),
      }),
  },
  {
    name: 'domains',
    run: (scene, tally, signal) =>
      flood(scene, tally, {
        times: 1_500,
        signal,
        call: (index) => ({
          method: 'PUT',
          path: `${application(scene.attacker)}/vhosts/flood-${index}.example.org`,
        }),
      }),
  },
  {
    name: 'keys',
    run: (scene, tally, signal) =>
      flood(scene, tally, {
        times: 500,
        signal,
        call: (index) => ({ method: 'PUT', path: `/v2/self/keys/flood-${index}`, body: newKey() }),
      }),
  },
  {
    name: 'restarts',
    run: (scene, tally, signal) =>
      flood(scene, tally, {
        times: 200,
        signal,
        call: () => ({ method: 'POST', path: `${application(scene.attacker)}/instances` }),
      }),
  },
];

/** A public key as OpenSSH writes it. */
function newKey(): string {
  const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  const parts = [Buffer.from('ssh-ed25519'), Buffer.from(x, 'base64url')];
  const wire = parts.flatMap((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    return [length, part];
  });
  return `ssh-ed25519 ${Buffer.concat(wire).toString('base64')}`;
}
