type Variables = Readonly<Record<string, string>>;

/** What each of pip's settings is called in uv, and how its value is written there. */
const SAME: Readonly<Record<string, { uv: readonly string[]; write?: (value: string) => string }>> =
  {
    PIP_INDEX_URL: { uv: ['UV_DEFAULT_INDEX'] },
    PIP_EXTRA_INDEX_URL: { uv: ['UV_INDEX'] },
    PIP_NO_INDEX: { uv: ['UV_NO_INDEX'] },
    PIP_FIND_LINKS: { uv: ['UV_FIND_LINKS'], write: (value) => value.split(/\s+/).join(',') },
    PIP_TRUSTED_HOST: { uv: ['UV_INSECURE_HOST'] },
    PIP_CERT: { uv: ['SSL_CERT_FILE'] },
    PIP_CLIENT_CERT: { uv: ['SSL_CLIENT_CERT'] },
    PIP_PROXY: { uv: ['HTTPS_PROXY', 'HTTP_PROXY'] },
    PIP_DEFAULT_TIMEOUT: { uv: ['UV_HTTP_TIMEOUT'], write: roundUp },
    PIP_TIMEOUT: { uv: ['UV_HTTP_TIMEOUT'], write: roundUp },
    PIP_RETRIES: { uv: ['UV_HTTP_RETRIES'] },
    PIP_PRE: { uv: ['UV_PRERELEASE'], write: (value) => (isOff(value) ? '' : 'allow') },
    PIP_CONSTRAINT: { uv: ['UV_CONSTRAINT'] },
    PIP_BUILD_CONSTRAINT: { uv: ['UV_BUILD_CONSTRAINT'] },
    PIP_REQUIRE_HASHES: { uv: ['UV_REQUIRE_HASHES'] },
    PIP_NO_CACHE_DIR: { uv: ['UV_NO_CACHE'] },
  };

/** Other names that uv has for the same; a user who says one of them means no other. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  UV_DEFAULT_INDEX: ['UV_INDEX_URL'],
  UV_INDEX: ['UV_EXTRA_INDEX_URL'],
  HTTPS_PROXY: ['https_proxy'],
  HTTP_PROXY: ['http_proxy'],
};

/** What decides nothing about the packages of a new environment, or about where the platform looks for them. */
const WITHOUT_EFFECT =
  /^PIP_(BREAK_SYSTEM_PACKAGES|CACHE_DIR|DISABLE_PIP_VERSION_CHECK|EXISTS_ACTION|IGNORE_INSTALLED|LOG|NO_(CLEAN|COLOR|COMPILE|INPUT|PYTHON_VERSION_WARNING|WARN_CONFLICTS|WARN_SCRIPT_LOCATION)|PREFIX|PROGRESS_BAR|QUIET|REPORT|REQUIREMENT|REQUIRE_VIRTUALENV|ROOT|ROOT_USER_ACTION|SRC|TARGET|UPGRADE|UPGRADE_STRATEGY|USER|VERBOSE|VERSION)$/;

function roundUp(value: string): string {
  const seconds = Math.ceil(Number(value));
  return Number.isNaN(seconds) ? value : String(seconds);
}

const isOff = (value: string): boolean => /^(0|false|no|off|n|f)$/i.test(value.trim());

/**
 * The user's settings for pip in uv's words, before which those of the machine give way, and those that uv has
 * none for.
 */
export function inWordsOfUv(
  user: Variables,
  machine: Variables,
): { settings: Record<string, string>; pipAlone: string[] } {
  const settings: Record<string, string> = { ...machine };
  for (const [name, also] of Object.entries(ALSO))
    if (also.some((one) => user[one] !== undefined)) delete settings[name];
  const pipAlone: string[] = [];
  for (const [name, value] of Object.entries(user)) {
    if (!/^PIP_[A-Z_]+$/.test(name) || value.trim() === '' || WITHOUT_EFFECT.test(name)) continue;
    const same = SAME[name];
    if (same === undefined && !isOff(value)) pipAlone.push(name);
    const written = same?.write?.(value.trim()) ?? value.trim();
    for (const uv of same?.uv ?? []) {
      const said = [uv, ...(ALSO[uv] ?? [])].some((one) => user[one] !== undefined);
      if (!said && written !== '') settings[uv] = written;
    }
  }
  return { settings, pipAlone };
}
