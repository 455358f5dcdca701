import type { Clock } from '../lib/clock.ts';
import type { Access } from './access-log.ts';
import { chooseUpstream } from './choose-upstream.ts';
import { createConnectionLimit } from './connection-limit.ts';
import type { ConnectionLimit } from './connection-limit.ts';
import type { Wanted } from './connections.ts';
import { answerPage, pages } from './error-page.ts';
import type { Page } from './error-page.ts';
import { hostName } from './find-route.ts';
import { forwardApart, goesApart } from './forward-apart.ts';
import { forward } from './forward.ts';
import type { Outcome } from './forward.ts';
import { createHold } from './hold.ts';
import type { Held, Hold } from './hold.ts';
import type { ConnectionCount, Route, RouteTable, Upstream } from './route-table.ts';
import { canRepeat, hasBody, isIdempotent } from './sent-body.ts';
import { bindTo } from './sticky-cookie.ts';
import { SWITCHED } from './upgrade.ts';
import { createUpstreams } from './upstreams.ts';
import type { Upstreams } from './upstreams.ts';
import type { Visit } from './visit.ts';

export type ApplicationOptions = {
  clock: Clock;
  access(access: Access): void;
  /** How long a request waits for a first instance. */
  holdMs: number;
  /** How many requests and upgraded connections of one application may be under way. */
  connectionsPerApplication: number;
  /** How long one more waits. */
  placeWaitMs: number;
};

export type ApplicationVisits = {
  visit(visit: Visit, route: Route): void;
  /** Writes down what was answered without asking the application. */
  note(visit: Visit, route: Route): void;
  /** Goes on by this table. */
  swap(table: RouteTable): void;
  /** Under way, by instance. */
  inFlight(): Record<string, number>;
  /** By application. */
  connections(): Record<string, ConnectionCount>;
};

type Site = ApplicationOptions & {
  upstreams: Upstreams;
  starting: Hold;
  limit: ConnectionLimit;
  /** Looks again where a visit goes. */
  look(visit: Visit): void;
};

/** Where a visit goes, or went last. */
type Target = { route: Route; upstream?: Upstream };

/** Passes requests on to instances. Those of applications that start, or have all that they may have, wait. */
export function createApplicationVisits(
  options: ApplicationOptions,
  look: (visit: Visit) => void,
): ApplicationVisits {
  const { clock, connectionsPerApplication: most, placeWaitMs: waitMs } = options;
  const limit = createConnectionLimit({ most, waitMs, clock });
  const upstreams = createUpstreams();
  const starting = createHold(clock);
  const site: Site = { ...options, upstreams, starting, limit, look };
  return {
    visit: (one, route) => admit(site, one, route),
    note: (one, route) => note(site, one, { route }),
    swap(table) {
      upstreams.keep(table);
      starting.release();
    },
    inFlight: upstreams.inFlight,
    connections: limit.counts,
  };
}

function admit(site: Site, one: Visit, route: Route): void {
  if (route.upstreams.length === 0) return visitAbsent(site, one, route);
  const { loadOf } = site.upstreams;
  const upstream = chooseUpstream(route, one.request, { loadOf, tried: one.tried });
  if (upstream === undefined) return answer(site, one, { target: { route }, page: pages.broken });
  const leave = site.limit.take(route.applicationId);
  if (leave === undefined) return waitForPlace(site, one, route);
  const target = { route, upstream };
  return visitInstance(site, one, { target, wanted: wantedFor(one), leave });
}

/** Only what may be asked again goes over a connection that the other side may be closing. */
const wantedFor = ({ request }: Visit): Wanted =>
  isIdempotent(request) && !hasBody(request) ? 'kept' : 'not-repeat';

function visitAbsent(site: Site, one: Visit, route: Route): void {
  const target = { route };
  if (route.state === 'serving') return answer(site, one, { target, page: pages.broken });
  if (route.state !== 'starting') return answer(site, one, { target, page: pages[route.state] });
  const until = one.startedAt + site.holdMs;
  const isHeld = hold(site, one, {
    target,
    page: pages.starting,
    add: (held) => site.starting.add(route.applicationId, { ...held, until }),
  });
  return isHeld ? undefined : answer(site, one, { target, page: pages.tooMany });
}

