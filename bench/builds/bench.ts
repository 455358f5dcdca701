import { cleanUpAfter } from '../clean-up.ts';
import { withDocker } from '../docker.ts';
import type { Bench, Figure } from '../figure.ts';
import { isThere } from '../programs.ts';
import { buildByHand, dockerSubject, forgetImage } from './docker.ts';
import { javaSubject, mavenByHand } from './java.ts';
import { pythonByHand, pythonSubject } from './python.ts';
import { measureBuilds } from './subject.ts';

/**
 * Builds, from the turn of a deployment to its artifact on record, with empty and with filled caches.
 * Beside each the same tool by hand on the same tree, with caches of its own that are as empty or full.
 */
export const bench: Bench = () =>
  withDocker(({ docker, ...grid }) =>
    cleanUpAfter(async (later) => {
      const engines = docker === undefined ? ['process'] : ['process', 'docker'];
      const figures: Figure[] = [];
      const python = await pythonByHand(grid.platform, later);
      for (const engine of engines)
        figures.push(...(await measureBuilds(grid, pythonSubject(engine, python))));
      if (isThere('mvn')) {
        const maven = mavenByHand(later);
        for (const engine of engines)
          figures.push(...(await measureBuilds(grid, javaSubject(engine, maven))));
      }
      if (docker === undefined) return figures;
      later(() => forgetImage(docker));
      for (const builder of ['classic', 'BuildKit'] as const) {
        const command = await buildByHand(builder, docker);
        figures.push(...(await measureBuilds(grid, dockerSubject(builder, command))));
      }
      return figures;
    }),
  );
