/** `whole` with some of its functions replaced; the others keep their `this`. */
export const replacing = <T extends object>(whole: T, other: Partial<T>): T =>
  new Proxy(whole, {
    get(target, name) {
      if (name in other) return Reflect.get(other, name);
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
