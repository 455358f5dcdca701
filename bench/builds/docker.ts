import { run, writeFiles } from '../../test/system/platform.ts';
import { inCopy, timed } from '../by-hand.ts';
import { BUSYBOX, environmentFor } from '../docker.ts';
import type { Docker } from '../docker.ts';
import { atMostOver } from '../figure.ts';
import type { Subject } from './subject.ts';

const IMAGE = 'grid-bench-by-hand:1';

type Builder = 'classic' | 'BuildKit';

/** A first step that is new in a cold round; when warm all steps are known but the last, which copies. */
const dockerfile = (round: string): string => `FROM ${BUSYBOX}
RUN echo "${round}" > /round
RUN mkdir -p /data && dd if=/dev/urandom of=/data/random bs=1M count=16
RUN seq 1 300000 | sort -r | gzip > /data/sorted.gz
RUN for n in $(seq 1 500); do echo $n > /data/$n; done
COPY . /app
CMD ["echo", "done"]
`;

const change: Subject['change'] = (round, found) => ({
  'page.txt': `${round}\n`,
  ...(found === 'cold' && { Dockerfile: dockerfile(round) }),
});

/** The same steps on the same engine. Neither finds what the other has just made: a line differs. */
export function dockerSubject(builder: Builder, command: Command): Subject {
  return {
    name: `Dockerfile, ${builder}`,
    type: 'ml_docker',
    env: [`CC_DOCKER_BUILDX=${builder === 'BuildKit'}`],
    prepare: (folder) => writeFiles(folder, { Dockerfile: dockerfile(builder) }),
    change: (round, found) => change(`${builder} ${round}`, found),
    forget: () => undefined,
    byHand: (tree, round, found) =>
      inCopy(tree, (cwd) => {
        writeFiles(cwd, change(`${builder} ${round} by hand`, found));
        return timed(command.argv, { cwd, env: command.env });
      }),
    peer: command.name,
    goal: atMostOver(command.name),
  };
}

export type Command = { name: string; argv: readonly string[]; env: NodeJS.ProcessEnv };

/** Forgets the image that was built by hand. */
export const forgetImage = async (docker: Docker): Promise<void> => {
  await run('docker', ['image', 'rm', '--force', IMAGE], {
    env: { ...process.env, ...environmentFor(docker) },
  });
};

/** How one builds with this builder by hand: newer command lines need a plugin for BuildKit. */
export async function buildByHand(builder: Builder, docker: Docker): Promise<Command> {
  const env = environmentFor(docker);
  const argv = ['docker', 'build', '--quiet', '--tag', IMAGE, '.'];
  if (builder === 'classic')
    return { name: 'docker build', argv, env: { ...env, DOCKER_BUILDKIT: '0' } };
  const { code } = await run('docker', ['buildx', 'version']);
  if (code === 0)
    return { name: 'docker buildx build', argv, env: { ...env, DOCKER_BUILDKIT: '1' } };
  return { name: 'POST /build by curl', argv: ['sh', '-c', POST, 'post', docker.socketPath], env };
}

const POST = `
tar -c . | curl --silent --show-error --unix-socket "$1" --request POST --upload-file - \
  --header 'content-type: application/x-tar' 'http://docker/build?version=2&t=${IMAGE}' > /tmp/answer.$$
! grep errorDetail /tmp/answer.$$; code=$?; rm /tmp/answer.$$; exit $code
`;
