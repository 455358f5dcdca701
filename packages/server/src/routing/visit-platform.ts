import { connect } from 'node:net';
import type { Clock } from '../lib/clock.ts';
import { networkOf } from '../lib/network-of.ts';
import { createPlaces } from '../lib/places.ts';
import type { Places } from '../lib/places.ts';
import { Refusal } from '../lib/refusal.ts';
import { createConnections } from './connections.ts';
import type { Connections } from './connections.ts';
import { answerPage, pages } from './error-page.ts';
import type { Page } from './error-page.ts';
import { forwardApart, goesApart } from './forward-apart.ts';
import { forward } from './forward.ts';
import type { Outcome } from './forward.ts';
import { createHold } from './hold.ts';
import type { Hold } from './hold.ts';
import { hasBody } from './sent-body.ts';
import type { Visit } from './visit.ts';

export type PlatformOptions = {
  /** The control plane's Unix socket. */
  controlSocket: string;
  clock: Clock;
  /** How long a request waits for a control plane that restarts. */
  platformHoldMs: number;
};

export type PlatformVisits = { visit(visit: Visit): void };

/** Kept, and used again. */
const CONNECTIONS = 64;
/** How many requests there may be at a time, in all and from one address: many people may share one. */
const MOST = 4_096;
const MOST_OF_ADDRESS = 512;
const IDLE = 300_000;
const KNOCK_EVERY = 100;
const PLATFORM = 'platform';

type Site = PlatformOptions & {
  connections: Connections;
  places: Places;
  hold: Hold;
  knocking: boolean;
};

/**
 * Passes the platform's own requests on to the control plane. While that restarts they wait: those of
 * which nothing was sent, and those that ask for nothing but an answer.
 */
export function createPlatformVisits(options: PlatformOptions): PlatformVisits {
  const site: Site = {
    ...options,
    connections: createConnections('http://localhost', {
      socketPath: options.controlSocket,
      kept: CONNECTIONS,
    }),
    places: createPlaces({ total: MOST, each: MOST_OF_ADDRESS, what: 'requests' }),
    hold: createHold(options.clock),
    knocking: false,
  };
  return { visit: (visit) => admit(site, visit) };
}

/** Nobody has all of the control plane: streams and slow bodies may be held for as long as somebody likes. */
function admit(site: Site, visit: Visit): void {
  const { response, upgrade, origin } = visit;
  try {
    (upgrade?.socket ?? response).once('close', site.places.take(networkOf(origin.client)));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return answer(visit, error.code === 'too_many' ? pages.tooManyOfYours : pages.busy);
  }
  pass(site, visit);
}

function pass(site: Site, visit: Visit): void {
  const done = (outcome: Outcome): void => {
    if (outcome === 'over') return;
    if (outcome !== 'refused' && !mayRepeat(visit)) return answer(visit, pages.interrupted);
    if (outcome !== 'refused') visit.tried.add(PLATFORM);
    keep(site, visit);
  };
  const forwarding = { visit, idleMs: IDLE };
  const target = { socketPath: site.controlSocket };
  if (goesApart(visit)) return forwardApart({ ...forwarding, target, done });
  const { pool, leave } = site.connections.take('kept');
  return forward({
    ...forwarding,
    pool,
    done(outcome) {
      leave();
      done(outcome);
    },
  });
}

/** Asking twice for an answer does no harm; a request that always ends the connection is asked twice only. */
const mayRepeat = ({ request, tried }: Visit): boolean =>
  (request.method === 'GET' || request.method === 'HEAD') &&
  !hasBody(request) &&
  !tried.has(PLATFORM);

const answer = ({ request, response, id }: Visit, page: Page): void =>
  answerPage(request, response, { page, id });

function keep(site: Site, visit: Visit): void {
  const leave = site.hold.add(PLATFORM, {
    retry() {
      if (leave !== undefined) visit.response.off('close', leave);
      pass(site, visit);
    },
    giveUp: () => answer(visit, pages.restarting),
    until: visit.startedAt + site.platformHoldMs,
  });
  if (leave === undefined) return answer(visit, pages.restarting);
  visit.response.once('close', leave);
  knock(site);
}

/** Asks again and again whether the control plane listens, as long as somebody waits for it. */
function knock(site: Site): void {
  if (site.knocking || site.hold.isEmpty()) return;
  site.knocking = true;
  setTimeout(() => {
    const opened = connect(site.controlSocket);
    opened.once('connect', () => {
      opened.destroy();
      site.hold.release();
    });
    opened.once('error', () => undefined);
    opened.once('close', () => {
      site.knocking = false;
      knock(site);
    });
  }, KNOCK_EVERY);
}
