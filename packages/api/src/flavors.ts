import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { none, nothing } from './schemas.ts';

const MiB = z.int().max(2 ** 40);

const measures = {
  cpus: z.int().min(1).max(4096).describe('shares of the machine’s processors'),
  memoryMiB: MiB.min(64),
  diskMiB: MiB.min(256).describe('what an instance may write'),
  gpus: z.int().min(0).max(256),
  deviceModel: z
    .string()
    .max(128)
    .nullable()
    .describe(
      'which GPUs, by words of the model’s name, such as `H100` or `MIG 1g.10gb`; null: what the operator’s mapping says, or any whole GPU',
    ),
  price: z.number().min(0).max(1e6).describe('in euros, for an hour'),
};

export const FlavorDetails = z.object({
  name: z.string(),
  ...measures,
  origin: z
    .enum(['catalogue', 'machine', 'operator'])
    .describe('what every platform has; what this machine makes sensible; what an operator said'),
  fits: z.boolean().describe('whether an instance of it would fit if nothing else ran'),
});
export type FlavorDetails = z.infer<typeof FlavorDetails>;

const { cpus, memoryMiB, diskMiB, gpus, deviceModel, price } = measures;

const Order = z.object({
  name: z.string().max(64),
  cpus,
  memoryMiB,
  diskMiB: diskMiB.optional(),
  gpus: gpus.optional(),
  deviceModel: deviceModel.optional(),
  price: price.optional().describe('in euros, for an hour; 10 € a day a GPU without it'),
});
export type FlavorOrder = z.infer<typeof Order>;

const Named = z.object({ name: z.string().max(64) });

const Changed = FlavorDetails.extend({
  applications: z.int().describe('how many have it, and get it at their next start'),
});

export const listFlavors = endpoint({
  method: 'GET',
  path: '/grid/v1/flavors',
  summary: 'The sizes that there are, the smallest first',
  for: 'signed in',
  params: none,
  query: none,
  body: nothing,
  result: z.object({ flavors: z.array(FlavorDetails) }),
});

export const getFlavor = endpoint({
  method: 'GET',
  path: '/grid/v1/flavors/:name',
  summary: 'A size',
  for: 'signed in',
  params: Named,
  query: none,
  body: nothing,
  result: FlavorDetails,
});

export const createFlavor = endpoint({
  method: 'POST',
  path: '/grid/v1/flavors',
  summary: 'Make a size',
  for: 'operator',
  params: none,
  query: none,
  body: Order,
  result: FlavorDetails,
});

export const applyFlavors = endpoint({
  method: 'PUT',
  path: '/grid/v1/flavors',
  summary: 'Make or replace several sizes, all or none of them',
  for: 'operator',
  params: none,
  query: none,
  body: z.object({
    flavors: z.array(Order).max(1000),
    only: z.boolean().optional().describe('delete all others'),
  }),
  result: z.object({ flavors: z.array(FlavorDetails) }),
});

export const updateFlavor = endpoint({
  method: 'PUT',
  path: '/grid/v1/flavors/:name',
  summary: 'Change a size for what starts from now on; what is not named stays',
  for: 'operator',
  params: Named,
  query: none,
  body: Order.omit({ name: true }).partial(),
  result: Changed,
});

export const deleteFlavor = endpoint({
  method: 'DELETE',
  path: '/grid/v1/flavors/:name',
  summary: 'Delete a size that nobody has',
  for: 'operator',
  params: Named,
  query: none,
  body: nothing,
  result: nothing,
});
