import type { OrganizationId } from '../lib/ids.ts';
import type { Role } from '../store/schema.ts';

type Organization = {
  id: OrganizationId;
  name: string;
  description: string;
  createdAt: number;
};

export type Membership = Organization & { role: Role };
