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

/**
 * Which of two versions comes first, as Masterminds' `Compare` has it (semver.org §11): negative when `a` does, positive when
 * `b` does, 0 when they differ in metadata at most.
 */
export function compareVersions(a: Version, b: Version): number {
  for (const part of ["major", "minor", "patch"] as const)
    if (a[part] !== b[part]) return a[part] < b[part] ? -1 : 1;
  return comparePrereleases(a.prerelease, b.prerelease);
}

/** A release comes after its pre-releases, whose identifiers are compared one by one; who has more of them comes later. */
export function comparePrereleases(a: string, b: string): number {
  if (a === b) return 0;
  if (a === "" || b === "") return a === "" ? 1 : -1;
  const [left, right] = [a.split("."), b.split(".")];
  for (const [i, one] of left.entries()) {
    const other = right[i];
    if (other === undefined) return 1;
    if (one !== other) return compareIdentifiers(one, other);
  }
  return left.length - right.length;
}

/** Numbers by their value and before words, words by their bytes. */
function compareIdentifiers(a: string, b: string): number {
  const [left, right] = [numberOf(a), numberOf(b)];
  if (left !== undefined && right !== undefined) return left < right ? -1 : 1;
  if (left === undefined && right === undefined) return a < b ? -1 : 1;
  return left === undefined ? 1 : -1;
}

/** An identifier as a number; one that does not fit 64 bits is a word to Masterminds. */
function numberOf(identifier: string): bigint | undefined {
  if (!/^[0-9]+$/.test(identifier)) return undefined;
  const number = BigInt(identifier);
  return BigInt.asUintN(64, number) === number ? number : undefined;
}
