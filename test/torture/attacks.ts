import type { Attack } from './attack.ts';
import { bombs } from './attacks/bombs.ts';
import { builds } from './attacks/builds.ts';
import { floods } from './attacks/floods.ts';
import { git } from './attacks/git.ts';
import { requests, signIns } from './attacks/requests.ts';
import { resets } from './attacks/resets.ts';
import { sshAttacks } from './attacks/ssh.ts';

export const attacks: readonly Attack[] = [
  ...resets,
  ...requests,
  ...git,
  ...sshAttacks,
  ...builds,
  ...bombs,
  ...floods,
  ...signIns,
];
