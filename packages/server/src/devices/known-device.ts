import { defineMachine } from '../states/machine.ts';
import type { Row } from '../store/schema.ts';

/** A device as the platform remembers it. */
export type KnownDevice = Row<'devices'>;

const illness = { brings: ['reason', 'detail'] } as const;

/** Everything that can become of a device. */
export const deviceMachine = defineMachine({
  noun: 'device',
  table: 'devices',
  column: 'health',
  key: ['uuid'],
  begins: { found: 'well', found_ill: 'quarantined' },
  states: {
    well: { fell_ill: 'quarantined', lost: 'missing' },
    // it may be ill for another reason by now
    quarantined: { recovered: 'well', fell_ill: 'quarantined', lost: 'missing' },
    missing: { recovered: 'well', fell_ill: 'quarantined' },
  },
  events: { fell_ill: illness, lost: illness, recovered: {} },
  clears: ['reason', 'detail'],
  since: 'healthSince',
  ownedBy: 'platform',
  reads: ['uuid', 'model', 'reason', 'detail'],
  describe: ({ uuid, model, reason, detail }) => ({
    subjectId: uuid,
    data: { model, reason, detail },
  }),
});
