import { instances } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { listDeployments } from '../../deployments/list-deployments.ts';
import { instanceState } from '../present/deployment.ts';
import { findDeployments } from '../../runs/find-deployments.ts';
import { serve } from '../serve.ts';
import type { Serving } from '../serve.ts';
import { listInstances } from '../../workloads/list-instances.ts';

/** What of an application runs. */
export function instanceRoutes(app: FastifyInstance, needs: Serving): void {
  const { database } = needs;
  serve(app, needs, instances.listInstances, async ({ application }) => {
    const { id, kind } = application;
    const numbered = new Map(
      (await listDeployments(database.read, id, ALL)).map((one) => [one.id, one]),
    );
    const running = await listInstances(database.read, id);
    const deploymentOf = await findDeployments(database.read, running);
    const found = running.map((instance) => ({ instance, deployId: deploymentOf(instance) }));
    return found.map(({ instance, deployId }) => ({
      id: instance.id,
      state: instanceState(instance, kind),
      flavor: { name: instance.flavor },
      commit: numbered.get(deployId)?.commitId ?? null,
      instanceNumber: instance.number,
      displayName: instance.name,
      ip: instance.endpointHost,
      appPort: instance.endpointPort,
      deployId,
      deployNumber: numbered.get(deployId)?.number ?? 0,
      creationDate: instance.createdAt,
    }));
  });
}

const ALL = 1_000;
