import { belongings as accounts } from '../accounts/belongings.ts';
import { belongings as applications } from '../applications/belongings.ts';
import { belongings as billing } from '../billing/belongings.ts';
import { belongings as builds } from '../builds/belongings.ts';
import { belongings as deployments } from '../deployments/belongings.ts';
import { belongings as devices } from '../devices/belongings.ts';
import { belongings as events } from '../events/belongings.ts';
import { belongings as limits } from '../limits/belongings.ts';
import { belongings as organizations } from '../organizations/belongings.ts';
import { belongings as runs } from '../runs/belongings.ts';
import type { Belonging } from '../store/belongings.ts';
import { belongings as workloads } from '../workloads/belongings.ts';

/** What goes with an application, an owner and a user, whoever refers to others before them. */
export const belongings: readonly Belonging[] = [
  ...devices,
  ...workloads,
  ...runs,
  ...deployments,
  ...builds,
  ...applications,
  ...organizations,
  ...accounts,
  ...limits,
  ...billing,
  ...events,
];
