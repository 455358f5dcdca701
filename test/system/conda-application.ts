import assert from 'node:assert/strict';
import type { Files, Ran } from './platform.ts';

/** Stands in for conda: makes an environment in a folder, as its installer does. */
const CONDA = `#!/bin/bash
mkdir -p "$2/bin"
printf '#!/bin/sh\\necho "from the environment of $(cat %s/made)"; exec python3 "$@"\\n' '"$(dirname "$0")/.."' > "$2/bin/python"
date +%s%N > "$2/made"
chmod +x "$2/bin/python"
`;

const files: Files = {
  'conda.sh': { text: CONDA, mode: 0o755 },
  'start.sh': { text: '#!/bin/bash\n. ./activate\npython main.py\n', mode: 0o755 },
  activate: 'export PATH="$APP_HOME/.conda/bin:$PATH"\n',
  'main.py': 'print("main")\n',
};

/** A Python application whose post-build hook makes an environment in its folder, as conda would. */
export const condaApplication = {
  files,
  env: [
    'CC_MLPYTHON_START_SCRIPT=start.sh',
    'CC_PRE_BUILD_HOOK=echo before the build',
    'CC_POST_BUILD_HOOK=echo after the build && ./conda.sh create .conda',
    'CC_PRE_RUN_HOOK=echo before the run',
  ],
};

/** Its restart found the environment that its build had made, and ran the same hooks but that one. */
export function assertKept(cold: Ran, warm: Ran): void {
  assert.equal(cold.code, 0, cold.out);
  assert.match(cold.out, /before the build[\s\S]*after the build[\s\S]*before the run[\s\S]*main/);
  assert.equal(warm.code, 0, warm.out);
  assert.match(warm.out, /before the build[\s\S]*before the run[\s\S]*main/);
  assert.doesNotMatch(warm.out, /after the build/);
  assert.ok(madeAt(cold));
  assert.equal(madeAt(warm), madeAt(cold));
}

const madeAt = ({ out }: Ran): string | undefined => /environment of (\d+)/.exec(out)?.[1];
