import { platform } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { claimPlatform, isClaimed } from '../../accounts/claim-platform.ts';
import { Refusal } from '../../lib/refusal.ts';
import { serve } from '../serve.ts';
import type { Serving } from '../serve.ts';

type PlatformNeeds = Serving & {
  version: string;
  /** Whether instances are kept apart on this machine. */
  isolated: boolean;
  addresses(): { url: string; sshUrl: string };
};

/** What the platform is, and its first user. */
export function platformRoutes(app: FastifyInstance, needs: PlatformNeeds): void {
  const { database } = needs;
  serve(app, needs, platform.getStatus, async ({ local }) => ({
    ...(local && { version: needs.version }),
    claimed: await isClaimed(database.read),
    isolated: needs.isolated,
    ...needs.addresses(),
  }));
  serve(app, needs, platform.claim, async ({ body, local, ip }) => {
    if (body.claimToken === undefined && !local)
      throw new Refusal('forbidden', 'Give the claim token that was printed at the first start.');
    const claimed = await claimPlatform(needs, { ...body, claimToken: body.claimToken, ip });
    const { userId, organizationId, pair } = claimed;
    return { userId, organizationId, ...pair };
  });
}
