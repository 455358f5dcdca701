/** Work that is under way by name: who asks for it again gets the same. */
export function createSingleFlight<K, V>() {
  const underWay = new Map<K, Promise<V>>();
  return {
    has: (key: K): boolean => underWay.has(key),
    run(key: K, work: () => Promise<V>): Promise<V> {
      const known = underWay.get(key);
      if (known !== undefined) return known;
      const begun = work().finally(() => underWay.delete(key));
      underWay.set(key, begun);
      return begun;
    },
  };
}
