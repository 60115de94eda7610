/** The polynomial of CRC-32 (RFC 1952 §8), its bits reversed. */
const polynomial = 0xedb88320;

/** The product of two polynomials modulo the CRC's: bit 31 is x⁰. */
function product(a: number, b: number): number {
  let [sum, factor] = [0, b];
  for (let bit = 0x80000000; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) sum ^= factor;
    factor = (factor & 1) !== 0 ? (factor >>> 1) ^ polynomial : factor >>> 1;
  }
  return sum >>> 0;
}

/** `powers[n]` is x^(8·2ⁿ): a shift by 2ⁿ bytes. */
const powers = [0x00800000];
while (powers.length < 53) powers.push(product(powers.at(-1)!, powers.at(-1)!));

/** A shift by `length` bytes, for `combineCrc`. */
export function crcShift(length: number): number {
  let shift = 0x80000000;
  for (let [n, rest] = [0, length]; rest > 0; n++, rest = Math.floor(rest / 2))
    if (rest % 2 === 1) shift = product(powers[n]!, shift);
  return shift;
}

/**
 * The CRC-32 of two texts, one behind the other, from those of each (Mark Adler's `crc32_combine` in zlib).
 * @param shift `crcShift` of the second text's length in bytes
 */
export const combineCrc = (first: number, second: number, shift: number): number =>
  (product(shift, first) ^ second) >>> 0;
