const units = new Map([
  ...["b", "kb", "mb", "gb", "tb"].map((unit, power) => [unit, 1000 ** power] as const),
  ...["", "kib", "mib", "gib", "tib"].map((unit, power) => [unit, 1024 ** power] as const),
]);

/** A size as `10GiB`, `500MB` or a number of bytes. @returns bytes, or undefined when it is none */
export function parseSize(text: string): number | undefined {
  const [, count, unit = ""] = /^(\d{1,12})\s*([a-z]*)$/i.exec(text) ?? [];
  const factor = units.get(unit.toLowerCase());
  return count === undefined || factor === undefined ? undefined : Number(count) * factor;
}