function waitForPlace(site: Site, one: Visit, route: Route): void {
  const target = { route };
  const page = pages.crowded;
  const add = (held: Waiting) => site.limit.wait(route.applicationId, held);
  if (!hold(site, one, { target, page, add })) answer(site, one, { target, page });
}

type Waiting = Pick<Held, 'retry' | 'giveUp'>;
type Holding = { target: Target; page: Page; add(waiting: Waiting): (() => void) | undefined };

/** Keeps a visit back until it is tried again, is given up or leaves; false where too many wait already. */
function hold(site: Site, one: Visit, { target, page, add }: Holding): boolean {
  const leave = add({
    retry() {
      one.response.off('close', left);
      site.look(one);
    },
    giveUp() {
      one.response.off('close', left);
      answer(site, one, { target, page });
    },
  });
  const left = (): void => {
    leave?.();
    note(site, one, target);
  };
  if (leave !== undefined) one.response.once('close', left);
  return leave !== undefined;
}

type Going = {
  target: Required<Target>;
  wanted: Wanted;
  /** Gives back the place among the visits of the application, which it has while an instance is asked. */
  leave(): void;
};

function visitInstance(site: Site, one: Visit, going: Going): void {
  const { route, upstream } = going.target;
  const { request, origin } = one;
  const release = site.upstreams.enter(upstream.instanceId);
  const bound = { cookies: request.headers.cookie, secure: origin.proto === 'https' };
  const since = site.clock();
  const forwarding = {
    visit: one,
    idleMs: route.idleTimeoutSeconds * 1000,
    sticky: route.stickySessions ? { cookie: bindTo(upstream, route, bound) } : undefined,
    done(outcome: Outcome): void {
      release();
      goOn(site, one, { ...going, outcome, since });
    },
  };
  if (goesApart(one)) return forwardApart({ ...forwarding, target: upstream });
  const connection = site.upstreams.connect(upstream, going.wanted);
  return forward({
    ...forwarding,
    pool: connection.pool,
    done(outcome) {
      connection.leave();
      forwarding.done(outcome);
    },
  });
}

/** What becomes of a visit when an instance was asked. */
function goOn(site: Site, one: Visit, asked: Going & { outcome: Outcome; since: number }): void {
  const { target, wanted, leave, outcome, since } = asked;
  if (outcome === 'crossed' && canRepeat(one) && site.clock() - since < AGAIN_WITHIN)
    return visitInstance(site, one, { target, wanted: 'fresh', leave });
  // an instance that takes no connection any more, after it was sent this, may have gone down by it
  const isRefused = outcome === 'refused' && wanted !== 'fresh';
  if (outcome === 'over') note(site, one, target);
  else if (!isRefused) answer(site, one, { target, page: pages.broken });
  leave();
  if (!isRefused) return;
  // by now its host may be another application's, or nobody's
  one.tried.add(target.upstream.instanceId);
  site.look(one);
}

/**
 * That a kept connection was closed while a request came is seen at once. What ran for longer may be what brought the
 * instance down, and is not asked again.
 */
const AGAIN_WITHIN = 1_000;

type Told = { target: Target; page: Page };

function answer(site: Site, one: Visit, { target, page }: Told): void {
  if (page === pages.crowded) site.limit.refuse(target.route.applicationId);
  answerPage(one.request, one.response, { page, id: one.id });
  note(site, one, target);
}

/** A visit is over, and stands in the access log. */
function note(site: Site, one: Visit, target: Target): void {
  site.access(describe(one, target, site.clock()));
}

/** Of an address so much is written down. */
const LONGEST_LOGGED = 2048;
/** The visitor left before anything was answered; not HTTP's, but other servers write it so. */
const CLIENT_LEFT = 499;

const describe = (one: Visit, { route, upstream }: Target, now: number): Access => ({
  applicationId: route.applicationId,
  instanceId: upstream?.instanceId,
  requestId: one.id,
  at: one.startedAt,
  source: one.origin.client,
  method: one.request.method ?? '',
  host: hostName(one.request.headers.host),
  path: (one.request.url ?? '').slice(0, LONGEST_LOGGED),
  scheme: one.origin.proto,
  statusCode: statusOf(one),
  milliseconds: now - one.startedAt,
  ...one.carried(),
});

function statusOf({ response: { headersSent, statusCode } }: Visit): number {
  return headersSent || statusCode === SWITCHED ? statusCode : CLIENT_LEFT;
}
