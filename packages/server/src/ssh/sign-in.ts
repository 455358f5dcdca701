import ssh from 'ssh2';
import type { AuthContext, Connection } from 'ssh2';
import { findUserByKey } from '../accounts/manage-keys.ts';
import type { User } from '../accounts/user.ts';
import type { Reader } from '../store/database.ts';

/** Clients offer each of their keys; OpenSSH's own server takes six. */
const MOST_ATTEMPTS = 12;

/** Lets in whoever has a key on an account, and calls back with them. */
export function awaitSignIn(
  db: Reader,
  connection: Connection,
  signedIn: (user: User) => void,
): void {
  let user: User | undefined;
  let key = '';
  let attempts = 0;
  connection.on('authentication', (context) => {
    attempts += 1;
    if (attempts > MOST_ATTEMPTS) {
      connection.end();
      return;
    }
    if (context.method === 'publickey') key = context.key.data.toString('base64');
    authenticate(db, context)
      .then((found) => {
        user = found;
        if (found === undefined) context.reject(['publickey']);
        else context.accept();
      })
      .catch(() => context.reject());
  });
  connection.on('ready', () => {
    if (user === undefined) return;
    endWhenRemoved(db, connection, { key, user });
    signedIn(user);
  });
}

/** How long a connection goes on whose key is on the account no more. */
const PROVEN_EVERY = 30_000;

function endWhenRemoved(
  db: Reader,
  connection: Connection,
  { key, user }: { key: string; user: User },
): void {
  const prove = async (): Promise<void> => {
    if ((await findUserByKey(db, key))?.id !== user.id) connection.end();
  };
  // a database that is away for a moment ends nobody's work
  const timer = setInterval(() => void prove().catch(() => undefined), PROVEN_EVERY);
  connection.on('close', () => clearInterval(timer));
}

/** Whose key it is; an offer is accepted as one, and what signs must have signed this session. */
async function authenticate(db: Reader, context: AuthContext): Promise<User | undefined> {
  if (context.method !== 'publickey') return undefined;
  const user = await findUserByKey(db, context.key.data.toString('base64'));
  if (user === undefined || context.signature === undefined) return user;
  const key = ssh.utils.parseKey(context.key.data);
  if (key instanceof Error || context.blob === undefined) return undefined;
  return key.verify(context.blob, context.signature, context.hashAlgo) ? user : undefined;
}
