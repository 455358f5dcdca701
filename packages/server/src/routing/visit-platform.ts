import { connect } from 'node:net';
import { Pool } from 'undici';
import type { Clock } from '../lib/clock.ts';
import { answerPage, pages } from './error-page.ts';
import { forward, hasBody } from './forward.ts';
import type { Outcome } from './forward.ts';
import { createHold } from './hold.ts';
import type { Hold } from './hold.ts';
import type { Visit } from './visit.ts';

export type PlatformOptions = {
  /** The control plane's Unix socket. */
  controlSocket: string;
  clock: Clock;
  /** How long a request waits for a control plane that restarts. */
  platformHoldMs: number;
};

const CONNECTIONS = 64;
const IDLE = 300_000;
const KNOCK_EVERY = 100;
const PLATFORM = 'platform';

type Site = PlatformOptions & { pool: Pool; hold: Hold; knocking: boolean };

/**
 * Passes the platform's own requests on to the control plane. While that restarts they wait: those of
 * which nothing was sent, and those that ask for nothing but an answer.
 */
export function createPlatformVisits(options: PlatformOptions): (visit: Visit) => void {
  const site: Site = {
    ...options,
    pool: new Pool('http://localhost', {
      socketPath: options.controlSocket,
      connections: CONNECTIONS,
    }),
    hold: createHold(options.clock),
    knocking: false,
  };
  return (visit) => pass(site, visit);
}

function pass(site: Site, visit: Visit): void {
  const { pool } = site;
  const done = (outcome: Outcome): void => {
    if (outcome === 'over') return;
    if (outcome === 'broken' && !mayRepeat(visit)) return answer(visit, pages.interrupted);
    if (outcome === 'broken') visit.tried.add(PLATFORM);
    keep(site, visit);
  };
  forward({ visit, pool, idleMs: IDLE, done });
}

/** Asking twice for an answer does no harm; a request that always ends the connection is asked twice only. */
const mayRepeat = ({ request, tried }: Visit): boolean =>
  (request.method === 'GET' || request.method === 'HEAD') &&
  !hasBody(request) &&
  !tried.has(PLATFORM);

const answer = ({ request, response, id }: Visit, page: (typeof pages)[keyof typeof pages]): void =>
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
