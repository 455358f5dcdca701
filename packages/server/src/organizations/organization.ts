import type { Row } from '../store/schema.ts';

export type Membership = Row<'organizations'> & Pick<Row<'members'>, 'role'>;
