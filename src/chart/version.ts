/** A version as Masterminds/semver has it: Helm's own notion, laxer than semver.org's. */
export interface Version {
  readonly major: bigint;
  readonly minor: bigint;
  readonly patch: bigint;
  /** What follows `-`, or "". */
  readonly prerelease: string;
  /** What follows `+`, or "". */
  readonly metadata: string;
}

const identifiers = "[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*";
const grammar = new RegExp(
  `^v?([0-9]+)(?:\\.([0-9]+))?(?:\\.([0-9]+))?(?:-(${identifiers}))?(?:\\+(${identifiers}))?$`,
);

/**
 * A version as Masterminds' `NewVersion` reads it, which Helm asks of every chart: `v` in front, one or two numbers and
 * zeros in front of a number are fine (`v1`, `1.2`, `01.2.3`); a number in the pre-release may have no zero in front, and
 * a number must fit 64 bits.
 * @returns undefined when `text` is no version
 */
export function tryVersion(text: string): Version | undefined {
  const match = grammar.exec(text);
  if (match === null) return undefined;
  const [, major = "0", minor = "0", patch = "0", prerelease = "", metadata = ""] = match;
  if (prerelease.split(".").some((part) => /^0[0-9]+$/.test(part))) return undefined;
  const numbers = [BigInt(major), BigInt(minor), BigInt(patch)] as const;
  if (numbers.some((number) => BigInt.asUintN(64, number) !== number)) return undefined;
  return { major: numbers[0], minor: numbers[1], patch: numbers[2], prerelease, metadata };
}
