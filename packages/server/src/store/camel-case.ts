import { CamelCasePlugin } from 'kysely';

/** Names of tables and columns: `memory_mib` in the database is `memoryMiB` in the program. */
class Names extends CamelCasePlugin {
  override snakeCase(name: string): string {
    return super.snakeCase(name.replace('MiB', 'Mib'));
  }

  override camelCase(name: string): string {
    return super.camelCase(name).replace(/Mib$/, 'MiB');
  }
}

export const camelCase = new Names({ maintainNestedObjectKeys: true });
