/** `whole` with some of its functions replaced; the others keep their `this`. */
export function replacing<T extends object>(whole: T, other: Partial<T>): T {
  const unbound = new Proxy(whole, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      const bound: unknown = value.bind(target);
      // Found without the proxy from now on: each question of a pull goes through here, and asked it 2 µs of 14.
      Object.defineProperty(made, name, { value: bound, writable: true, configurable: true });
      return bound;
    },
  });
  const made: T = Object.assign(Object.create(unbound), other);
  return made;
}
