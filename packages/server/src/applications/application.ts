import type { Runtime } from '../builds/build.ts';
import type { Row } from '../store/schema.ts';
import { missingFor } from '../workloads/choose-engine.ts';
import type { EngineChoice } from '../workloads/choose-engine.ts';

export type Application = Row<'applications'> & {
  /** Head of the deployment branch, or null before the first push. */
  headCommit: string | null;
};

/** A tile of the creation page: what an application is made of. */
export type Variant = {
  slug: string;
  /** Fixed: clients keep it. */
  id: string;
  name: string;
  type: string;
  version: string;
  deployType: string;
  kind: 'runner' | 'webapp';
  runtime: Runtime;
  /** Variables that a new application gets. */
  variables: Readonly<Record<string, string>>;
};

const variant = (slug: string, name: string, rest: Omit<Variant, 'slug' | 'name'>): Variant => ({
  slug,
  name,
  ...rest,
});

const docker = {
  type: 'ml_docker',
  version: '20190703',
  deployType: 'docker',
  runtime: 'docker',
  variables: {},
} as const;
const python = {
  type: 'ml_python',
  version: '20190626',
  deployType: 'ml_python',
  runtime: 'python',
  variables: {},
} as const;
const java = {
  ...python,
  deployType: 'java',
  runtime: 'java',
  variables: { CC_JAVA_VERSION: '21' },
} as const;

/** The six tiles, in their order. */
export const variants: readonly Variant[] = [
  variant('ml_docker', 'Docker Runner', {
    ...docker,
    kind: 'runner',
    id: '6f6bcd1f-8c4f-4f6e-9d2c-0e8a1c1c0a01',
  }),
  variant('ml_docker_web', 'Docker Webapp', {
    ...docker,
    kind: 'webapp',
    id: '6f6bcd1f-8c4f-4f6e-9d2c-0e8a1c1c0a02',
  }),
  variant('ml_python', 'Python Runner', {
    ...python,
    kind: 'runner',
    id: '6f6bcd1f-8c4f-4f6e-9d2c-0e8a1c1c0a03',
  }),
  variant('ml_python_web', 'Python Webapp', {
    ...python,
    kind: 'webapp',
    id: '6f6bcd1f-8c4f-4f6e-9d2c-0e8a1c1c0a04',
  }),
  variant('ml_java', 'Java Runner', {
    ...java,
    kind: 'runner',
    id: '6f6bcd1f-8c4f-4f6e-9d2c-0e8a1c1c0a05',
  }),
  variant('ml_java_web', 'Java Webapp', {
    ...java,
    kind: 'webapp',
    id: '6f6bcd1f-8c4f-4f6e-9d2c-0e8a1c1c0a06',
  }),
];

/** By slug or id. */
export const findVariant = (slugOrId: string): Variant | undefined =>
  variants.find(({ slug, id }) => slug === slugOrId || id === slugOrId);

/** Whether the platform can run what is made from the tile. */
export const isOffered = ({ runtime }: Variant, choice: EngineChoice): boolean =>
  missingFor(choice, runtime) === undefined;

export const MOST_NODES = 40;
