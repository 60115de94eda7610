const unit = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/**
 * A duration as Go writes it (`time.ParseDuration`): `10s`, `1h30m`, `1.5h`, `0`. A bare number is nanoseconds, as go-yaml
 * reads one.
 * @returns milliseconds, or undefined when it is no duration, or a negative one
 */
export function parseDuration(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) * unit.ns;
  if (!/^\+?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(text)) return undefined;
  const parts = text.matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g);
  return [...parts].reduce(
    (sum, [, count, name]) => sum + Number(count) * unit[name as keyof typeof unit],
    0,
  );
}
