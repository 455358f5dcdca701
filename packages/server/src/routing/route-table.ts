/** All that the router needs to know, as one value: written whole, swapped whole. */
export type RouteTable = {
  /** Grows with each table; an older one is refused. */
  version: number;
  /** Host names that are handed to the control plane. */
  platformHosts: readonly string[];
  routes: readonly Route[];
};

export type Route = {
  /** Lower case, without a port; `*.example.com` for every name one level below. */
  host: string;
  /** Starts with `/`; the longest that matches wins, and it is kept in the forwarded request. */
  pathPrefix: string;
  applicationId: string;
  state: RouteState;
  upstreams: readonly Upstream[];
  forceHttps: boolean;
  stickySessions: boolean;
  /** What a connection may be silent for. Upgraded connections are exempt. */
  idleTimeoutSeconds: number;
};

/** With no upstream: `starting` holds requests for a while, the others answer with their page at once. */
export type RouteState = 'serving' | 'starting' | 'stopped' | 'failed';

export type Upstream = { instanceId: string; host: string; port: number };

/** Of an application: how many visits are under way, and how many were refused since the router started. */
export type ConnectionCount = { open: number; refused: number };

export type Ports = { http: number; https: number };

/** The program and settings of a router. */
export type StartedWith = {
  version: string;
  /** Of all its settings but the ports. */
  fingerprint: string;
  /** Where it listens, but for the ports: its sockets serve whoever wants the same. */
  place: string;
};

/** What the router says of itself on its control socket. */
export type RouterStatus = {
  pid: number;
  startedWith: StartedWith;
  /** It takes no new connections, and ends when those that it has are over. */
  draining: boolean;
  tableVersion: number;
  ports: Ports;
  /** Requests and upgraded connections under way, by instance id, old tables included. */
  inFlight: Readonly<Record<string, number>>;
  /** By application; routers of former versions do not say it. */
  connections?: Readonly<Record<string, ConnectionCount>>;
};
