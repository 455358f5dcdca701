type Step = () => Promise<void> | void;

const pending = new Set<() => Promise<void>>();

/** Runs `work`, then what it asked to be done later, the last first: also where it fails or is interrupted. */
export async function cleanUpAfter<T>(
  work: (later: (step: Step) => void) => Promise<T>,
): Promise<T> {
  const steps: Step[] = [];
  const runAll = async (): Promise<void> => {
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) await step();
  };
  let before = Promise.resolve();
  const cleanUp = (): Promise<void> => (before = before.then(runAll));
  pending.add(cleanUp);
  try {
    return await work((step) => steps.push(step));
  } finally {
    await cleanUp();
    pending.delete(cleanUp);
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    process.stderr.write('Ending the benchmark …\n');
    void endAll().finally(() => process.exit(130));
  });

/** The innermost first: what is outside is still needed for ending it. */
async function endAll(): Promise<void> {
  for (const cleanUp of [...pending].toReversed())
    await cleanUp().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
}
