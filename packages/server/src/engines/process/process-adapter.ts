import type { EngineAdapter } from '../adapter.ts';
import { processSettings } from './process-settings.ts';
import type { ProcessSettings } from './process-settings.ts';

export const processAdapter = {
  name: 'process',
  title: 'process engine',
  means: 'a sandbox of the platform’s own for each instance',
  settings: processSettings,
  open: async (settings, opening) =>
    (await import('./open-process.ts')).openProcess(settings, opening),
  reopen: async (opening) => (await import('./open-process.ts')).openProcess(AS_IT_IS, opening),
  diagnose: async (_, machine) =>
    (await import('./diagnose/diagnose-process.ts')).diagnoseProcess(machine),
} as const satisfies EngineAdapter<ProcessSettings>;

const AS_IT_IS: ProcessSettings = { isolation: 'auto', allowedNetworks: [] };
