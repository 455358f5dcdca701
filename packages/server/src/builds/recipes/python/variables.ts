import type { Documented } from '../../variables.ts';

export const pythonVariables: readonly Documented[] = [
  {
    name: 'CC_PYTHON_UV_RUN_COMMAND',
    what: 'A shell line that is run with what `uv.lock` lists; `uv run` in it installs nothing',
    example: 'uv run python app.py',
  },
  {
    name: 'CC_MLPYTHON_START_SCRIPT',
    what: 'An executable script to run; its first line says with what, else bash',
    example: 'start.sh',
  },
  {
    name: 'CC_MLPYTHON_RUN_MAIN',
    what: 'A Python file to run, where no script is named',
    example: 'train.py',
  },
  {
    name: 'PYTHON_VERSION',
    what: 'The Python, `major.minor`; where it is not set files such as `.python-version` decide. Where the machine lacks it the newest is taken, and the log says so',
    fallback: '3, the newest',
    example: '3.12',
  },
  { name: 'CC_PYTHON_VERSION', what: 'The same, where `PYTHON_VERSION` is not set' },
  {
    name: 'ENVIRONMENT',
    what: '`development`: `uv.lock` is installed with its packages for development',
    fallback: 'production',
  },
  {
    name: 'CC_PIP_REQUIREMENTS_FILE',
    what: 'The file that lists the packages; it must be there where it is named',
    fallback: 'requirements.txt',
    example: 'config/production.txt',
  },
  {
    name: 'CC_PIP_VERSION',
    what: 'Installs with this pip, the newest of that name, in place of uv',
    example: '24',
  },
  {
    name: 'PYTHON_SETUP_PY_GOAL',
    what: 'A goal of `setup.py` that is run when the packages are installed',
    example: 'build_ext --inplace',
  },
];
