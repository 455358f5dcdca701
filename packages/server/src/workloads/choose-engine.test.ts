import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engines as known } from '../engines/engines.ts';
import { chooseEngine } from './choose-engine.ts';
import type { EngineChoice } from './choose-engine.ts';

const both: EngineChoice = { known, offered: ['process', 'docker'], fallback: 'process' };
const one: EngineChoice = { known, offered: ['process'], fallback: 'process' };

test('an application runs where it must, where it asks to, or where the platform says', () => {
  const choose = (runtime: string, environment = {}) =>
    chooseEngine(both, { runtime, environment });
  assert.equal(choose('python'), 'process');
  assert.equal(choose('docker'), 'docker');
  assert.equal(choose('java', { CG_ENGINE: 'docker' }), 'docker');
  assert.equal(choose('java', { CG_ENGINE: ' ' }), 'process');
  const fallback = { ...both, fallback: 'docker' };
  assert.equal(chooseEngine(fallback, { runtime: 'python', environment: {} }), 'docker');
});

test('an engine that is not there is refused with what is', () => {
  const refused = (choice: EngineChoice, runtime: string, asked?: string): string => {
    const environment = asked === undefined ? {} : { CG_ENGINE: asked };
    const answer = chooseEngine(choice, { runtime, environment });
    assert.ok(typeof answer === 'object');
    assert.equal(answer.reason, 'invalid_variable');
    return answer.detail;
  };
  assert.match(refused(one, 'docker'), /no docker engine; it has process/);
  assert.match(refused(one, 'python', 'docker'), /no docker engine/);
  assert.match(refused(both, 'python', 'podman'), /CG_ENGINE=podman.*process or docker/);
  assert.match(refused(both, 'docker', 'process'), /Dockerfile runs on the Docker engine/);
});
