import type { Command } from '../../../workloads/engine.ts';
import { RAN_NO_CODE } from '../../recipe.ts';

/**
 * Before a step that may build packages. Both installers keep what they built of sources by where those come from alone,
 * not by the variables that the code saw: with other ones it is built again. The pip of Pipenv has a place of its own.
 */
export const forgetBuilt = (uv: string | undefined, seen: string): Command => ({
  name: 'forgetting what was built with other variables',
  argv: ['/bin/sh', '-c', FORGET, 'forget', uv ?? '', seen],
});

const FORGET = `cache=\${XDG_CACHE_HOME:-$HOME/.cache}; mkdir -p "$cache" || exit
[ "$(cat "$cache/built-for" 2>/dev/null)" != "$2" ] || exit 0
kept=$([ -z "$1" ] || "$1" cache dir 2>/dev/null)
rm -rf "\${kept:-$cache/uv}"/sdists-v* "\${PIP_CACHE_DIR:-$cache/pip}"/wheels "$cache"/pipenv/wheels || exit
printf %s "$2" >"$cache/built-for"`;

/** When uv has installed: it keeps in one folder what it ever built of sources. */
export const TELL_BUILT = `rm -f /opt/env/${RAN_NO_CODE}
built=$("$uv" cache dir 2>/dev/null) && [ -d "$built" ] && [ -z "$UV_NO_CACHE" ] || exit 0
ls -d "$built"/sdists-v*/*/ >/dev/null 2>&1 || : >/opt/env/${RAN_NO_CODE}`;
