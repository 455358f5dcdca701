import * as api from '@grid/api';
import type { Endpoint, Socket, Stream } from '@grid/api';
import { z } from 'zod';

/** Where it stands in the contract: `accounts`, `accounts.getSelf`. */
type Named = { group: string; name: string };

/** Everything that `packages/api` exports in groups. */
const exported = Object.entries(api).flatMap(([group, members]) =>
  Object.entries(members as Record<string, object>).map(([own, value]) => ({ group, own, value })),
);

const described = exported
  .map(({ group, own, value }) => ({ ...value, group, name: `${group}.${own}` }))
  .filter((one) => 'path' in one);

export type DescribedEndpoint = Endpoint & Named;
export type DescribedStream = Stream & Named;
export type DescribedSocket = Socket & Named;

export const endpoints = described.filter((one): one is DescribedEndpoint => 'method' in one);
export const streams = described.filter((one): one is DescribedStream => 'event' in one);
export const sockets = described.filter((one): one is DescribedSocket => 'fromClient' in one);

/** The schemas that have a name of their own, which is written large. */
export const named = exported.reduce(
  (all, { own, value }) =>
    value instanceof z.ZodType && /^[A-Z]/.test(own) ? all.add(value, { id: own }) : all,
  z.registry<{ id: string }>(),
);
