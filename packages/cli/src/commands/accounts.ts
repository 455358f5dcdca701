import { accounts, createClient } from '@grid/api';
import type { Command } from 'commander';
import { hostname } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { storeCleverProfile } from '../clever-profile.ts';
import { Failure } from '../fail.ts';
import { print } from '../print.ts';
import { clientOf, readProfile, signedIn, writeProfile } from '../profile.ts';
import { spellEnded } from './tokens.ts';
import { transportTo } from '../transport.ts';
import { findAuthority } from '../trust.ts';
import type { TrustOptions } from '../trust.ts';

/** Signing in, and who is signed in. */
export function accountCommands(program: Command): void {
  program
    .command('login')
    .description('sign in with a password, or with a token pair')
    .requiredOption('--url <address>', 'of the platform')
    .option('--email <address>')
    .option('--token <token>')
    .option('--secret <secret>')
    .option('--ca <file>', 'the authority (PEM) that the platform is trusted for')
    .option(
      '--ca-fingerprint <fingerprint>',
      'of that authority, such as SHA256:…: trust it unseen',
    )
    .action(login);
  program
    .command('clever-profile')
    .description('store a profile for the clever command line, as the one that it uses')
    .option('--alias <name>', 'of the profile', 'grid')
    .action(storeCleverProfile);
  program
    .command('whoami')
    .description('who is signed in, and where')
    .action(async () => {
      const { url } = readProfile();
      const { email, id } = await signedIn().call(accounts.getSelf);
      print({ text: `${email} (${id}) at ${url}`, json: {} }, 'human');
    });
  program.command('password').description('set the password to sign in with').action(setPassword);
}

type LoginOptions = TrustOptions & {
  url: string;
  email?: string;
  token?: string;
  secret?: string;
};

async function login({ url: given, email, token, secret, ...trust }: LoginOptions): Promise<void> {
  const url = given.replace(/\/+$/, '');
  const ca = await findAuthority(url, trust);
  const pair =
    token !== undefined && secret !== undefined
      ? { token, secret }
      : await createClient(transportTo({ url, ca })).call(accounts.signIn, {
          body: { ...(await askCredentials(email)), name: `grid login on ${hostname()}` },
        });
  const profile = { url, ...pair, ca };
  const self = await clientOf(profile).call(accounts.getSelf);
  process.stdout.write(`You are signed in as ${self.email} (${writeProfile(profile)}).\n`);
}

async function askCredentials(given: string | undefined) {
  const password = process.env['GRID_PASSWORD'];
  if (given !== undefined && password !== undefined) return { email: given, password };
  if (!process.stdin.isTTY)
    throw new Failure('Give --email and GRID_PASSWORD, or --token and --secret.', 'misused');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const email = given ?? (await terminal.question('E-mail: '));
  terminal.close();
  return { email, password: password ?? (await askUnseen('Password: ')) };
}

/** Asks unseen, or takes GRID_PASSWORD and, where there is one already, GRID_CURRENT_PASSWORD. */
async function setPassword(): Promise<void> {
  const client = signedIn();
  const { hasPassword } = await client.call(accounts.getSelf);
  const given = process.env['GRID_PASSWORD'];
  if (given === undefined && !process.stdin.isTTY)
    throw new Failure('Give the new password as GRID_PASSWORD.', 'misused');
  const current = hasPassword
    ? (process.env['GRID_CURRENT_PASSWORD'] ?? (await askUnseen('Current password: ')))
    : undefined;
  const password = given ?? (await askUnseen('New password: '));
  const ended = await client.call(accounts.setPassword, { body: { current, password } });
  process.stdout.write(`The password is set. ${spellEnded(ended)}\n`);
}

/** What is typed is not shown. */
async function askUnseen(question: string): Promise<string> {
  process.stdout.write(question);
  const nowhere = new Writable({ write: (_part, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  terminal.once('SIGINT', () => process.exit(130));
  const typed = await terminal.question('');
  terminal.close();
  process.stdout.write('\n');
  return typed;
}
