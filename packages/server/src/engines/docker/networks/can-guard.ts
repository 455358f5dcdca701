import { existsSync } from 'node:fs';

/** What the host needs for keeping containers away from it and its neighbours. */
export const canGuard = (): boolean => FIREWALL.some((path) => existsSync(path));

const FIREWALL = ['/usr/sbin/nft', '/sbin/nft'];
