import { ApiError, tokens } from '@grid/api';
import type { Command } from 'commander';
import { Failure } from '../fail.ts';
import { formatOption } from '../options.ts';
import type { Format } from '../options.ts';
import { ago, print } from '../print.ts';
import { clientOf, forgetProfile, readProfile, signedIn } from '../profile.ts';

/** All that opens the account, and ending it. */
export function tokenCommands(program: Command): void {
  program
    .command('logout')
    .description('end the token that this command line has, and forget it')
    .option('--all', 'end every other session and token pair too, wherever they are')
    .action(logout);
  const tokens = program.command('tokens').description('all that opens your account');
  tokens
    .command('list')
    .description('token pairs of command lines, API tokens, and sessions of browsers')
    .addOption(formatOption())
    .action(listTokens);
  tokens
    .command('revoke [id]')
    .description('end one of them')
    .option('--others', 'end every other session and token pair; API tokens go on')
    .action(revoke);
}

async function logout({ all }: { all?: boolean }): Promise<void> {
  const profile = readProfile();
  const client = clientOf(profile);
  try {
    if (all === true)
      process.stdout.write(`${spellEnded(await client.call(tokens.endOtherTokens))}\n`);
    await client.call(tokens.revokeToken, { params: { tokenId: profile.token } });
  } catch (error) {
    // what opens nothing any more is only to be forgotten
    if (!(error instanceof ApiError && error.status === 401)) throw error;
  }
  forgetProfile(profile);
  process.stdout.write('You are signed out.\n');
}

async function listTokens({ format }: Format): Promise<void> {
  const found = await signedIn().call(tokens.listTokens);
  const now = Date.now();
  const table = found.map(({ id, kind, name, ip, createdAt, usedAt, expiresAt, current }) => ({
    name: current ? `${name} (this one)` : name,
    kind: KINDS[kind],
    from: ip ?? '',
    created: ago(createdAt, now),
    used: usedAt === null ? 'never' : day(usedAt),
    expires: expiresAt === null ? 'never' : day(expiresAt),
    id,
  }));
  print({ table, empty: 'There are none.', json: found }, format);
}

const KINDS = { pair: 'command line', api: 'API token', session: 'browser' } as const;

const day = (at: number): string => new Date(at).toISOString().slice(0, 10);

async function revoke(id: string | undefined, { others }: { others?: boolean }): Promise<void> {
  if ((id === undefined) === (others !== true))
    throw new Failure('Give the id of one (grid tokens list), or --others.', 'misused');
  const client = signedIn();
  if (id === undefined) {
    process.stdout.write(`${spellEnded(await client.call(tokens.endOtherTokens))}\n`);
    return;
  }
  await client.call(tokens.revokeToken, { params: { tokenId: id } });
  process.stdout.write('It opens nothing any more.\n');
}

/** What was ended, and what was not. */
export function spellEnded({ ended, apiTokens }: { ended: number; apiTokens: number }): string {
  const others =
    ended === 1
      ? '1 other session or token pair is ended.'
      : `${ended} other sessions and token pairs are ended.`;
  if (apiTokens === 0) return others;
  const go = apiTokens === 1 ? '1 API token goes on' : `${apiTokens} API tokens go on`;
  return `${others} ${go}: grid tokens list`;
}
