import type { Belonging } from '../store/belongings.ts';

const ofOwner = { by: 'applicationId', of: 'applications', where: 'ownerId' } as const;

export const belongings: readonly Belonging[] = [
  { table: 'environmentValues', application: 'applicationId', owner: ofOwner },
  { table: 'exposedValues', application: 'applicationId', owner: ofOwner },
  { table: 'dependencies', application: ['applicationId', 'dependencyId'], owner: ofOwner },
  { table: 'domains', application: 'applicationId', owner: ofOwner },
  { table: 'repositories', application: 'applicationId', owner: ofOwner },
  { table: 'applications', application: 'id', owner: 'ownerId' },
  { table: 'reservedNames', owner: 'ownerId' },
];
