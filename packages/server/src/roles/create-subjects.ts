import type { Environments } from '../applications/environments.ts';
import type { Builder } from '../builds/build.ts';
import { buildSubject } from '../deployments/build-subject.ts';
import { deploymentSubject } from '../deployments/deployment-subject.ts';
import type { DataPaths } from '../paths.ts';
import { runSubject } from '../runs/run-subject.ts';
import type { Database } from '../store/database.ts';
import type { Subjects } from '../workloads/subject.ts';

type Deps = { database: Database; paths: DataPaths; builder: Builder; environments: Environments };

/** What the platform runs things for, by kind. */
export const createSubjects = (deps: Deps): Subjects => ({
  build: buildSubject(deps),
  deployment: deploymentSubject(deps),
  run: runSubject(deps),
});
