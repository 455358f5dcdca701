import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyExample } from '../../test/system/platform.ts';
import { inCopy, timed } from '../by-hand.ts';
import { atMostOver } from '../figure.ts';
import type { Subject } from './subject.ts';

type Later = (step: () => void) => void;

/** The example `cluster-points`, with a local repository of its own. */
export function mavenByHand(later: Later) {
  const downloads = mkdtempSync(join(tmpdir(), 'grid-bench-'));
  later(() => rmSync(downloads, { recursive: true, force: true }));
  const command = `mvn -q -B -Dmaven.repo.local=${downloads} package -DskipTests`.split(' ');
  return {
    forget: (): void => rmSync(downloads, { recursive: true, force: true }),
    byHand: (tree: string): Promise<number> => inCopy(tree, (cwd) => timed(command, { cwd })),
  };
}

export const javaSubject = (engine: string, hand: ReturnType<typeof mavenByHand>): Subject => ({
  name: `Java (Maven), ${engine} engine`,
  type: 'ml_java',
  env: ['CC_JAR_PATH=target/cluster-points.jar', `CG_ENGINE=${engine}`, 'GROUPS=2'],
  prepare: (folder) => copyExample('cluster-points', folder),
  change: (round) => ({ ROUND: `${engine} ${round}\n` }),
  ...hand,
  peer: 'mvn',
  goal: atMostOver('mvn'),
});
