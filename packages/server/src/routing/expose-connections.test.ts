import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFamilies } from '../metrics/prometheus.ts';
import { exposeConnections } from './expose-connections.ts';

test('what is under way, and was refused, is told of all routers together', async () => {
  const said = [
    { app_1: { open: 3, refused: 1 }, app_2: { open: 1, refused: 0 } },
    { app_1: { open: 2, refused: 4 } },
  ];
  const text = formatFamilies(await exposeConnections({ connections: async () => said }));
  assert.match(text, /^grid_application_connections\{app_id="app_1"\} 5$/m);
  assert.match(text, /^grid_application_connections\{app_id="app_2"\} 1$/m);
  assert.match(text, /^grid_application_connections_refused_total\{app_id="app_1"\} 5$/m);
});

test('where no router answers nothing is told', async () => {
  const away = { connections: () => Promise.reject(new Error('away')) };
  assert.equal(formatFamilies(await exposeConnections(away)), '');
});
