import type { EngineAdapter } from '../adapter.ts';
import type { ProcessSettings } from './open-process.ts';

/** A sandbox of the platform's own for each instance. */
export const processAdapter = {
  name: 'process',
  title: 'process engine',
  open: async (settings, opening) =>
    (await import('./open-process.ts')).openProcess(settings, opening),
  reopen: async (opening) => (await import('./open-process.ts')).openProcess(AS_IT_IS, opening),
  diagnose: async (_, machine) =>
    (await import('./diagnose/diagnose-process.ts')).diagnoseProcess(machine),
} as const satisfies EngineAdapter<ProcessSettings>;

const AS_IT_IS: ProcessSettings = { isolation: 'auto', allowedNetworks: [] };
