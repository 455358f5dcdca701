import assert from 'node:assert/strict';
import { test } from 'node:test';
import { billing, createClient, queue } from '@grid/api';
import { describeWhy, spellStart } from './queue.ts';

const HOUR = 3_600_000;

/** A client of a platform that answers everything by this. */
const clientOf = (answer: unknown) =>
  createClient(async () => ({
    status: 200,
    body: new Blob([JSON.stringify(answer)]).stream(),
  }));

test('a start that was measured is told; one that is assumed is said to be unknown, with what is assumed', () => {
  const nothing = { expectedAt: null, latestAt: null, expectation: null };
  assert.equal(
    spellStart({ ...nothing, expectedAt: 3 * HOUR, expectation: 'estimate' }, 0),
    'starts in 3 h',
  );
  assert.equal(
    spellStart({ ...nothing, latestAt: 3 * HOUR, expectation: 'bound' }, 0),
    'start not known: the runs before it have no history; at the latest in 3 h',
  );
  assert.equal(
    spellStart({ ...nothing, latestAt: 24 * HOUR, expectation: 'assumption' }, 0),
    'start not known: the runs before it have no history; at the latest in 24 h, if none takes longer than is assumed',
  );
  assert.equal(spellStart(nothing, 0), 'start not known');
});

test('a platform that is older than this command line is understood: of what it does not know nothing is said', async () => {
  const applicationId = 'app_1';
  const priced = { minutes: 1, gpuMinutes: 0, microEuros: 1 };
  const used = { applicationId, applicationName: 'shop', ...priced };
  const owner = { params: { ownerId: 'self' } };
  const usage = await clientOf({ from: 0, to: 1, applications: [used] }).call(
    billing.getUsage,
    owner,
  );
  assert.deepEqual(usage.applications, [{ ...used, applicationDeleted: false }]);
  const wait = { reason: null, detail: null, helps: null, position: 1, line: 'cpu' };
  const run = {
    kind: 'run',
    applicationId,
    applicationName: 'shop',
    deploymentId: 'd',
    runId: 'r',
  };
  const size = { flavor: 'XS', nodes: 1, since: 0 };
  const waiting = { ...wait, ...run, ...size, expectedAt: 3 * HOUR };
  const rest = { waitingInAll: 1, memoryMiB: { total: 1, free: 0 }, devices: [] };
  const accuracy = { starts: 0, medianErrorSeconds: null, withinTenMinutes: null };
  const shown = await clientOf({ waiting: [waiting], ...rest, accuracy }).call(
    queue.getQueue,
    owner,
  );
  const unknown = { latestAt: null, expectation: null };
  assert.deepEqual(shown.waiting, [{ ...waiting, subject: null, ...unknown }]);
  const told = { subject: 'run_1', status: 'queued', promisedAt: null, admittedAt: null };
  const why = await clientOf({ ...told, ...wait, expectedAt: 3 * HOUR }).call(queue.getWhy, {
    params: { ownerId: 'self', applicationId },
    query: { of: 'run_1' },
  });
  assert.match(describeWhy(why), /It should start/);
});
