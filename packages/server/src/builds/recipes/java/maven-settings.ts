/** Elements of Maven's settings that hold credentials: those of servers, and who a proxy is asked as. */
const SECRET =
  /<(servers|username|password|passphrase|privateKey)(\s[^>]*)?(\/>|>[\s\S]*?<\/\1\s*>)/g;
const COMMENT = /<!--[\s\S]*?-->/g;
const IN_ADDRESS = /(:\/\/)[^\s/@<>]+@/g;

/** The operator's settings as builds may read them: mirrors, repositories and proxies, without any credential. */
export function withoutCredentials(settings: string): { text: string; withheld: boolean } {
  const bare = settings.replaceAll(COMMENT, '');
  const text = bare.replaceAll(SECRET, '').replaceAll(IN_ADDRESS, '$1');
  return { text, withheld: text !== bare };
}
