import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { newId } from '../lib/ids.ts';
import { deviceFamilies, formatFamilies, instanceFamilies } from './prometheus.ts';
import type { Holder } from './metrics-store.ts';
import type { Family } from './prometheus.ts';

const family = (labels: Record<string, string>, value: number): Family => ({
  name: 'grid_waiting_runs',
  help: 'Runs that wait,\nby their \\ reason.',
  type: 'gauge',
  samples: [{ labels, value }],
});

test('every metric is explained where operators read of them', () => {
  const page = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'metrics.md');
  const explained = readFileSync(page, 'utf8');
  const names = globSync('*.ts', { cwd: import.meta.dirname })
    .filter((path) => !path.endsWith('.test.ts'))
    .map((path) => readFileSync(join(import.meta.dirname, path), 'utf8'))
    .flatMap((text) => [...text.matchAll(/name: '(grid_\w+)'/g)].map(([, name = '']) => name));
  assert.ok(names.length > 8, `only ${names.length} were found`);
  assert.deepEqual(
    names.filter((name) => !explained.includes(`| \`${name}\``)),
    [],
  );
});

test('a metric has its help, its type and a line for each sample', () => {
  assert.equal(
    formatFamilies([family({ reason: 'no_gpu', size: 'L' }, 3)]),
    '# HELP grid_waiting_runs Runs that wait,\\nby their \\\\ reason.\n' +
      '# TYPE grid_waiting_runs gauge\n' +
      'grid_waiting_runs{reason="no_gpu",size="L"} 3\n',
  );
});

test('without labels there are no braces, and without samples nothing', () => {
  assert.match(formatFamilies([family({}, 1)]), /^grid_waiting_runs 1$/m);
  assert.equal(formatFamilies([{ ...family({}, 1), samples: [] }]), '');
});

test('numbers that are none are spelled as Prometheus reads them', () => {
  const spelled = [Number.NaN, Infinity, -Infinity, 0.25, 1e21].map(
    (value) => /^grid_waiting_runs (.+)$/m.exec(formatFamilies([family({}, value)]))?.[1],
  );
  assert.deepEqual(spelled, ['NaN', '+Inf', '-Inf', '0.25', '1e+21']);
});

/** As a scraper takes a label's value apart. */
const unescape = (text: string): string =>
  text.replaceAll(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));

test('whatever a label says, it stays one line, and comes out again', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('\\', '"', '\n', 'n', '}', ' ', 'é') }),
      (text) => {
        const [, , line = '', ...rest] = formatFamilies([
          { ...family({ text }, 1), help: 'x' },
        ]).split('\n');
        assert.deepEqual(rest, ['']);
        const [, escaped = ''] =
          /^grid_waiting_runs\{text="((?:[^"\\]|\\.)*)"\} 1$/.exec(line) ?? [];
        assert.equal(unescape(escaped), text);
      },
    ),
  );
});

const instance = {
  id: newId('instance'),
  ownerId: newId('organization'),
  applicationId: newId('application'),
  applicationName: 'train "x"',
  deploymentId: newId('deployment'),
  number: 2,
  flavor: 'XS',
};

test('of an instance there is what is known, with whose it is', () => {
  const values = { cpu: 1.5, received: 10 };
  const text = formatFamilies(instanceFamilies({ instances: [{ instance, values }] }));
  const { ownerId, applicationId, deploymentId, id } = instance;
  const labels =
    `owner_id="${ownerId}",app_id="${applicationId}",app_name="train \\"x\\"",` +
    `deployment_id="${deploymentId}",instance_id="${id}",instance_number="2",flavor="XS"`;
  assert.deepEqual(
    text.split('\n').filter((line) => line !== '' && !line.startsWith('# HELP')),
    [
      '# TYPE grid_instance_cpu_cores gauge',
      `grid_instance_cpu_cores{${labels}} 1.5`,
      '# TYPE grid_instance_network_receive_bytes_total counter',
      `grid_instance_network_receive_bytes_total{${labels}} 10`,
    ],
  );
});

test('of a device there is what it does, and who has leased it', () => {
  const device = (index: number) => ({
    uuid: `GPU-${index}`,
    model: 'NVIDIA H100 80GB HBM3',
    position: index,
    memoryMiB: 81_559,
  });
  const { applicationId, id: instanceId } = instance;
  const holders: Record<string, Holder> = {
    'GPU-0': { applicationId, instanceId },
    'GPU-2': { applicationId, instanceId: null },
  };
  const text = formatFamilies(
    deviceFamilies(
      { devices: new Map([['GPU-0', { utilization: 0.5, memory: 1024, power: 300 }]]) },
      {
        devices: [device(0), device(1), device(2)],
        holderOf: (uuid) => holders[uuid],
      },
    ),
  );
  const held = `uuid="GPU-0",model="NVIDIA H100 80GB HBM3",index="0",app_id="${applicationId}",instance_id="${instanceId}"`;
  const free = 'uuid="GPU-1",model="NVIDIA H100 80GB HBM3",index="1"';
  const between = `uuid="GPU-2",model="NVIDIA H100 80GB HBM3",index="2",app_id="${applicationId}"`;
  assert.deepEqual(
    text.split('\n').filter((line) => line !== '' && !line.startsWith('#')),
    [
      `grid_device_utilization_ratio{${held}} 0.5`,
      `grid_device_memory_used_bytes{${held}} 1024`,
      `grid_device_power_watts{${held}} 300`,
      `grid_device_memory_total_bytes{${held}} 85520809984`,
      `grid_device_memory_total_bytes{${free}} 85520809984`,
      `grid_device_memory_total_bytes{${between}} 85520809984`,
    ],
  );
});
