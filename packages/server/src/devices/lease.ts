import { defineMachine } from '../states/machine.ts';
import type { Row } from '../store/schema.ts';

/** A device that is held, or was and is not proven free yet. */
export type Lease = Row<'leases'>;

/** Everything that can become of a lease. */
export const leaseMachine = defineMachine({
  noun: 'lease',
  table: 'leases',
  column: 'state',
  key: ['deviceUuid', 'workloadId'],
  begins: { acquired: 'held' },
  states: {
    held: { ended: 'fencing' },
    fencing: { obstructed: 'fencing', released: 'released' },
    released: {},
  },
  events: {
    ended: { at: 'endedAt', late: true },
    obstructed: { brings: ['detail'] },
    released: { at: 'releasedAt' },
  },
  clears: ['detail'],
  reads: ['deviceUuid', 'workloadId', 'ownerId', 'applicationId', 'number', 'detail'],
  describe: ({ deviceUuid, workloadId, number, detail }) => ({
    subjectId: deviceUuid,
    data: { workloadId, number, detail },
  }),
  looks: (_, event) => {
    if (event === 'ended') return [['devices', 'leases']];
    return event === 'released' ? [['queue', 'all']] : [];
  },
});
