/** `whole` with some of its functions replaced; the others keep their `this`. */
export function replacing<T extends object>(whole: T, other: Partial<T>): T {
  // Bound once: it is what each question of the catalog goes through.
  const known: Partial<T> = { ...other };
  return new Proxy(whole, {
    get(target, name) {
      if (name in known) return Reflect.get(known, name);
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      const bound = value.bind(target);
      Reflect.set(known, name, bound);
      return bound;
    },
    set(target, name, value) {
      Reflect.deleteProperty(known, name);
      return Reflect.set(target, name, value);
    },
  });
}
