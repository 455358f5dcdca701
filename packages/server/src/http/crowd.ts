import type { FastifyInstance } from 'fastify';
import { networkOf } from '../lib/network-of.ts';
import { createPlaces } from '../lib/places.ts';
import type { Places } from '../lib/places.ts';
import { whenClosed } from '../lib/when-closed.ts';
import { isLocal } from './operator-socket.ts';
import { clientAddress } from './client-address.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether it answers nobody who has not proved who they are. */
    guarded?: boolean;
  }
}

/** Who is attended to just now: nobody takes the place of all others. */
export type Crowd = {
  /** Requests that are neither of the next two, by user. */
  requests: Places;
  /** Logs that are followed, of all: how many of a user's is a limit of theirs. */
  streams: Places;
  /** Event sockets, the same. */
  sockets: Places;
  /** Requests of whoever asks, by network. */
  strangers: Places;
};

export const createCrowd = (): Crowd => ({
  requests: createPlaces({ total: 4_000, each: 128, what: 'requests' }),
  streams: createPlaces({ total: 2_000, what: 'logs' }),
  sockets: createPlaces({ total: 2_000, what: 'event sockets' }),
  strangers: createPlaces({ total: 256, each: 32, what: 'requests' }),
});

/** Counts what is asked for without credentials, for as long as it is under way. */
export function boundStrangers(app: FastifyInstance, { crowd }: { crowd: Crowd }): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.guarded === true || isLocal(request)) return;
    whenClosed(reply.raw, crowd.strangers.take(networkOf(clientAddress(request) ?? '')));
  });
}
