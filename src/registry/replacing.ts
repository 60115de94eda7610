/** `whole` with some of its functions replaced; the others keep their `this`. */
export function replacing<T extends object>(whole: T, other: Partial<T>): T {
  // Bound once: each question of a catalog goes through here.
  const bound = new Map<unknown, unknown>();
  return new Proxy(whole, {
    get(target, name) {
      if (name in other) return Reflect.get(other, name);
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      const own = bound.get(value) ?? value.bind(target);
      bound.set(value, own);
      return own;
    },
  });
}
