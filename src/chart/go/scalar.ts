// Apart from the parser, which takes 3 ms to load: what a chart's config says is JSON, and needs none.
import type { ScalarTag } from "yaml";

/** What YAML gives. Integers are exact; keys of mappings are not always strings. */
export type YamlValue = null | boolean | bigint | number | string | YamlValue[] | YamlMap;
export type YamlMap = Map<YamlValue, YamlValue>;

// Which plain scalars are no strings is go-yaml v2's choice (resolve.go): YAML 1.1 with its `yes` and `0b1`, but without
// base 60, and with timestamps left as text. The library's own 1.1 schema differs: it reads `e5` as a number.
export const scalars: readonly ScalarTag[] = [
  { tag: "tag:yaml.org,2002:null", default: true, test: /^(?:~|null|Null|NULL|)$/, resolve: () => null },
  {
    tag: "tag:yaml.org,2002:bool",
    default: true,
    test: /^(?:[yY]|yes|Yes|YES|true|True|TRUE|on|On|ON|[nN]|no|No|NO|false|False|FALSE|off|Off|OFF)$/,
    resolve: (text) => /^(?:y|t|on)/i.test(text),
  },
  {
    tag: "tag:yaml.org,2002:int",
    default: true,
    test: /^[-+]?(?:0[bB][01][01_]*|0[xX][\da-fA-F][\da-fA-F_]*|0[oO]?[0-7][0-7_]*|[1-9][\d_]*|0)$/,
    resolve: goInteger,
  },
  {
    tag: "tag:yaml.org,2002:float",
    default: true,
    test: /^[-+]?(?:\.\d+|\d[\d_]*(?:\.[\d_]*)?)(?:[eE][-+]?\d+)?$/,
    resolve: (text) => Number.parseFloat(text.replaceAll("_", "")),
  },
  {
    tag: "tag:yaml.org,2002:float",
    default: true,
    test: /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
    resolve: (text) =>
      /nan/i.test(text)
        ? Number.NaN
        : text.startsWith("-")
          ? -Number.POSITIVE_INFINITY
          : Number.POSITIVE_INFINITY,
  },
];

/** Whether a plain scalar is text: neither empty, nor a number, a boolean or null. */
export const isPlainText = (text: string): boolean => !scalars.some(({ test }) => test?.test(text));

/** An integer as Go's `ParseInt` with base 0 reads it; one that 64 bits do not hold becomes a float, as in go-yaml. */
function goInteger(text: string): bigint | number {
  const digits = text.replace(/^[-+]/, "").replaceAll("_", "");
  const size = BigInt(digits.replace(/^0(?=[0-7])/, "0o"));
  const value = text.startsWith("-") ? -size : size;
  return BigInt.asUintN(64, value) === value || BigInt.asIntN(64, value) === value ? value : Number(value);
}

/**
 * A scalar as text, as sigs.k8s.io/yaml gives it to a string field: `1.10` is the number 1.1 and so "1.1", `yes` is
 * "true". Undefined for what is no scalar.
 */
export function scalarText(value: YamlValue): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number") return goFloat(value);
  if (typeof value === "bigint" || typeof value === "boolean") return String(value);
  return undefined;
}

/**
 * A float as Go's `FormatFloat(value, 'g', -1, 32)` writes it, which sigs.k8s.io/yaml calls (seen from Helm 4.3.1: the number
 * 1234567890.5 becomes "1.2345679e+09"): the fewest digits that give the same 32-bit float, an exponent of two digits at
 * least below 1e-4 and from 1e6 on.
 */
function goFloat(number: number): string {
  const value = Math.fround(number);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  let digits = 0;
  while (Math.fround(Number(value.toExponential(digits))) !== value) digits++;
  const [mantissa = "", exponent = ""] = value.toExponential(digits).split("e");
  const sign = Object.is(value, -0) ? "-" : "";
  if (Number(exponent) >= -4 && Number(exponent) < 6)
    return sign + String(Number(value.toExponential(digits)));
  return `${mantissa}e${exponent.replace(/^([-+])(\d)$/, "$10$2")}`;
}
