import { devices } from '@grid/api';
import type { Device } from '@grid/api';
import type { Command } from 'commander';
import { formatOption } from '../options.ts';
import type { Format } from '../options.ts';
import { ago, colour, print } from '../print.ts';
import { signedIn } from '../profile.ts';

/** The GPUs of the platform. */
export function deviceCommands(program: Command): void {
  const group = program
    .command('devices')
    .description('the GPUs of the platform: what they are, and how they are')
    .addOption(formatOption())
    .action(async ({ format }: Format) => {
      const found = await signedIn().call(devices.listDevices);
      if (found.silent !== null && format === 'human')
        process.stdout.write(`${colour('red', found.silent)}\nDevices as they were seen last:\n`);
      const table = found.devices.map(rowOf);
      print({ table, empty: 'There are no GPUs here.', json: found }, format);
    });
  for (const [name, what, endpoint] of [
    ['repaired', 'say that what was wrong with a device is mended', devices.repairDevice],
    ['forget', 'forget a device that is missing', devices.forgetDevice],
  ] as const)
    group
      .command(`${name} <uuid>`)
      .description(`${what} (operators)`)
      .action(async (uuid: string) => {
        await signedIn().call(endpoint, { params: { uuid } });
        process.stdout.write(name === 'forget' ? 'Forgotten.\n' : 'It is looked at again.\n');
      });
}

const rowOf = (device: Device) => ({
  device: device.uuid,
  model: device.model,
  memory: `${Math.round(device.memoryMiB / 1024)} GiB`,
  state: device.state,
  since: device.since === null ? '' : ago(device.since, Date.now()),
  holder: device.holder === null ? '' : `${device.holder.applicationId} node ${device.holder.node}`,
  detail: device.detail ?? '',
});
