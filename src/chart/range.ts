import { ChartroomError } from "../oci/errors.ts";
import { comparePrereleases, compareVersions, tryVersion, type Version } from "./version.ts";

/**
 * A range of versions as Masterminds/semver has it, which is Helm's own and not npm's: `>=1.2, <2 || ~3.1`. A group with a
 * pre-release in it lets pre-releases in, all others do not.
 */
export interface Range {
  /** Whether a version is in the range. */
  allows(version: Version): boolean;
}

export interface RangeOptions {
  /** Let pre-releases in everywhere, as Helm's `--devel` does. */
  readonly prereleases?: boolean;
}

/** One comparison: an operator, and a version that may have been left open behind some number. */
interface Comparator {
  readonly check: Check;
  readonly bound: Bound;
}

/** What a version is compared with. */
interface Bound {
  readonly version: Version;
  /** The first number that is missing or a wildcard: of `1.x` the minor one. Undefined where all three are there. */
  readonly open: "major" | "minor" | "patch" | undefined;
}

/** Pre-releases that the group does not let in never get here. */
type Check = (version: Version, bound: Bound) => boolean;

const blank = "[\\t\\n\\f\\r ]";
const number = "[0-9]+|[xX*]";
const identifiers = "[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*";
const operand = `v?(?:${number})(?:\\.(?:${number}))?(?:\\.(?:${number}))?(?:-${identifiers})?(?:\\+${identifiers})?`;
const operandParts = new RegExp(
  `^v?(${number})(?:\\.(${number}))?(?:\\.(${number}))?(-${identifiers})?(?:\\+${identifiers})?$`,
);
/** A comparator with the blanks around it, sticky: the whole is read from left to right, in linear time. */
const comparator = new RegExp(`${blank}*([=!<>~^]*)${blank}*(${operand})(${blank}*)`, "y");
const hyphenRange = new RegExp(`(${operand})${blank}+-${blank}+(${operand})`, "g");

/**
 * A range out of its text: comparators joined by commas or blanks (and), groups of them by `||` (or), `1.2 - 3.4` for both
 * ends included.
 * @throws ChartroomError `usage` when it does not parse
 */
export function parseRange(text: string, { prereleases = false }: RangeOptions = {}): Range {
  const groups = text
    .replace(hyphenRange, ">= $1, <= $2 ")
    .split("||")
    .map((group) => {
      const comparators = parseGroup(group, text);
      const open = prereleases || comparators.some(({ bound }) => bound.version.prerelease !== "");
      return { comparators, open };
    });
  return {
    allows: (version) =>
      groups.some(
        ({ comparators, open }) =>
          (open || version.prerelease === "") &&
          comparators.every(({ check, bound }) => check(version, bound)),
      ),
  };
}

function parseGroup(group: string, text: string): Comparator[] {
  const comparators: Comparator[] = [];
  let at = 0;
  do {
    comparator.lastIndex = at;
    const [all = "", operator = "", version = "", behind = ""] = comparator.exec(group) ?? [];
    const check = checks.get(operator);
    const bound = tryBound(version);
    at += all.length;
    const separated = at === group.length || group[at] === "," || behind !== "";
    if (check === undefined || bound === undefined || !separated) throw improper(text);
    comparators.push({ check, bound });
    if (group[at] === ",") at++;
    else if (at === group.length) return comparators;
  } while (at < group.length);
  throw improper(text);
}

const improper = (text: string): ChartroomError =>
  new ChartroomError("usage", `Cannot parse version range "${text}"`, {
    hint: "For example 1.2.3, ^1.2, ~1.2.3, >=1.2 <2, 1.x, or several of them with || between.",
  });

/** An operand as a bound. Behind the first number that is open, nothing counts but the pre-release. */
function tryBound(text: string): Bound | undefined {
  const match = operandParts.exec(text);
  if (match === null) return undefined;
  const [, ...parts] = match;
  const prerelease = parts[3] ?? "";
  const open = (["major", "minor", "patch"] as const).find((_, i) => !/^[0-9]+$/.test(parts[i] ?? ""));
  const numbers = { major: "0.0.0", minor: `${parts[0]}.0.0`, patch: `${parts[0]}.${parts[1]}.0` };
  const version = tryVersion(open === undefined ? text : numbers[open] + prerelease);
  return version && { version, open };
}

const least: Check = (version, bound) => compareVersions(version, bound.version) >= 0;

/** Up to the next minor version; up to the next major one where the minor is open. */
const tilde: Check = (version, bound) => {
  const { major, minor, patch } = bound.version;
  if (!least(version, bound)) return false;
  // `~0.0.0`, and what is open from the start, let everything in that is not less.
  const closed = bound.open === undefined || bound.open === "major";
  if (closed && major === 0n && minor === 0n && patch === 0n) return true;
  return version.major === major && (version.minor === minor || bound.open === "minor");
};

/** Up to the next version that may break: the first number that is not zero stays. */
const caret: Check = (version, bound) => {
  const { major, minor, patch } = bound.version;
  if (!least(version, bound)) return false;
  if (version.major !== major) return false;
  if (major > 0n || bound.open === "minor") return true;
  if (version.minor !== minor) return false;
  return minor > 0n || bound.open === "patch" || version.patch === patch;
};

const equal: Check = (version, bound) =>
  bound.open === undefined ? compareVersions(version, bound.version) === 0 : tilde(version, bound);

const different: Check = (version, { version: bound, open }) => {
  if (open === undefined || open === "major") return compareVersions(version, bound) !== 0;
  if (version.major !== bound.major) return true;
  if (open === "minor") return false;
  if (version.minor !== bound.minor) return true;
  return comparePrereleases(version.prerelease, bound.prerelease) !== 0;
};

/** `>11` begins at 12, `>11.1` at 11.2. */
const greater: Check = (version, { version: bound, open }) => {
  if (open === undefined || open === "major") return compareVersions(version, bound) > 0;
  if (version.major !== bound.major) return version.major > bound.major;
  return open === "patch" && version.minor > bound.minor;
};

/** `<=11` ends before 12, `<=11.1` before 11.2. */
const most: Check = (version, { version: bound, open }) => {
  if (open === undefined) return compareVersions(version, bound) <= 0;
  if (version.major !== bound.major) return version.major < bound.major;
  return version.minor <= bound.minor || open === "minor";
};

const less: Check = (version, bound) => !least(version, bound);

const checks = new Map<string, Check>([
  ["", equal],
  ["=", equal],
  ["!=", different],
  [">", greater],
  ["<", less],
  [">=", least],
  ["=>", least],
  ["<=", most],
  ["=<", most],
  ["~", tilde],
  ["~>", tilde],
  ["^", caret],
]);
